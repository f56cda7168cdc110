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
from tokentape.pure.cassette.model import Interaction, Shape
from tokentape.pure.http.messages import Again, Headers, Request, Response
from tokentape.pure.notation.sealed import SealedRequest
from tokentape.pure.redaction import Door
from tokentape.pure.redaction.live_keys import has_live_key
from tokentape.pure.replay.decide import Forward, Mode, Refuse, Replay, decide
from tokentape.pure.replay.matching import Match, Session
from tokentape.pure.replay.misses import Neighbours, report
from tokentape.pure.replay.order import order_dependent
from tokentape.pure.replay.receipt import Counts, Receipt
from tokentape.pure.replay.rehydrate import Answers
from tokentape.pure.stripe.refusals import refusal, upstream_failed
from tokentape.pure.stripe.routes import is_tokens
from tokentape.session.retries import Answer, Outcome, Retries, Try, tried

if TYPE_CHECKING:
    from tokentape.pure.leak_check import RawValues
    from tokentape.pure.replay.twins import Places
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
_OF_A_FIELD = 500
"""Bytes that a field of a request takes in memory."""
_NEVER = -1
"""A turn and era that no session comes to."""


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
    rebind: bool = True
    """A request that fits only with variables bound anew is served."""
    forward_others: bool = False
    allow_live: bool = False
    record_errors: bool = False


@dataclass(slots=True)
class Service:
    """One session of one cassette."""

    mode: Mode
    name: str
    door: Door
    policy: Policy
    session: Session
    notice: Callable[[str], None]
    """Takes a line for the person at the terminal; nothing in it is unsealed."""
    upstream: Upstream | None = None
    recorder: Recorder | None = None
    recorded: list[Interaction] = field(default_factory=list)
    counts: Counts = field(default_factory=Counts)
    remembers: bool = True
    """Answers tell for how long they stand, for the port to give them again."""
    _used: set[int] = field(default_factory=set)
    _neighbours: Neighbours = field(default_factory=Neighbours)
    _retries: Retries = field(default_factory=Retries)
    _at_first: dict[int, int] = field(default_factory=dict)
    """By position: the position it was loaded with, where twins have changed places since."""
    _now: dict[int, int] = field(default_factory=dict)
    """The same the other way round."""
    _answers: Answers = field(init=False)

    def __post_init__(self) -> None:
        published = self.door.values.published
        self._answers = Answers(self.session.variables, published, self.name, _REPLAYED)

    def load(self, interactions: Iterable[Interaction]) -> None:
        """Take in what the cassette has."""
        for one in interactions:
            self.session.add(one)
            self._keep(one)

    def handle(self, request: Request) -> Handled | Awaitable[Handled]:
        """Answer one request: at once from the cassette, later if it has to be forwarded.

        Never raises for what a client or an upstream sends.
        """
        asked = self._sealed(request) if is_tokens(request.target) else None
        if asked is None:
            outcome = self._answer(request, None)
        else:
            outcome = self._retries.once(asked, lambda: self._answer(request, asked))
        if isinstance(outcome, Answer):
            return self._handled(outcome, asked)
        return self._later(outcome, asked)

    async def _later(self, outcome: Awaitable[Answer], asked: SealedRequest | None) -> Handled:
        return self._handled(await outcome, asked)

    def _handled(self, answer: Answer, asked: SealedRequest | None) -> Handled:
        return answer.response, lambda written: self._done(answer, asked, written=written)

    def again(self, known: Again, retry_key: str | None = None) -> Headers | None:
        """Give an answer again to the same request: count it as given, and return its echo.

        None if anything that it hangs on has changed since, or if the request is a retry.
        """
        if known.era != self.session.era and known.turn != self.session.turn:
            return None
        echo: Headers | None = ()
        if retry_key is not None or known.tried is not None:
            echo = self._echo(known, retry_key)
            if echo is None:
                return None
        self.counts.replayed += 1
        self.session.serve_again(known.position)
        return echo

    def _echo(self, known: Again, retry_key: str | None) -> Headers | None:
        if isinstance(known.tried, Try) and retry_key is not None:
            return self._retries.keep(known.tried, retry_key)
        return None

    def receipt(self, shape: Shape, *, strict: bool) -> Receipt:
        """Return what this session did so far."""
        pairs = order_dependent(self.recorded, shape) if self.recorder else ()
        return Receipt(replace(self.counts), self.unused(), pairs, strict)

    def unused(self) -> tuple[int, ...]:
        """Return the numbers, from 1, of the interactions that no one asked for."""
        return tuple(n for n in range(1, len(self.recorded) + 1) if n - 1 not in self._used)

    def health(self) -> dict[str, object]:
        """Return the mode, the cassette and the counts, as the health route tells them."""
        known = {"status": "ok", "mode": self.mode, "cassette": self.name}
        return {**known, "interactions": len(self.recorded), **asdict(self.counts)}

    def _keep(self, one: Interaction) -> None:
        self.recorded.append(one)
        self._neighbours.add(one)

    def _sealed(self, request: Request) -> SealedRequest | None:
        try:
            return self.door.request(request)
        except UnreadableBody as error:
            self.notice(f"a request cannot be recorded or replayed: {error.reason}")
            return None

    def _answer(self, request: Request, asked: SealedRequest | None) -> Outcome:
        turn = self.session.turn
        decision = decide(
            self.mode,
            tokens=is_tokens(request.target),
            readable=asked is not None,
            forward_others=self.policy.forward_others,
            barred_key=lambda: not self.policy.allow_live and has_live_key(request),
            find=lambda: self._find(asked),
        )
        match decision:
            case Replay(found) if asked is not None:
                return self._replay(found, asked, turn)
            case Forward(recorded):
                return self._forward(request, asked if recorded else None)
            case Refuse(status, code, message):
                self.counts.refused += 1
                return Answer(refusal(status, code, message))
            case _:
                return self._miss(asked)

    def _find(self, asked: SealedRequest | None) -> Match | None:
        if asked is None:
            return None
        found = self.session.match(asked, repeat=self.policy.repeat, rebind=self.policy.rebind)
        while self.session.exchanges:
            places = self.session.exchanges.pop(0)
            self._used = {places.get(one, one) for one in self._used}
            self._move(places)
        return found

    def _move(self, places: Places) -> None:
        """Note where answers under way, and those kept for retries, have their places now."""
        moved = {there: self._at_first.get(here, here) for here, there in places.items()}
        self._at_first |= moved
        self._now |= {first: there for there, first in moved.items()}

    def _replay(self, found: Match, asked: SealedRequest, before: int) -> Answer:
        """Answer from the cassette, `before` being the turn before it was asked."""
        self.counts.replayed += 1
        self.counts.rebound += found.rebound
        position = found.position
        place = self._at_first.get(position, position)
        again = self._again(position, asked, before)
        answer = self._answers.response(self.recorded[position], asked.live, again)
        key = asked.live.get("idempotency_key")
        return Answer(answer, place) if key is None else _keyed(answer, asked, key.text, place)

    def _again(self, position: int, asked: SealedRequest, before: int) -> Again | None:
        """Return for how long an answer stands, `before` being the turn before it was asked for.

        Not at all if it quotes what is new each time; for an era if that is certain; for a turn if
        it had been given before, so that giving it changed nothing.
        """
        if not self.remembers or not self.policy.repeat:
            return None
        if _RETRY_KEY in self.recorded[position].outline.text:
            return None
        session = self.session
        if session.is_certain(asked, position):
            return Again(position, _NEVER, session.era)
        steady = position in self._used and session.turn == before
        return Again(position, before, _NEVER) if steady else None

    def _miss(self, asked: SealedRequest | None) -> Answer:
        self.counts.missed += 1
        if asked is None:
            told = "The request cannot be read, so nothing recorded can answer it."
        else:
            told = report(asked, self.name, self._neighbours.nearest(asked))
        self.notice(f"miss: {told}")
        return Answer(refusal(424, "cassette_miss", told, type="api_error", result="miss"))

    async def _forward(self, request: Request, asked: SealedRequest | None) -> Answer:
        assert self.upstream is not None, "a session that forwards has an upstream"
        wanted = self._wanted(request) if asked else None
        try:
            answer = await self.upstream.send(request)
        except UpstreamFailure as error:
            return self._failed(error)
        passing = answer.status == 429 or answer.status >= 500
        if asked is None or wanted is None or (passing and not self.policy.record_errors):
            return self._not_recorded(answer)
        return await self._record(asked, answer, wanted)

    def _wanted(self, request: Request) -> Callable[[], RawValues]:
        """Have it worked out, while the upstream works, what the gate is to look for."""
        assert self.recorder is not None, "a session that records has a recorder"
        wanted = _Once(partial(self.recorder.wanted, request))
        loop = asyncio.get_running_loop()
        loop.call_soon(wanted)  # the request goes out at the end of this turn
        return wanted

    def _failed(self, error: UpstreamFailure) -> Answer:
        told = f"the upstream gave no answer: {error.reason}"
        self.notice(told)
        return self._not_recorded(upstream_failed(error.status, f"tokentape: {told}."))

    async def _record(
        self, asked: SealedRequest, answer: Response, wanted: Callable[[], RawValues]
    ) -> Answer:
        assert self.recorder is not None, "a session that records has a recorder"
        try:
            one = self.recorder.interaction(asked, answer, wanted())
        except UnreadableBody as error:
            self.notice(f"an answer was not recorded: {error.reason}")
            return self._not_recorded(answer)
        if not isinstance(one, Interaction):
            return self._unwritten(answer, one.reasons)
        try:
            await self.recorder.write(one)
        except CassetteError as error:
            return self._unwritten(answer, (str(error),))
        self._used.add(len(self.recorded))
        self._keep(one)
        self.session.add_recorded(one)
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

    def _done(self, answer: Answer, asked: SealedRequest | None, *, written: bool) -> None:
        if answer.position is None:
            return
        position = self._now.get(answer.position, answer.position)
        if written:
            self._used.add(position)
        elif position not in self._used and not self._for_a_retry(asked):
            self.session.release(position)

    def _for_a_retry(self, asked: SealedRequest | None) -> bool:
        """Tell whether an answer that did not arrive waits for its client to ask again."""
        return asked is not None and self._retries.remember(asked)


def _keyed(answer: Response, asked: SealedRequest, key: str, place: int) -> Answer:
    """Let an answer say what it was asked with, as Stripe does: a POST's Idempotency-Key.

    Not in a 401, which is all that a request without an account gets (recorded).
    """
    echo = (("Idempotency-Key", key),) if asked.method == "POST" and answer.status != 401 else ()
    echoed = Answer(replace(answer, echo=echo, again=None), place)
    if answer.again is None:
        return echoed
    weight = _OF_A_FIELD * (2 + len(asked.query) + len(asked.body))
    again = answer.again._replace(tried=tried(asked, echoed), weight=weight)
    return Answer(replace(answer, echo=echo, again=again), place)


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
    kept = [line for line in answer.headers if line[0].lower() != _RESULT]
    return Response(answer.status, (*kept, (RESULT, result)), answer.body)
