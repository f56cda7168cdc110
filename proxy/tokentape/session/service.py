"""handle(request) -> response, for one cassette in one mode. Declares what it needs of the edges.

One of these is one session: its bindings, its order, its counts. The core decides; this carries
out: looks up, asks the upstream, hands over what is to be written, and answers.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from tokentape.errors import CassetteError, UnreadableBody, UpstreamFailure
from tokentape.pure.cassette.match_key import MatchRules
from tokentape.pure.cassette.model import HeldBack, Interaction
from tokentape.pure.http.messages import Request, Response
from tokentape.pure.notation.redacted import RedactedRequest
from tokentape.pure.redaction import Redactor
from tokentape.pure.redaction.live_keys import has_live_key
from tokentape.pure.replay.decide import Forward, Mode, Refuse, Replay, decide
from tokentape.pure.replay.instances import Instances, Match
from tokentape.pure.replay.misses import Neighbours, report
from tokentape.pure.replay.order import order_dependent
from tokentape.pure.replay.receipt import Counts, Receipt
from tokentape.pure.replay.rendering import Renderer
from tokentape.pure.stripe.refusals import refusal, upstream_failed
from tokentape.pure.stripe.routes import is_tokens
from tokentape.session.retries import Answer, Outcome, Retries, Try

if TYPE_CHECKING:
    from tokentape.pure.leak_check import RawValues
    from tokentape.session.recorder import Recorder  # replay does without, and starts the sooner

T = TypeVar("T")

Done = Callable[[bool], None]
"""Called once an answer has been written to its client whole (True), or could not be (False)."""

Handled = tuple[Response, Done]

RESULT = "Tokentape-Result"
"""The header that says what was done: recorded, replayed, forwarded, miss or refused."""


_RESULT = RESULT.lower()
_REPLAYED = ((RESULT, "replayed"),)
_RETRY_KEY = "{{idempotency_key"


class Upstream(Protocol):
    """Where requests are forwarded to."""

    async def send(self, request: Request) -> Response:
        """Return the answer. Raises UpstreamFailure."""
        ...


@dataclass(frozen=True, slots=True)
class Policy:
    """What a session allows."""

    repeat: bool = True
    """After the last of identical requests, the last answers again."""
    further: bool = True
    """Other values play what has been replayed already."""
    forward_others: bool = False
    allow_live: bool = False
    record_errors: bool = False


@dataclass(slots=True)
class Service:
    """One session of one cassette."""

    mode: Mode
    name: str
    redactor: Redactor
    policy: Policy
    instances: Instances
    notice: Callable[[str], None]
    """Takes a line for the person at the terminal; nothing in it is not redacted."""
    upstream: Upstream | None = None
    recorder: Recorder | None = None
    recorded: list[Interaction] = field(default_factory=list)
    counts: Counts = field(default_factory=Counts)
    remembers: bool = True
    """Answers that never change again say so, for the port to give them again."""
    _used: set[int] = field(default_factory=set)
    _neighbours: Neighbours = field(default_factory=Neighbours)
    _retries: Retries = field(default_factory=Retries)
    _renderer: Renderer = field(init=False)

    def __post_init__(self) -> None:
        self._renderer = Renderer(self.redactor.values.published, self.name, _REPLAYED)

    def load(self, interactions: Iterable[Interaction]) -> None:
        """Take in what the cassette has."""
        for interaction in interactions:
            self.instances.add(interaction)
            self._keep(interaction)

    def handle(self, request: Request) -> Handled | Awaitable[Handled]:
        """Answer one request: at once from the cassette, later if it has to be forwarded.

        Never raises for what a client or an upstream sends.
        """
        redacted = self._redacted(request) if is_tokens(request.target) else None
        if redacted is None:
            outcome = self._answer(request, None)
        else:
            outcome = self._retries.once(redacted, lambda: self._answer(request, redacted))
        if isinstance(outcome, Answer):
            return self._handled(outcome, redacted)
        return self._later(outcome, redacted)

    async def _later(self, outcome: Awaitable[Answer], redacted: RedactedRequest | None) -> Handled:
        return self._handled(await outcome, redacted)

    def _handled(self, answer: Answer, redacted: RedactedRequest | None) -> Handled:
        return answer.response, lambda written: self._done(answer, redacted, written=written)

    def repeated(self, final: object, retry_key: str | None) -> bool:
        """Take note that an answer that never changes is given once more, without asking here.

        `retry_key` is the request's Idempotency-Key. False for a retry: it has another answer.
        """
        if isinstance(final, Try) and not self._retries.keep(final, retry_key or ""):
            return False
        self.counts.replayed += 1
        return True

    def receipt(self, rules: MatchRules, *, strict: bool) -> Receipt:
        """Return what this session did so far."""
        pairs = order_dependent(self.recorded, rules) if self.recorder else ()
        return Receipt(replace(self.counts), self.unused(), pairs, strict)

    def unused(self) -> tuple[int, ...]:
        """Return the numbers, from 1, of the interactions that no request was answered with."""
        return tuple(n for n in range(1, len(self.recorded) + 1) if n - 1 not in self._used)

    def health(self) -> dict[str, object]:
        """Return the mode, the cassette and the counts, as the health route shows them."""
        state = {"status": "ok", "mode": self.mode, "cassette": self.name}
        return {**state, "interactions": len(self.recorded), **asdict(self.counts)}

    def _keep(self, interaction: Interaction) -> None:
        self.recorded.append(interaction)
        self._neighbours.add(interaction)

    def _redacted(self, request: Request) -> RedactedRequest | None:
        try:
            return self.redactor.request(request)
        except UnreadableBody as error:
            self.notice(f"a request cannot be recorded or replayed: {error.reason}")
            return None

    def _answer(self, request: Request, redacted: RedactedRequest | None) -> Outcome:
        decision = decide(
            self.mode,
            tokens=is_tokens(request.target),
            readable=redacted is not None,
            forward_others=self.policy.forward_others,
            barred_key=lambda: not self.policy.allow_live and has_live_key(request),
            find=lambda: self._match(redacted),
        )
        match decision:
            case Replay(match) if redacted is not None:
                return self._replay(match, redacted)
            case Forward(recorded):
                return self._forward(request, redacted if recorded else None)
            case Refuse(status, code, message):
                self.counts.refused += 1
                return Answer(refusal(status, code, message))
            case _:
                return self._miss(redacted)

    def _match(self, request: RedactedRequest | None) -> Match | None:
        if request is None:
            return None
        policy = self.policy
        return self.instances.match(request, repeat=policy.repeat, further=policy.further)

    def _replay(self, match: Match, request: RedactedRequest) -> Answer:
        self.counts.replayed += 1
        self.counts.further += match.begins_further
        interaction = self.recorded[match.position]
        key = request.live.get("idempotency_key")
        # As Stripe does for a POST; not in a 401, which a request without an account gets.
        echoes = key and request.method == "POST" and interaction.outline.status != 401
        echo = (("Idempotency-Key", key.text),) if key and echoes else ()
        values, settled = self.instances.values(match)
        response = self._renderer.response(interaction, values, request.live, echo)
        answer = Answer(response, match)
        if not (self.remembers and match.is_last and settled):
            return answer
        if _RETRY_KEY in interaction.outline.text:
            return answer
        return Answer(response.as_final(Try.of(request, answer) if key else True), match)

    def _miss(self, request: RedactedRequest | None) -> Answer:
        self.counts.missed += 1
        if request is None:
            message = "The request cannot be read, so nothing recorded can answer it."
        else:
            near = self._neighbours.nearest(request)
            unknown_id = self.instances.names_unknown_id(request)
            message = report(request, self.name, near, unknown_id=unknown_id)
        self.notice(f"miss: {message}")
        return Answer(refusal(424, "cassette_miss", message, type="api_error", result="miss"))

    async def _forward(self, request: Request, redacted: RedactedRequest | None) -> Answer:
        assert self.upstream is not None, "a session that forwards has an upstream"
        wanted = self._wanted(request) if redacted else None
        try:
            answer = await self.upstream.send(request)
        except UpstreamFailure as error:
            return self._failed(error)
        passing = answer.status == 429 or answer.status >= 500
        if redacted is None or wanted is None or (passing and not self.policy.record_errors):
            return self._not_recorded(answer)
        return self._record(redacted, answer, wanted)

    def _wanted(self, request: Request) -> Callable[[], RawValues]:
        """Have it worked out, while the upstream works, what the leak check is to look for."""
        assert self.recorder is not None, "a session that records has a recorder"
        wanted = _Once(partial(self.recorder.wanted, request))
        loop = asyncio.get_running_loop()
        loop.call_soon(wanted)  # the request goes out at the end of this turn
        return wanted

    def _failed(self, error: UpstreamFailure) -> Answer:
        message = f"the upstream gave no answer: {error.reason}"
        self.notice(message)
        return self._not_recorded(upstream_failed(error.status, f"tokentape: {message}."))

    def _record(
        self, request: RedactedRequest, answer: Response, wanted: Callable[[], RawValues]
    ) -> Answer:
        assert self.recorder is not None, "a session that records has a recorder"
        try:
            outcome = self.recorder.record(request, answer, wanted())
        except UnreadableBody as error:
            self.notice(f"an answer was not recorded: {error.reason}")
            return self._not_recorded(answer)
        except CassetteError as error:
            return self._unwritten(answer, (str(error),))
        if isinstance(outcome, HeldBack):
            return self._unwritten(answer, outcome.reasons)
        self._used.add(len(self.recorded))
        self._keep(outcome.interaction)
        if self.instances.numbering is not None:
            self.instances.add_recorded(request, outcome.interaction, outcome.secrets)
        self.counts.recorded += 1
        return Answer(_marked(answer, "recorded"))

    def _unwritten(self, answer: Response, reasons: Iterable[str]) -> Answer:
        self.counts.unwritten += 1
        for reason in reasons:
            self.notice(f"not written: {reason}")
        return Answer(_marked(answer, "forwarded"))

    def _not_recorded(self, answer: Response) -> Answer:
        self.counts.forwarded += 1
        return Answer(_marked(answer, "forwarded"))

    def _done(self, answer: Answer, request: RedactedRequest | None, *, written: bool) -> None:
        match = answer.match
        if match is None:
            return
        if written:
            self._used.add(match.position)
        elif match.position not in self._used and not self._for_a_retry(request):
            self.instances.release(match)

    def _for_a_retry(self, request: RedactedRequest | None) -> bool:
        """Tell whether an answer that did not arrive waits for its client to ask again."""
        return request is not None and self._retries.remember(request)


class _Once(Generic[T]):
    """Work that is done once: when it is called first."""

    def __init__(self, work: Callable[[], T]) -> None:
        self._work: Callable[[], T] | None = work
        self._outcome: T

    def __call__(self) -> T:
        if self._work is not None:
            self._outcome, self._work = self._work(), None
        return self._outcome


def _marked(answer: Response, result: str) -> Response:
    lines = [line for line in answer.headers if line[0].lower() != _RESULT]
    return Response(answer.status, (*lines, (RESULT, result)), answer.body)
