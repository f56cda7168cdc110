"""The composition root: puts a session together from the core and the edges, runs it, ends it.

Alone knows everyone. Settings stop here: what is below gets the values that it needs.
"""

from __future__ import annotations

import asyncio
import re
import secrets
import string
import sys
import time
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import AsyncExitStack
from functools import cache
from typing import Any

from proxy.edges import cassette_file, package_data, signals, terminal
from proxy.edges.server import Handler, Server, loop_exception_handler
from proxy.edges.settings import Limits, Settings, Timeouts
from proxy.errors import CassetteError
from proxy.mock.upstream import MockStripe
from proxy.pure import own_routes, tape
from proxy.pure.admission import problems
from proxy.pure.cassette import Interaction, Shape
from proxy.pure.catalog import Catalog, extended, read_catalog
from proxy.pure.decide import Mode, replays, writes
from proxy.pure.matching import Session
from proxy.pure.messages import Request, Response
from proxy.pure.phrases import read_phrases
from proxy.pure.published import read_published
from proxy.pure.receipt import Receipt
from proxy.pure.redact import Door
from proxy.pure.redact.values import Values
from proxy.pure.tape_reader import read_tape
from proxy.recorder import Recorder
from proxy.service import Done, Policy, Service, Upstream

Until = Callable[[str, asyncio.Event], Awaitable[int]]
"""Returns the status to end with once a session served at a URL is over."""


def serve(settings: Settings, mode: str, name: str) -> int:
    """Serve a cassette until told to end; return the exit status."""

    async def until_told(url: str, told: asyncio.Event) -> int:
        terminal.say(f"{mode} {name} on {url}")
        await told.wait()
        return 0

    return _run(_session(settings, Mode(mode), name, until_told))


def run(settings: Settings, mode: str, name: str, command: tuple[str, ...]) -> int:
    """Serve a cassette while a command runs; return the command's status, or the session's."""
    from proxy.edges import child  # noqa: PLC0415  replay does not need it

    async def until_done(url: str, told: asyncio.Event) -> int:
        terminal.say(f"{mode} {name} on {url}")
        return await child.run(command, {"TOKENTAPE_URL": url}, told)

    return _run(_session(settings, Mode(mode), name, until_done))


def mock(listen: tuple[str, int]) -> int:
    """Serve the embedded upstream until told to end; return the exit status."""

    async def serve_mock() -> int:
        answer = _embedded_upstream()
        server = _server(lambda request: (answer(request), _nothing), listen, Limits(), Timeouts())
        host, port = await server.start()
        terminal.say(f"mock on {_url(host, port)}")
        await signals.ending().wait()
        await server.stop()
        return 0

    return _run(serve_mock())


def recover(settings: Settings, name: str, *, discard: bool) -> int:
    """Make the cassette of what an interrupted recording left, or throw that away."""
    if discard:
        cassette_file.discard(settings.cassettes, name)
        terminal.say(f"what was left of a recording of {name} is gone; the cassette stands")
    else:
        count = cassette_file.recover(settings.cassettes, name)
        terminal.say(f"{name} is now what was left of its recording: {count} interactions")
    return 0


def _run(main: Coroutine[Any, Any, int]) -> int:
    if sys.platform == "win32":
        return asyncio.run(main)
    import uvloop  # noqa: PLC0415  there is none on Windows

    return uvloop.run(main)


async def _session(settings: Settings, mode: Mode, name: str, until: Until) -> int:
    async with AsyncExitStack() as stack:
        asyncio.get_running_loop().set_exception_handler(loop_exception_handler(_fault))
        service, take = await _service(settings, mode, name, stack)
        handler = _with_own_routes(service, settings.listen[0])
        server = _server(handler, settings.listen, settings.limits, settings.timeouts)
        told = signals.ending()
        host, port = await server.start()
        try:
            status = await until(_url(host, port), told)
        finally:
            await server.stop()
            saved = await _ended(service, take)
        receipt = service.receipt(shape(settings), strict=settings.strict)
        _print(receipt)
        return status or receipt.exit_status or saved


async def _ended(service: Service, take: cassette_file.Take | None) -> int:
    """End a take: what was recorded becomes the cassette. Return 1 if it could not."""
    if take is None:
        return 0
    try:
        if service.counts.recorded or not replays(service.mode):
            path = await take.finish()
            terminal.say(f"saved {path}")
        else:
            await take.abandon()
    except CassetteError as error:
        terminal.say(str(error), colour="red")
        return 1
    return 0


async def _service(
    settings: Settings, mode: Mode, name: str, stack: AsyncExitStack
) -> tuple[Service, cassette_file.Take | None]:
    own_door, own_shape = door(settings), shape(settings)
    service = Service(
        mode=mode,
        name=name,
        door=own_door,
        policy=Policy(
            repeat=settings.on_exhausted == "repeat",
            rebind=not settings.strict,
            forward_others=settings.others == "forward",
            allow_live=settings.allow_live,
            record_errors=settings.record.errors,
        ),
        session=Session(own_shape, name),
        notice=lambda text: terminal.say(text, colour="yellow"),
    )
    if replays(mode) and (not writes(mode) or cassette_file.exists(settings.cassettes, name)):
        text = cassette_file.read(settings.cassettes, name)
        service.load(load(text, f"{settings.cassettes / name}.yaml", own_door))
    if not writes(mode):
        return service, None
    first = [tape.chunk(one).encode() for one in service.recorded]
    take = cassette_file.Take.begin(settings.cassettes, name, tape.HEADER.encode(), first)
    service.recorder = Recorder(own_door, take, service.session.variables, _vocabulary())
    service.upstream = await _upstream(settings, stack)
    return service, take


def door(settings: Settings) -> Door:
    """Return the door for these settings."""
    catalog = extended(_catalog(), settings.redact.keep, settings.redact.fields)
    published = read_published(package_data.read("published.csv"))
    phrases = read_phrases(package_data.read("phrases.csv"))
    values = Values(catalog, published, phrases, time.gmtime().tm_year)
    return Door(values, settings.match.blank == "strict", settings.match.headers)


def shape(settings: Settings) -> Shape:
    """Return what these settings let take part in a match."""
    headers = (*Shape().match_headers, *(name.lower() for name in settings.match.headers))
    return Shape(frozenset(headers), settings.match.ignore)


def load(text: bytes, file: str, own_door: Door) -> tuple[Interaction, ...]:
    """Return a cassette's interactions. Raises CassetteError for what the door would not write."""
    try:
        placed = read_tape(text.decode("ascii"))
    except UnicodeDecodeError as error:
        line = text.count(b"\n", 0, error.start) + 1
        raise CassetteError("a cassette is ASCII", file=file, line=line) from None
    except CassetteError as error:
        raise CassetteError(error.message, file=file, line=error.line) from None
    for one in placed:
        for place in problems(one.interaction, own_door.values, own_door.match_headers):
            raise CassetteError(
                f"{place} holds what is not redacted; record it again, or scan it: "
                f"`tokentape scan {file}`",
                file=file,
                line=one.line,
            )
    return tuple(one.interaction for one in placed)


@cache
def _catalog() -> Catalog:
    return read_catalog(package_data.read("catalog.csv"))


def _vocabulary() -> frozenset[str]:
    """Return the words that stand in cassettes whatever was sent: they tell the gate nothing."""
    texts = (*map(package_data.read, ("catalog.csv", "phrases.csv")), tape.HEADER, _SKELETON)
    return frozenset(word for text in texts for word in re.findall(r"\w+", text))


_SKELETON = "request method uri https headers body response status code message string OK open"


async def _upstream(settings: Settings, stack: AsyncExitStack) -> Upstream:
    if settings.upstream == "mock":
        return _InProcess(_embedded_upstream())
    from proxy.edges import upstream  # noqa: PLC0415  replay does not need a client

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


def _embedded_upstream() -> Callable[[Request], Response]:
    alphabet = string.ascii_letters + string.digits
    stripe = MockStripe(
        package_data.read("published.csv"),
        package_data.read("catalog.csv"),
        now=lambda: int(time.time()),
        entropy=lambda count: "".join(secrets.choice(alphabet) for _ in range(count)),
    )
    return stripe.answer


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


def _print(receipt: Receipt) -> None:
    colours = {0: "green", 1: "red"}
    for line in receipt.lines():
        terminal.say(line, colour=colours[receipt.exit_status])
