"""The service behind the real server, in this process: to see inside, and to make it fail there."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from tokentape.edges.settings import MatchSettings, RedactSettings
from tokentape.pure.cassette.model import Numbering
from tokentape.pure.http.messages import Request, Response
from tokentape.pure.replay.decide import Mode
from tokentape.pure.watching.events import noticing
from tokentape.session import assembly
from tokentape.session.recorder import Recorder
from tokentape.session.service import Policy, Service

from tests.ports import port_of


class Shelf:
    """A take that is always written."""

    def __init__(self) -> None:
        self.chunks: list[bytes] = []

    def append(self, chunk: bytes) -> None:
        self.chunks.append(chunk)


class Asked:
    """An upstream that answers as it is told."""

    def __init__(self, answer: Callable[[Request], Awaitable[Response]]) -> None:
        self.send = answer


@dataclass
class Recording:
    """A session that records what an upstream answers. Use with `async with serving(…)`."""

    answer: Callable[[Request], Awaitable[Response]]
    take: Shelf = field(default_factory=Shelf)
    faults: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    url: str = ""

    def service(self) -> Service:
        redactor = assembly.redactor(RedactSettings(), MatchSettings())
        recorder = Recorder(redactor, self.take, Numbering())
        return Service(
            mode=Mode.RECORD,
            name="inside",
            redactor=redactor,
            policy=Policy(),
            rules=assembly.match_rules(MatchSettings()),
            watch=noticing(self.said.append),
            upstream=Asked(self.answer),
            recorder=recorder,
            remembers=False,
        )

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[Service]:
        service = self.service()
        server = port_of(service.handle, self.faults.append)
        _, port = await server.start()
        self.url = f"http://127.0.0.1:{port}"
        try:
            yield service
        finally:
            await server.stop()
