"""handle(request) -> response, for one cassette in one mode. Declares what it needs of the edges.

One of these is one session: its instances, its order, its counts. The core decides; this carries
out: looks up, asks the upstream, hands over what is to be written, and answers.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Protocol

from tokentape.edges.server import Answer
from tokentape.errors import CassetteError, UnreadableBody, UpstreamFailure
from tokentape.pure.cassette.match_key import MatchRules
from tokentape.pure.cassette.model import HeldBack, Interaction, Numbering
from tokentape.pure.http.messages import Request, Response
from tokentape.pure.notation.redacted import RedactedRequest
from tokentape.pure.redaction import Redactor
from tokentape.pure.redaction.live_keys import has_live_key
from tokentape.pure.replay.decide import Mode, Refuse, Unmatched, decide, replays, writes
from tokentape.pure.replay.instance import Match
from tokentape.pure.replay.instances import Instances
from tokentape.pure.replay.misses import Neighbours, report
from tokentape.pure.replay.order import order_dependent
from tokentape.pure.replay.receipt import Counts, Receipt
from tokentape.pure.replay.rendering import Renderer
from tokentape.pure.stripe.refusals import refusal, upstream_failed
from tokentape.pure.stripe.routes import is_tokens
from tokentape.session.retries import Outcome, Retries, Try, sender

if TYPE_CHECKING:
    from tokentape.session.recorder import Recorder  # replay does without, and starts the sooner

Notice = Callable[[str], None]
"""Takes a line for people; everything in it is redacted."""

RESULT = "Tokentape-Result"
"""The header that says what was done: recorded, replayed, forwarded, miss or refused."""

_RESULT = RESULT.lower()
_REPLAYED = ((RESULT, "replayed"),)


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
    strict: bool = False
    """Other values do not play what has been replayed already, and the receipt is strict."""
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
    rules: MatchRules
    notice: Notice
    upstream: Upstream | None = None
    recorder: Recorder | None = None
    remembers: bool = True
    """Answers that never change again say so, for the port to give them again."""
    recorded: list[Interaction] = field(default_factory=list)
    counts: Counts = field(default_factory=Counts)
    instances: Instances = field(init=False)
    _used: set[int] = field(default_factory=set)
    _neighbours: Neighbours = field(init=False)
    _retries: Retries = field(default_factory=Retries)
    _renderer: Renderer = field(init=False)

    def __post_init__(self) -> None:
        numbering = Numbering() if writes(self.mode) and replays(self.mode) else None
        self.instances = Instances(self.rules, self.name, numbering)
        self._neighbours = Neighbours(self.rules)
        self._renderer = Renderer(self.redactor.values.published, self.name, _REPLAYED)

    def load(self, interactions: Iterable[Interaction]) -> None:
        """Take in what the cassette has."""
        for interaction in interactions:
            self.instances.add(interaction)
            self._add(interaction)

    def handle(self, request: Request) -> Answer | Awaitable[Answer]:
        """Answer one request: at once from the cassette, later if it has to be forwarded.

        Never raises for what a client or an upstream sends.
        """
        tokens = is_tokens(request.target)
        redacted = self._redacted(request) if tokens else None
        answer = partial(self._answer, request, redacted, tokens=tokens)
        outcome = answer() if redacted is None else self._retries.once(redacted, answer)
        if isinstance(outcome, Outcome):
            return self._handled(outcome, redacted)
        return self._later(outcome, redacted)

    async def _later(self, outcome: Awaitable[Outcome], redacted: RedactedRequest | None) -> Answer:
        return self._handled(await outcome, redacted)

    def _handled(self, outcome: Outcome, redacted: RedactedRequest | None) -> Answer:
        return outcome.response, lambda written: self._done(outcome, redacted, written=written)

    def repeated(self, final: object, retry_key: str | None) -> bool:
        """Take note that the port gave an answer that never changes once more.

        `retry_key` is the request's Idempotency-Key. False for a retry: it has another answer.
        """
        if isinstance(final, Try) and not self._retries.repeated(final, retry_key or ""):
            return False
        self.counts.replayed += 1
        return True

    def refused(self, status: int, code: str, message: str) -> None:
        """Take note of a refused request: here, or by the port, which could not read it."""
        if self.counts.refuse(f"{code} ({status})"):
            self.notice(f"refused with {status}: {message}")

    def receipt(self) -> Receipt:
        """Return what this session did so far."""
        pairs = order_dependent(self.recorded, self.rules) if self.recorder else ()
        return Receipt(self.counts + Counts(), self.unused(), pairs, self.policy.strict)

    def unused(self) -> tuple[int, ...]:
        """Return the numbers, from 1, of the interactions that no request was answered with."""
        return tuple(n for n in range(1, len(self.recorded) + 1) if n - 1 not in self._used)

    def health(self) -> dict[str, object]:
        """Return the mode, the cassette and the counts, as the health route shows them."""
        state = {"status": "ok", "mode": self.mode, "cassette": self.name}
        return {**state, "interactions": len(self.recorded), **asdict(self.counts)}

    def _add(self, interaction: Interaction) -> None:
        self.recorded.append(interaction)
        self._neighbours.add(interaction)

    def _redacted(self, request: Request) -> RedactedRequest | None:
        try:
            return self.redactor.request(request)
        except UnreadableBody as error:
            self.notice(f"a request cannot be recorded or replayed: {error.reason}")
            return None

    def _answer(
        self, request: Request, redacted: RedactedRequest | None, *, tokens: bool
    ) -> Outcome | Awaitable[Outcome]:
        decision = decide(
            self.mode,
            tokens=tokens,
            readable=redacted is not None,
            forward_others=self.policy.forward_others,
            barred_key=lambda: not self.policy.allow_live and has_live_key(request),
            find=lambda: self._match(redacted),
        )
        match decision:
            case Match() if redacted is not None:
                return self._replay(decision, redacted)
            case Unmatched.RECORD:
                return self._forward(request, redacted)
            case Unmatched.FORWARD:
                return self._forward(request, None)
            case Refuse(status, code, message):
                self.refused(status, code, message)
                return Outcome(refusal(status, code, message))
            case Match() | Unmatched.MISS:
                return self._miss(redacted)

    def _match(self, request: RedactedRequest | None) -> Match | None:
        if request is None:
            return None
        policy = self.policy
        return self.instances.match(request, repeat=policy.repeat, further=not policy.strict)

    def _replay(self, match: Match, request: RedactedRequest) -> Outcome:
        self.counts.replayed += 1
        self.counts.further += match.begins_further
        interaction = self.recorded[match.position]
        key = request.live.get("idempotency_key")
        # As Stripe does for a POST; not in a 401, which a request without an account gets.
        echoes = key and request.method == "POST" and interaction.outline.status != 401
        echo = (("Idempotency-Key", key.text),) if key and echoes else ()
        values, settled = self.instances.values(match)
        response = self._renderer.response(interaction, values, request.live, echo)
        outcome = Outcome(response, match)
        if not (self.remembers and match.is_last and settled):
            return outcome
        return Outcome(
            response.as_final(Try(request, sender(request), outcome) if key else True), match
        )

    def _miss(self, request: RedactedRequest | None) -> Outcome:
        self.counts.missed += 1
        if request is None:
            message = "The request cannot be read, so nothing recorded can answer it."
        else:
            message = report(
                request,
                self.name,
                self._neighbours.nearest(request),
                unknown_id=self.instances.names_unknown_id(request),
                may_be_used_up=self.policy.strict or not self.policy.repeat,
            )
        self.notice(f"miss: {message}")
        return Outcome(refusal(424, "cassette_miss", message, type="api_error", result="miss"))

    async def _forward(self, request: Request, redacted: RedactedRequest | None) -> Outcome:
        assert self.upstream is not None, "a session that forwards has an upstream"
        try:
            response = await self.upstream.send(request)
        except UpstreamFailure as error:
            message = f"the upstream gave no answer: {error.reason}"
            self.notice(message)
            self.counts.unanswered += 1
            return self._not_recorded(upstream_failed(error.status, f"tokentape: {message}."))
        failed = response.status == 429 or response.status >= 500
        if redacted is None or (failed and not self.policy.record_errors):
            return self._not_recorded(response)
        return self._record(redacted, response)

    def _record(self, request: RedactedRequest, response: Response) -> Outcome:
        assert self.recorder is not None, "a session that records has a recorder"
        try:
            result = self.recorder.record(request, response)
        except UnreadableBody as error:
            self.notice(f"an answer was not recorded: {error.reason}")
            return self._not_recorded(response)
        except CassetteError as error:
            result = HeldBack((str(error),))
        if isinstance(result, HeldBack):
            self.counts.unwritten += 1
            for reason in result.reasons:
                self.notice(f"not written: {reason}")
            return Outcome(_marked(response, "forwarded"))
        self._used.add(len(self.recorded))
        self._add(result.interaction)
        if self.instances.numbering is not None:
            self.instances.add_recorded(request, result.interaction, result.secrets)
        self.counts.recorded += 1
        return Outcome(_marked(response, "recorded"))

    def _not_recorded(self, response: Response) -> Outcome:
        self.counts.forwarded += 1
        return Outcome(_marked(response, "forwarded"))

    def _done(self, outcome: Outcome, request: RedactedRequest | None, *, written: bool) -> None:
        match = outcome.match
        if match is None:
            return
        if written:
            self._used.add(match.position)
            self.instances.deliver(match)
        elif request is None or not self._retries.remembers(request):
            self.instances.release(match)


def _marked(response: Response, result: str) -> Response:
    lines = [line for line in response.headers if line[0].lower() != _RESULT]
    return Response(response.status, (*lines, (RESULT, result)), response.body)
