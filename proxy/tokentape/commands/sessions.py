"""Sessions: a cassette served on a port in one mode, until told to end."""

from __future__ import annotations

import asyncio
import gc
import secrets
import socket
import sys
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tokentape.edges import descriptors, signals, terminal
from tokentape.edges.server import loop_exception_handler, shared
from tokentape.edges.settings import ADMIN_TOKEN, Limits, Settings, Timeouts
from tokentape.pure.replay.decide import Mode
from tokentape.pure.replay.receipt import together
from tokentape.session import assembly
from tokentape.session.opening import Ending, Opener, nobody_asks, serving, url
from tokentape.session.service import Service

if TYPE_CHECKING:
    from tokentape.edges.workers import ParentPipe

Until = Callable[[str, signals.EndSignals], Awaitable[int]]
"""Returns the status to end with, once a session served at a URL is over."""


def serve(settings: Settings, mode: str, name: str, *, prune: bool = False) -> int:
    """Serve a cassette until told to end; return the exit status.

    `prune`: what was not used goes from the cassette, if all went well.
    """
    return _run(_session(settings, Mode(mode), name, _until_told, prune=prune))


def share(settings: Settings, name: str, workers: int, *, prune: bool = False) -> int:
    """Replay a cassette in several processes at one port; return the exit status.

    Each has a session of its own. The receipt is that of all together.
    """
    from tokentape.edges.workers import Workers  # noqa: PLC0415  no other session needs it

    opener = Opener(settings, _notice, _fault)
    service = opener.service(Mode.REPLAY, name)
    descriptors.make_room(settings.limits.connections)
    ports = shared(*settings.listen, workers)
    host, port = ports[0].getsockname()[:2]
    _spare_clients_the_collector()  # which would also copy what is loaded into each process

    def work(number: int, line: ParentPipe) -> None:
        own = ports.pop(number)
        _close(ports)
        _run(_worker(opener, service, own, line))

    crew = Workers(workers, work)
    _close(ports)
    crew.receive()
    terminal.say(f"replay {name} on {url(host, port)}")
    ending = Ending(together(crew.receive()))
    crew.wait()
    return _concluded(settings, service, ending, prune=prune).exit_status


def run(
    settings: Settings, mode: str, name: str, command: tuple[str, ...], *, prune: bool = False
) -> int:
    """Serve a cassette while a command runs; return the command's status, or the session's."""
    from tokentape.edges import child  # noqa: PLC0415  no other session needs it

    async def until_done(url: str, told: signals.EndSignals) -> int:
        return await child.run(command, {"TOKENTAPE_URL": url}, told)

    return _run(_session(settings, Mode(mode), name, until_done, prune=prune))


def administer(
    settings: Settings, at: tuple[str, int], token: str, mode: str, command: tuple[str, ...]
) -> int:
    """Serve an admin port until told to end, or while a command runs; return the exit status.

    A command is told the address and the token, which is made where it is blank.
    """
    from tokentape.edges import child  # noqa: PLC0415  no other session needs it

    key = token or secrets.token_hex(16)

    async def until(url: str, told: signals.EndSignals) -> int:
        if not command:
            return await _until_told(url, told)
        return await child.run(command, {"TOKENTAPE_ADMIN": url, ADMIN_TOKEN: key}, told)

    return _run(_administration(settings, at, key, Mode(mode), until))


def mock(listen: tuple[str, int]) -> int:
    """Serve the embedded upstream until told to end; return the exit status."""

    async def serve_mock() -> int:
        answer = assembly.embedded_upstream()
        server = serving(
            lambda request: (answer(request), nobody_asks), listen, Limits(), Timeouts(), _fault
        )
        told = signals.end_signals()
        terminal.say(f"mock on {url(*await server.start())}")
        await told.get()
        await server.stop()
        return 0

    return _run(serve_mock())


async def _until_told(_url: str, told: signals.EndSignals) -> int:
    await told.get()
    return 0


def _run(main: Coroutine[Any, Any, int]) -> int:
    if sys.platform == "win32":
        return asyncio.run(main)
    import uvloop  # noqa: PLC0415  there is none on Windows

    return uvloop.run(main)


async def _session(settings: Settings, mode: Mode, name: str, until: Until, *, prune: bool) -> int:
    asyncio.get_running_loop().set_exception_handler(loop_exception_handler(_fault))
    descriptors.make_room(settings.limits.connections)
    session = await Opener(settings, _notice, _fault).open(mode, name)
    _spare_clients_the_collector()
    told = signals.end_signals()
    status = 1
    try:
        terminal.say(f"{mode} {name} on {session.url}")
        status = await until(session.url, told)
    finally:
        ending = await session.close()
    ending = _concluded(settings, session.service, ending, prune=prune, failed=bool(status))
    return status or ending.exit_status


async def _worker(opener: Opener, service: Service, at: socket.socket, line: ParentPipe) -> int:
    asyncio.get_running_loop().set_exception_handler(loop_exception_handler(_fault))
    session = await opener.opened(service, at=at)
    line.send("ready")
    await line.wait_for_end()
    line.send((await session.close()).receipt)
    return 0


def _close(sockets: Iterable[socket.socket]) -> None:
    for one in sockets:
        one.close()


def _concluded(
    settings: Settings, service: Service, ending: Ending, *, prune: bool, failed: bool = False
) -> Ending:
    """Tell how a session ended, and prune its cassette; return what it comes to then."""
    _tell(ending)
    if prune and ending.receipt.unused:
        return _pruned(settings, service, ending, failed=failed)
    return ending


def _spare_clients_the_collector() -> None:
    """Let no client wait while the collector walks through what was loaded, and stays anyway.

    With Python's own thresholds a walk through a large cassette takes 0.1 to 0.3 s.
    """
    gc.freeze()
    gc.set_threshold(2_000, 20, 100)


def _pruned(settings: Settings, service: Service, ending: Ending, *, failed: bool) -> Ending:
    """Take what was not used out of the cassette; return what the session comes to without it."""
    unused = ending.receipt.unused
    without = replace(ending, receipt=replace(ending.receipt, unused=()))
    if failed or without.exit_status:
        terminal.say("nothing is pruned: the session failed", colour="yellow")
        return ending
    if len(unused) == len(service.recorded):
        terminal.say("nothing is pruned: the session used nothing", colour="yellow")
        return ending
    from tokentape.commands import prune as pruning  # noqa: PLC0415  few sessions end so

    pruning.prune(settings, service.name, service.recorded, unused)
    terminal.say(f"pruned {len(unused)} of {len(service.recorded)} interactions")
    return without


async def _administration(
    settings: Settings, at: tuple[str, int], key: str, mode: Mode, until: Until
) -> int:
    from tokentape.pure.own_routes.admin import Token  # noqa: PLC0415
    from tokentape.session.administration import MOST, Administration  # noqa: PLC0415  as above

    asyncio.get_running_loop().set_exception_handler(loop_exception_handler(_fault))
    descriptors.make_room(settings.limits.connections + MOST)
    opener = Opener(replace(settings, listen=(at[0], 0)), _notice, _fault)
    desk = Administration(
        opener, Token(key), at[0], mode=mode, idle=settings.timeouts.idle, notice=_notice
    )
    server = serving(desk.handle, at, settings.limits, settings.timeouts, _fault)
    told = signals.end_signals()
    address = url(*await server.start())
    watching = asyncio.create_task(desk.watch())
    status = 1
    try:
        terminal.say(f"sessions on {address}")
        status = await until(address, told)
    finally:
        await server.stop()
        watching.cancel()
        tally = await desk.close()
    for line in tally.lines():
        terminal.say(line, colour="red" if tally.failed else "green")
    return status or tally.exit_status


def _tell(ending: Ending) -> None:
    if ending.saved:
        terminal.say(f"saved {ending.saved}")
    if ending.trouble:
        terminal.say(ending.trouble, colour="red")
    for line in ending.receipt.lines():
        terminal.say(line, colour="red" if ending.receipt.exit_status else "green")


def _notice(text: str) -> None:
    terminal.say(text, colour="yellow")


def _fault(kind: str) -> None:
    terminal.say(f"failed inside at a request: {kind}", colour="red")
