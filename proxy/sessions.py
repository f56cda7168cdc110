"""Sessions: a cassette served on a port in one mode, until told to end."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import AsyncExitStack
from typing import Any

from proxy import assembly
from proxy.edges import cassette_file, descriptors, signals, terminal
from proxy.edges.server import Handler, Server, loop_exception_handler
from proxy.edges.settings import Limits, Settings, Timeouts
from proxy.errors import CassetteError
from proxy.pure import own_routes, tape
from proxy.pure.decide import Mode, replays, writes
from proxy.pure.matching import Session
from proxy.pure.messages import Request, Response
from proxy.recorder import Recorder
from proxy.service import Done, Policy, Service, Upstream

Until = Callable[[str, signals.Told], Awaitable[int]]
"""Returns the status to end with, once a session served at a URL is over."""


def serve(settings: Settings, mode: str, name: str) -> int:
    """Serve a cassette until told to end; return the exit status."""

    async def until_told(_url: str, told: signals.Told) -> int:
        await told.get()
        return 0

    return _run(_session(settings, Mode(mode), name, until_told))


def run(settings: Settings, mode: str, name: str, command: tuple[str, ...]) -> int:
    """Serve a cassette while a command runs; return the command's status, or the session's."""
    from proxy.edges import child  # noqa: PLC0415  no other session needs it

    async def until_done(url: str, told: signals.Told) -> int:
        return await child.run(command, {"TOKENTAPE_URL": url}, told)

    return _run(_session(settings, Mode(mode), name, until_done))


def mock(listen: tuple[str, int]) -> int:
    """Serve the embedded upstream until told to end; return the exit status."""

    async def serve_mock() -> int:
        answer = assembly.embedded_upstream()
        server = _server(lambda request: (answer(request), _nothing), listen, Limits(), Timeouts())
        told = signals.told()
        terminal.say(f"mock on {_url(*await server.start())}")
        await told.get()
        await server.stop()
        return 0

    return _run(serve_mock())


def _run(main: Coroutine[Any, Any, int]) -> int:
    if sys.platform == "win32":
        return asyncio.run(main)
    import uvloop  # noqa: PLC0415  there is none on Windows

    return uvloop.run(main)


async def _session(settings: Settings, mode: Mode, name: str, until: Until) -> int:
    asyncio.get_running_loop().set_exception_handler(loop_exception_handler(_fault))
    async with AsyncExitStack() as stack:
        service = _service(settings, mode, name)
        take = _take(settings, service) if writes(mode) else None
        if writes(mode):
            service.upstream = await _upstream(settings, stack)
        status = await _served(settings, service, take, until)
    receipt = service.receipt(assembly.shape(settings.match), strict=settings.strict)
    for line in receipt.lines():
        terminal.say(line, colour="red" if receipt.exit_status else "green")
    return status or receipt.exit_status


async def _served(
    settings: Settings, service: Service, take: cassette_file.Take | None, until: Until
) -> int:
    """Serve until it is over; then what was recorded becomes the cassette."""
    descriptors.make_room(settings.limits.connections)
    handler = _with_own_routes(service, settings.listen[0])
    server = _server(handler, settings.listen, settings.limits, settings.timeouts)
    told = signals.told()
    status = 1
    try:
        url = _url(*await server.start())
        terminal.say(f"{service.mode} {service.name} on {url}")
        status = await until(url, told)
    finally:
        await server.stop()
        saved = await _saved(service, take)
    return status or saved


async def _saved(service: Service, take: cassette_file.Take | None) -> int:
    """End a take. Return 1 if what was recorded could not become the cassette."""
    if take is None:
        return 0
    try:
        if service.counts.recorded:
            terminal.say(f"saved {await take.finish()}")
        else:
            await take.abandon()
    except CassetteError as error:
        terminal.say(str(error), colour="red")
        return 1
    return 0


def _service(settings: Settings, mode: Mode, name: str) -> Service:
    service = Service(
        mode=mode,
        name=name,
        door=assembly.door(settings.redact, settings.match),
        policy=Policy(
            repeat=settings.on_exhausted == "repeat",
            rebind=not settings.strict,
            forward_others=settings.others == "forward",
            allow_live=settings.allow_live,
            record_errors=settings.record.errors,
        ),
        session=Session(assembly.shape(settings.match), name),
        notice=lambda text: terminal.say(text, colour="yellow"),
    )
    if replays(mode) and (not writes(mode) or cassette_file.exists(settings.cassettes, name)):
        service.load(assembly.interactions(settings.cassettes, name, service.door))
    return service


def _take(settings: Settings, service: Service) -> cassette_file.Take:
    first = [tape.chunk(one).encode("ascii") for one in service.recorded]
    header = tape.HEADER.encode("ascii")
    take = cassette_file.Take.begin(settings.cassettes, service.name, header, first)
    words = assembly.vocabulary()
    service.recorder = Recorder(service.door, take, service.session.variables, words)
    return take


async def _upstream(settings: Settings, stack: AsyncExitStack) -> Upstream:
    if settings.upstream == "mock":
        return _InProcess(assembly.embedded_upstream())
    from proxy.edges import upstream  # noqa: PLC0415  the others need no HTTP client

    outside = upstream.Upstream(
        settings.upstream, timeout=settings.timeouts.upstream, max_body=8 * settings.limits.body
    )
    return await stack.enter_async_context(outside)


class _InProcess:
    """The embedded upstream, asked without a socket."""

    def __init__(self, answer: Callable[[Request], Response]) -> None:
        self._answer = answer

    async def send(self, request: Request) -> Response:
        return self._answer(request)


def _with_own_routes(
    service: Service, host: str
) -> Callable[[Request], Awaitable[tuple[Response, Done]]]:
    async def handle(request: Request) -> tuple[Response, Done]:
        if own_routes.is_own(request.target):
            return own_routes.answer(request, host, service.health()), _nothing
        return await service.handle(request)

    return handle


def _server(
    handler: Handler, listen: tuple[str, int], limits: Limits, timeouts: Timeouts
) -> Server:
    return Server(
        handler,
        *listen,
        max_head=limits.head,
        max_body=limits.body,
        max_connections=limits.connections,
        request_timeout=timeouts.request,
        shutdown_timeout=timeouts.shutdown,
        on_fault=_fault,
    )


def _fault(kind: str) -> None:
    terminal.say(f"failed inside at a request: {kind}", colour="red")


def _nothing(_: bool, /) -> None:  # noqa: FBT001  the server's callback
    pass


def _url(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
