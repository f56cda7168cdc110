"""The real pipeline without sockets and files: a session, an upstream, a take in memory."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from email.utils import formatdate
from pathlib import Path
from random import Random
from string import ascii_letters, digits

from tokentape.edges import package_data
from tokentape.edges.server import Answer as Served
from tokentape.edges.server.memory import Memory
from tokentape.edges.settings import MatchSettings, RedactSettings
from tokentape.mock.upstream import MockStripe
from tokentape.pure.audit.loading import load_cassette
from tokentape.pure.cassette.match_key import MatchRules
from tokentape.pure.cassette.model import Interaction, Numbering
from tokentape.pure.cassette.writing import HEADER
from tokentape.pure.http.messages import Headers, Request, Response
from tokentape.pure.redaction import Redactor
from tokentape.pure.replay.decide import Mode
from tokentape.pure.watching.documents import log_document
from tokentape.pure.watching.events import Event, Repeats, notices
from tokentape.pure.watching.lines import EventLines
from tokentape.session import assembly
from tokentape.session.recorder import Recorder
from tokentape.session.service import Policy, Service

REDACTOR = assembly.redactor(RedactSettings(), MatchSettings())
RULES = MatchRules()
CATALOG = REDACTOR.values.catalog
PUBLISHED = REDACTOR.values.published
TOKENS_CSV = (Path(__file__).parents[1] / "tokens_by_hand.csv").read_text("utf-8")
"""The fields of tokens, as they were catalogued by hand."""

NOW = 1_790_000_000
"""September 2026."""

USUAL = Policy()

Answer = Callable[[Request], Response]


class Take:
    """A take in memory."""

    def __init__(self) -> None:
        self.chunks: list[bytes] = []

    def append(self, chunk: bytes) -> None:
        self.chunks.append(chunk)


@dataclass
class Upstream:
    """An upstream without a socket; counts what it was asked."""

    answer: Answer
    asked: int = 0

    async def send(self, request: Request) -> Response:
        self.asked += 1
        return self.answer(request)


def stripe(seed: int) -> Answer:
    """Return the built-in mock with its own randomness, and a clock at its own pace."""
    random = Random(f"upstream {seed}")
    pace, start = random.choice((0, 1, 1, 7)), NOW + random.randrange(1_000_000)
    ticks = iter(range(start, start + 10**7, pace or 1))
    letters = ascii_letters + digits
    mock = MockStripe(
        package_data.read,
        now=lambda: next(ticks) if pace else start,
        entropy=lambda count: "".join(random.choices(letters, k=count)),
    )

    def answer(request: Request) -> Response:
        response = mock.answer(request)
        return response._replace(headers=(*response.headers, *dated(next(ticks))))

    return answer


def dated(present: int) -> Headers:
    """Return the header that says when an answer was given, in seconds since 1970."""
    return (("Date", formatdate(present, usegmt=True)),)


@dataclass
class Stage:
    """One session of cassette `tape`, and what it lets out: its take, its notices, its answers."""

    mode: Mode = Mode.RECORD
    answer: Answer = field(default_factory=lambda: stripe(0))
    recorded: Iterable[Interaction] = ()
    policy: Policy = USUAL
    strict: bool = False
    remembers: bool = True
    """Its port remembers answers that never change again."""
    redactor: Redactor = REDACTOR
    rules: MatchRules = RULES

    def __post_init__(self) -> None:
        self.take = Take()
        self._memory = Memory(1 << 20, lambda *_: True, self.redactor.relevant_headers)
        """Tells what a port remembers requests by."""
        self.port: dict[bytes, Response] = {}
        """What a port with a memory gives again."""
        self.notices: list[str] = []
        self.events: list[Event | Repeats] = []
        self.upstream = Upstream(self.answer)
        policy = replace(self.policy, strict=self.strict or self.policy.strict)
        self.service = Service(
            *(self.mode, "tape", self.redactor, policy, self.rules, self._watch),
            remembers=self.remembers,
            start=NOW,
        )
        self.service.load(self.recorded)
        if self.mode is not Mode.REPLAY:
            self.service.upstream = self.upstream
            numbering = self.service.instances.numbering or Numbering()
            self.service.recorder = Recorder(self.redactor, self.take, numbering, lambda: NOW)

    def _watch(self, event: Event | Repeats) -> None:
        self.events.append(event)
        self.notices += notices(event)

    @property
    def shown(self) -> tuple[str, ...]:
        """What the readers of events show, times aside."""
        self.service.tell_repeats()
        timeless = [
            event._replace(at=0, seconds=0) if isinstance(event, Event) else event
            for event in self.events
        ]
        lines = EventLines()
        texts = (line.text for event in timeless for line in lines.of(event))
        return (*texts, *(json.dumps(log_document(event)) for event in timeless))

    def send(self, request: Request, *, taken: bool = True) -> Response:
        """Ask, and take the answer as it is sent, whole, or go away before."""
        digest, key = self._memory.digest(request)
        before = self.port.get(digest) if digest else None
        if before and self.service.repeated(before.final, key):
            return before._replace(echo=tuple((name, key) for name, _ in before.echo), final=None)
        answer, done = asyncio.run(self._handled(request))
        done(taken)
        if digest and answer.final and taken and bool(answer.echo) == (key is not None):
            self.port[digest] = answer
        return answer._replace(final=None)

    async def _handled(self, request: Request) -> Served:
        outcome = self.service.handle(request)
        return outcome if isinstance(outcome, tuple) else await outcome

    def answer_inside(self, request: Request) -> Response:
        """Answer as the upstream of another stage does, whose event loop runs already."""
        outcome = self.service.handle(request)
        assert isinstance(outcome, tuple), "a replay waits for nothing"
        answer, done = outcome
        done(True)
        return answer

    @property
    def cassette(self) -> str:
        """What was recorded, as the text of a cassette."""
        return HEADER + b"".join(self.take.chunks).decode("ascii") if self.take.chunks else ""

    def receipt(self) -> tuple[str, ...]:
        """Return the receipt for people, and the exit status."""
        receipt = self.service.receipt()
        return (*receipt.lines(), f"exit status {receipt.exit_status}")


def loaded(cassette: str, redactor: Redactor = REDACTOR) -> tuple[Interaction, ...]:
    """Load a cassette as strictly as the program does."""
    if not cassette:
        return ()
    return load_cassette(cassette.encode("ascii"), redactor)


def replay(cassette: str, **changes: object) -> Stage:
    """Return a session that replays a cassette."""
    return Stage(Mode.REPLAY, recorded=loaded(cassette), **changes)  # type: ignore[arg-type]


def results(answers: Sequence[Response]) -> list[str | None]:
    """Return what was done with each request."""
    return [answer.header("tokentape-result") for answer in answers]
