"""handle(request) -> response, for one cassette in one mode. Declares what it needs of the edges.

One of these is one session: its instances, its order, its counts. The core decides; this carries
out: looks up, asks the upstream, hands over what is to be written, and answers.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Iterable
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Protocol

from tokentape.edges.server import Answer
from tokentape.errors import CassetteError, UnreadableBody, UpstreamFailure
from tokentape.pure.cassette.match_key import MatchRules
from tokentape.pure.cassette.model import HeldBack, Interaction, Numbering
from tokentape.pure.http.forms import json_nodes, unpacked
from tokentape.pure.http.messages import Request, Response
from tokentape.pure.notation.redacted import RedactedRequest
from tokentape.pure.redaction import Redactor
from tokentape.pure.redaction.live_keys import has_live_key
from tokentape.pure.replay.decide import UNLISTED, Mode, Refuse, Unmatched, decide, replays, writes
from tokentape.pure.replay.faults import Faults
from tokentape.pure.replay.instance import Match
from tokentape.pure.replay.instances import Instances
from tokentape.pure.replay.misses import Neighbours, report, unreadable_request
from tokentape.pure.replay.order import order_dependent
from tokentape.pure.replay.receipt import Counts, Receipt
from tokentape.pure.replay.rendering import Renderer
from tokentape.pure.stripe.refusals import reason, refusal, upstream_failed
from tokentape.pure.stripe.times import Times
from tokentape.pure.stripe.upstreams import UpstreamKind
from tokentape.pure.watching.events import Note, Repeats, Result, Watch, unwatched
from tokentape.session.arrivals import RESULT, Arrival, Final, event_of, passed_on
from tokentape.session.retries import Outcome, Retries, Try, sender

if TYPE_CHECKING:
    from tokentape.session.recorder import Recorder  # replay does without, and starts the sooner

_AT_ONCE = 1_000
_AT_ONCE_BYTES = 64 * 1024
"""Values of an exchange and bytes of its response that take about 20 ms to record."""
_REPLAYED = ((RESULT, Result.REPLAYED.value),)


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
    watch: Watch = unwatched
    upstream: Upstream | None = None
    recorder: Recorder | None = None
    upstream_name: str = ""
    recorded_from: UpstreamKind | None = None
    """What was loaded came from there, if that is known."""
    digest: bytes | None = None
    """That of the cassette which is carried on, as it was loaded; None where it is replaced."""
    faults: Faults = field(default_factory=Faults)
    recording_commands: tuple[str, str] = ("", "")
    """Those that record what is missing, and the whole."""
    start: int = 0
    """When it starts, in seconds since 1970, for the times that it shows; 0 for now."""
    remembers: bool = True
    """Answers that never change again say so, for the port to give them again."""
    recorded: list[Interaction] = field(default_factory=list)
    counts: Counts = field(default_factory=Counts)
    instances: Instances = field(init=False)
    _arrived: int = 0
    _repeats: dict[int, int] = field(default_factory=dict)
    _used: set[int] = field(default_factory=set)
    _neighbours: Neighbours = field(init=False)
    _retries: Retries = field(default_factory=Retries)
    _renderer: Renderer = field(init=False)
    _recording: asyncio.Lock = field(default_factory=asyncio.Lock)
    """One exchange at a time: their variables are numbered in the order of the cassette."""

    def __post_init__(self) -> None:
        numbering = Numbering() if writes(self.mode) and replays(self.mode) else None
        self.instances = Instances(self.rules, self.name, numbering)
        self._neighbours = Neighbours(self.rules)
        times = Times(self.start or int(time.time()))
        self._renderer = Renderer(self.redactor.values.published, self.name, times, _REPLAYED)

    def load(self, interactions: Iterable[Interaction]) -> None:
        """Take in what the cassette has."""
        for interaction in interactions:
            self.instances.add(interaction)
            self._add(interaction)
        variables = (each for interaction in self.recorded for each in interaction.variables)
        count = max((number for kind, number in variables if kind == "time"), default=0)
        self._renderer.times = replace(self._renderer.times, count=count)

    def handle(self, request: Request) -> Answer | Awaitable[Answer]:
        """Answer one request: at once from the cassette, later if it has to be forwarded.

        Never raises for what a client or an upstream sends.
        """
        arrival = self._arrival(request)
        answer = partial(self._answer, arrival)
        redacted = arrival.redacted
        outcome = answer() if redacted is None else self._retries.once(redacted, answer)
        if isinstance(outcome, Outcome):
            return self._handled(outcome, arrival)
        return self._later(outcome, arrival)

    def notice(self, text: str) -> None:
        """Let the watcher know of what is not about one request; the text is redacted."""
        self.watch(Note(self.name, text))

    def refuse_unread(self, response: Response) -> None:
        """Take note of what the port refused, because it is no request that could be handled."""
        status, code, message = reason(response)
        self._arrived += 1
        arrival = Arrival(Request("", ""), self._arrived, time.perf_counter())
        self._tell(self._refused(status, code, message), arrival, arrival.at)

    def tell_injected(self, request: Request, response: Response) -> None:
        """Let the watcher know of a request that met a fault in place of an answer."""
        arrival = self._arrival(request)
        self._tell(Outcome(response, Result.INJECTED), arrival, time.perf_counter())

    def repeated(self, final: object, retry_key: str | None) -> bool:
        """Take note that the port gave an answer that never changes once more.

        `retry_key` is the request's Idempotency-Key. False for a retry: it has another answer.
        """
        assert isinstance(final, Final), "the port gives back what it was given"
        tried = final.tried
        if self.faults.are_armed or (tried and not self._retries.repeated(tried, retry_key or "")):
            return False
        self.counts.replayed += 1
        self._repeats[final.number] = self._repeats.get(final.number, 0) + 1
        return True

    def tell_repeats(self) -> None:
        """Let the watcher know of the answers that were given again since this was called last."""
        if self._repeats:
            counts, self._repeats = self._repeats, {}
            self.watch(Repeats(self.name, counts))

    def receipt(self) -> Receipt:
        """Return what this session did so far."""
        pairs = order_dependent(self.recorded, self.rules) if self.recorder else ()
        about = (self.unused(), pairs, self.policy.strict, self.upstream_name)
        return Receipt(self.counts + Counts(), *about, tuple(self.faults.unmet()))

    def unused(self) -> tuple[int, ...]:
        """Return the numbers, from 1, of the interactions that no request was answered with."""
        return tuple(n for n in range(1, len(self.recorded) + 1) if n - 1 not in self._used)

    def counted(self) -> tuple[str, ...]:
        """Return the numbers of the receipt so far, for people, without a look at the cassette."""
        return tuple(self.counts.lines(len(self.recorded) - len(self._used)))

    def is_used(self, number: int) -> bool:
        """Tell whether a request was answered with an interaction, by its number from 1."""
        return number - 1 in self._used

    def health(self) -> dict[str, object]:
        """Return the mode, the cassette and the counts, as the health route shows them."""
        state = {"status": "ok", "mode": self.mode, "cassette": self.name}
        return {**state, "interactions": len(self.recorded), **asdict(self.counts)}

    def _add(self, interaction: Interaction) -> None:
        self.recorded.append(interaction)
        self._neighbours.add(interaction)

    def _arrival(self, request: Request) -> Arrival:
        at, match = time.perf_counter(), self.redactor.match(request)
        self._arrived += 1
        if match is None:
            return Arrival(request, self._arrived, at)
        try:
            return Arrival(request, self._arrived, at, self.redactor.request(request, match))
        except UnreadableBody as error:
            return Arrival(request, self._arrived, at, None, error.reason)

    async def _later(self, outcome: Awaitable[Outcome], arrival: Arrival) -> Answer:
        return self._handled(await outcome, arrival)

    def _handled(self, outcome: Outcome, arrival: Arrival) -> Answer:
        at = time.perf_counter()
        return outcome.response, lambda written: self._done(outcome, arrival, at, written=written)

    def _tell(self, outcome: Outcome, arrival: Arrival, at: float) -> None:
        """Let the watcher know of an answer; `at` is when it was ready, as `Arrival.at`."""
        self.watch(event_of(self.name, arrival, outcome, time.time(), at - arrival.at))

    def _answer(self, arrival: Arrival) -> Outcome | Awaitable[Outcome]:
        request, redacted = arrival.raw, arrival.redacted
        if redacted is not None and replays(self.mode):
            repeat, further = self.policy.repeat, not self.policy.strict
            match = self.instances.match(redacted, repeat=repeat, further=further)
            if match is not None:
                return self._replay(match, redacted, arrival.number)
        decision = decide(
            self.mode,
            in_catalog=redacted is not None or bool(arrival.unreadable),
            readable=redacted is not None,
            forward_others=self.policy.forward_others,
            barred_key=lambda: not self.policy.allow_live and has_live_key(request),
            names_made_up_id=lambda: bool(redacted and self.instances.names_made_up_id(redacted)),
        )
        match decision:
            case Unmatched.RECORD | Unmatched.FORWARD:
                return self._forward(arrival)
            case Refuse(status, code, message):
                return self._refused(status, code, message)
            case Unmatched.MISS | Unmatched.MADE_UP:
                return self._miss(arrival, made_up_id=decision is Unmatched.MADE_UP)

    def _refused(self, status: int, code: str, message: str) -> Outcome:
        self.counts.refuse(f"{code} ({status})")
        return Outcome(refusal(status, code, message), Result.REFUSED, reasons=(message,))

    def _replay(self, match: Match, request: RedactedRequest, number: int) -> Outcome:
        self.counts.replayed += 1
        self.counts.further += match.begins_further
        interaction = self.recorded[match.position]
        key = request.live.get("idempotency_key")
        # As Stripe does for a POST; not in a 401, which a request without an account gets.
        echoes = key and request.method == "POST" and interaction.outline.status != 401
        echo = (("Idempotency-Key", key.text),) if key and echoes else ()
        values, settled = self.instances.values(match)
        response = self._renderer.response(interaction, values, request.live, echo)
        outcome = Outcome(response, Result.REPLAYED, match)
        may_be_kept = self.remembers and not match.begins_further  # no crowd pushes others out
        if not (may_be_kept and match.is_last and settled):
            return outcome
        final = Final(number, Try(request, sender(request), outcome) if key else None)
        return Outcome(Response(*response[:-1], final), Result.REPLAYED, match)

    def _miss(self, arrival: Arrival, *, made_up_id: bool) -> Outcome:
        self.counts.missed += 1
        request = arrival.redacted
        if request is None:
            missed = unreadable_request(arrival.unreadable)
        else:
            missed = report(
                request,
                self.name,
                self._neighbours.nearest(request),
                is_empty=not self.recorded,
                made_up_id=made_up_id,
                unknown_id=self.instances.names_unknown_id(request),
                may_be_used_up=self.policy.strict or not self.policy.repeat,
                commands=self.recording_commands,
            )
        response = refusal(424, "cassette_miss", str(missed), type="api_error", result=Result.MISS)
        return Outcome(response, Result.MISS, miss=missed)

    async def _forward(self, arrival: Arrival) -> Outcome:
        assert self.upstream is not None, "a session that forwards has an upstream"
        request, redacted = arrival.raw, arrival.redacted
        try:
            response = await self.upstream.send(request)
        except asyncio.CancelledError:  # the client has gone, or the session ends
            self.counts.leave_unanswered()
            raise
        except UpstreamFailure as error:
            problem = f"the upstream gave no answer: {error.reason}"
            self.counts.unanswered += 1
            failure = upstream_failed(error.status, f"tokentape: {problem}.")
            return self._not_recorded(failure, problem)
        if redacted is None:
            problem = f"a request cannot be recorded or replayed: {arrival.unreadable}"
            return self._not_recorded(response, *([problem] if arrival.unreadable else ()))
        failed = response.status == 429 or response.status >= 500
        if failed and not self.policy.record_errors:
            return self._not_recorded(response)
        try:
            plain = unpacked(response)
        except UnreadableBody as error:
            return self._not_recorded(response, f"an answer was not recorded: {error.reason}")
        values = json_nodes(plain.body) + len(redacted.query) + len(redacted.body)
        if values <= _AT_ONCE and len(plain.body) <= _AT_ONCE_BYTES:
            return await self._record(redacted, response, plain, in_thread=False)
        # A client that goes away does not end what has begun.
        return await asyncio.shield(self._record(redacted, response, plain, in_thread=True))

    async def _record(
        self, request: RedactedRequest, response: Response, plain: Response, *, in_thread: bool
    ) -> Outcome:
        """Record an exchange, `plain` being the response decompressed; a large one in a thread."""
        assert self.recorder is not None, "a session that records has a recorder"
        prepare = partial(self.recorder.prepared, request, plain)
        try:
            async with self._recording:
                prepared = await asyncio.to_thread(prepare) if in_thread else prepare()
                result = self.recorder.written(prepared)
        except UnreadableBody as error:
            return self._not_recorded(response, f"an answer was not recorded: {error.reason}")
        except CassetteError as error:
            result = HeldBack((str(error),))
        if isinstance(result, HeldBack):
            self.counts.unwritten += 1
            reasons = tuple(f"not written: {reason}" for reason in result.reasons)
            return passed_on(response, Result.FORWARDED, reasons=reasons)
        self._used.add(len(self.recorded))
        self._add(result)
        self.counts.recorded += 1
        reasons = () if request.operation else (UNLISTED,)
        return passed_on(response, Result.RECORDED, interaction=len(self.recorded), reasons=reasons)

    async def settled(self) -> None:
        """Wait until nothing is being recorded."""
        async with self._recording:
            pass

    def _not_recorded(self, response: Response, *reasons: str) -> Outcome:
        self.counts.forwarded += 1
        return passed_on(response, Result.FORWARDED, reasons=reasons)

    def _done(self, outcome: Outcome, arrival: Arrival, at: float, *, written: bool) -> None:
        match, request = outcome.match, arrival.redacted
        if match and written:
            self._used.add(match.position)
            self.instances.deliver(match)
        elif match and not (request and self._retries.remembers(request)):
            self.instances.release(match)
        self._tell(outcome, arrival, at)  # only now: no client waits for the line
