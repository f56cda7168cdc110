"""Opening sessions: one cassette, in one mode, on a port of its own, until it is closed."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from tokentape.edges import cassette_file, uses
from tokentape.edges.server import MEMORY, Answer, Handler, Memory, Server, ServerOptions
from tokentape.edges.settings import Limits, Settings, Timeouts
from tokentape.errors import CassetteError
from tokentape.pure.cassette import writing as tape
from tokentape.pure.cassette.model import Interaction, Numbering
from tokentape.pure.http.messages import Request, Response
from tokentape.pure.own_routes import health as own_routes
from tokentape.pure.replay.decide import Mode, replays, writes
from tokentape.pure.replay.instances import Instances
from tokentape.pure.replay.receipt import Receipt
from tokentape.session import assembly
from tokentape.session.service import Policy, Service, Upstream

if TYPE_CHECKING:
    from tokentape.session.recorder import Recorder, Take

Notice = Callable[[str], None]
"""Takes a line for people; nothing in it is not redacted."""


_SMALL = 32 * 1024
"""Bytes up to which a cassette is remembered: many sessions, or every run of a test, open it."""


@dataclass(frozen=True, slots=True)
class Ending:
    """What a session did, and what became of what it recorded."""

    receipt: Receipt
    saved: str = ""
    """The path of the cassette, if something was recorded."""
    trouble: str = ""
    """Why what was recorded could not become the cassette."""

    @property
    def exit_status(self) -> int:
        """1 where the receipt says so or the cassette could not be written, else 0."""
        return 1 if self.trouble else self.receipt.exit_status


class OpenSession:
    """A session that accepts connections at `url`, to be closed once."""

    def __init__(
        self,
        front: _Front,
        server: Server,
        take: cassette_file.Take | None,
        upstream: AsyncExitStack,
        receipt: Callable[[], Receipt],
        *,
        path: Path,
    ) -> None:
        self.service = front.service
        self.receipt = receipt
        """Returns what the session did so far."""
        self.idle = front.idle
        """Returns for how many seconds nobody has asked it anything."""
        self.url = ""
        self._path = path
        self._server = server
        self._take = take
        self._upstream = upstream

    async def listen(self, at: socket.socket | None) -> None:
        """Accept connections. Raises ConfigurationError where the address cannot be had."""
        self.url = url(*await self._server.start(at))

    async def close(self) -> Ending:
        """End it after the answers under way; what was recorded becomes the cassette."""
        await self._server.stop()
        await self._upstream.aclose()
        try:
            saved, trouble = await self._saved(), ""
        except CassetteError as error:
            saved, trouble = "", str(error)
        if self.service.counts.replayed or self.service.counts.recorded:
            uses.record(self._path)
        return Ending(self.receipt(), saved, trouble)

    async def _saved(self) -> str:
        """End the take, if there is one; return the path of the cassette if it was written."""
        if self._take is None:
            return ""
        if self.service.counts.recorded:
            return str(await self._take.finish())
        await self._take.abandon()
        return ""


class Opener:
    """Opens sessions; what they share is put together once."""

    def __init__(self, settings: Settings, notice: Notice, on_fault: Notice) -> None:
        """`on_fault` gets the class name of an error inside, and nothing else of it."""
        self._settings = settings
        self._notice = notice
        self._on_fault = on_fault
        self._door = assembly.redactor(settings.redact, settings.match)
        self._match_rules = assembly.match_rules(settings.match)
        self._loaded = partial(assembly.loaded, directory=settings.cassettes, redactor=self._door)
        self._remembered = lru_cache(maxsize=512)(self._loaded)

    async def open(
        self,
        mode: Mode,
        name: str,
        *,
        strict: bool | None = None,
        on_exhausted: str = "",
        notice: Notice | None = None,
    ) -> OpenSession:
        """Open a session; where something is not given, the settings or the opener say it.

        Raises CassetteError for a cassette that cannot be loaded or recorded, and
        ConfigurationError where the address cannot be had.
        """
        service = self.service(mode, name, strict=strict, on_exhausted=on_exhausted, notice=notice)
        return await self.opened(service, strict=strict)

    async def opened(
        self, service: Service, *, strict: bool | None = None, at: socket.socket | None = None
    ) -> OpenSession:
        """Open a session of this service; `at` is a socket that listens already.

        Raises as `open` does.
        """
        said, mode, name = self._settings, service.mode, service.name
        strict = said.strict if strict is None else strict
        take = self.take(name, service.recorded) if writes(mode) else None
        if take:
            service.recorder = self.recorder(service, take)
        upstream = AsyncExitStack()
        front = _Front(service, said.listen[0])
        server = serving(
            front.handle,
            said.listen,
            said.limits,
            said.timeouts,
            self._on_fault,
            memory=Memory(MEMORY if service.remembers else 0, front.repeated, self._door.looked_at),
        )
        receipt = partial(service.receipt, self._match_rules, strict=strict)
        path = said.cassettes / f"{name}.yaml"
        session = OpenSession(front, server, take, upstream, receipt, path=path)
        try:
            if writes(mode):
                service.upstream = await upstream_of(said, upstream)
            await session.listen(at)
        except BaseException:
            await session.close()
            raise
        return session

    def service(
        self,
        mode: Mode,
        name: str,
        *,
        strict: bool | None = None,
        on_exhausted: str = "",
        notice: Notice | None = None,
    ) -> Service:
        """Return a session without a port, upstream or recorder, with what its cassette has.

        Raises CassetteError for a cassette that cannot be loaded.
        """
        strict = self._settings.strict if strict is None else strict
        policy = _policy(self._settings, on_exhausted, strict=strict)
        numbering = Numbering() if writes(mode) and replays(mode) else None
        instances = Instances(self._match_rules, name, numbering)
        tell = notice or self._notice
        fast = self._settings.fast and replays(mode)
        service = Service(mode, name, self._door, policy, instances, tell, remembers=fast)
        folder = self._settings.cassettes
        if replays(mode) and (not writes(mode) or cassette_file.exists(folder, name)):
            service.load(self._interactions(name))
        return service

    def _interactions(self, name: str) -> tuple[Interaction, ...]:
        text = cassette_file.read(self._settings.cassettes, name)
        return self._remembered(text, name) if len(text) <= _SMALL else self._loaded(text, name)

    def take(self, name: str, kept: Iterable[Interaction]) -> cassette_file.Take:
        """Begin a take that holds these interactions. Raises CassetteError."""
        first = [tape.chunk(one).encode("ascii") for one in kept]
        header = tape.HEADER.encode("ascii")
        return cassette_file.Take(self._settings.cassettes, name, header, first)

    def recorder(self, service: Service, take: Take) -> Recorder:
        """Return what records a session's exchanges in a take."""
        from tokentape.session.recorder import Recorder  # noqa: PLC0415  replay does without

        numbering = service.instances.numbering or Numbering()
        return Recorder(self._door, take, numbering, assembly.vocabulary())


def _policy(settings: Settings, on_exhausted: str, *, strict: bool) -> Policy:
    return Policy(
        repeat=(on_exhausted or settings.on_exhausted) == "repeat",
        further=not strict,
        forward_others=settings.others == "forward",
        allow_live=settings.allow_live,
        record_errors=settings.record.errors,
    )


async def upstream_of(settings: Settings, stack: AsyncExitStack) -> Upstream:
    """Return the upstream that the settings name, to be closed by `stack`."""
    if settings.upstream == "mock":
        return _InProcess(assembly.embedded_upstream())
    from tokentape.edges import upstream  # noqa: PLC0415  the others need no HTTP client

    outside = upstream.HttpUpstream(
        settings.upstream, timeout=settings.timeouts.upstream, max_body=8 * settings.limits.body
    )
    return await stack.enter_async_context(outside)


class _InProcess:
    """The embedded upstream, asked without a socket."""

    def __init__(self, answer: Callable[[Request], Response]) -> None:
        self._answer = answer

    async def send(self, request: Request) -> Response:
        return self._answer(request)


class _Front:
    """What a session's port asks: the own routes, then the service. Knows when it was asked."""

    def __init__(self, service: Service, host: str) -> None:
        self.service = service
        self._host = host
        self._now = asyncio.get_running_loop().time
        self._last = self._now()
        self._under_way = 0

    def idle(self) -> float:
        return 0.0 if self._under_way else self._now() - self._last

    def handle(self, request: Request) -> Answer | Awaitable[Answer]:
        self._last = self._now()
        if own_routes.is_own(request.target):
            return own_routes.answer(request, self._host, self.service.health()), nobody_asks
        outcome = self.service.handle(request)
        return outcome if isinstance(outcome, tuple) else self._later(outcome)

    def repeated(self, final: object, retry_key: str | None) -> bool:
        self._last = self._now()
        return self.service.repeated(final, retry_key)

    async def _later(self, outcome: Awaitable[Answer]) -> Answer:
        self._under_way += 1
        try:
            return await outcome
        finally:
            self._under_way -= 1
            self._last = self._now()


def serving(
    handler: Handler,
    listen: tuple[str, int],
    limits: Limits,
    timeouts: Timeouts,
    on_fault: Notice,
    *,
    memory: Memory | None = None,
) -> Server:
    """Return a server for a handler, yet to be started."""
    options = ServerOptions(
        max_head=limits.head,
        max_body=limits.body,
        max_connections=limits.connections,
        request_timeout=timeouts.request,
        shutdown_timeout=timeouts.shutdown,
        memory=memory or Memory(),
        on_fault=on_fault,
    )
    return Server(handler, *listen, options)


def nobody_asks(_written: bool, /) -> None:  # noqa: FBT001  the server's callback
    """Hear that an answer went out, and do nothing."""


def url(host: str, port: int) -> str:
    """Return the base URL of a server at an address."""
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
