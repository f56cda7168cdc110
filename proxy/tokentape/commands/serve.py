"""Serving until it is over: one session, several in processes, an admin port, or the mock."""

from __future__ import annotations

import asyncio
import gc
import secrets
import socket
import sys
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from tokentape.edges import descriptors, signals, terminal
from tokentape.edges.server import loop_exception_handler, shared_sockets
from tokentape.edges.settings import ADMIN_TOKEN, Limits, Settings, Timeouts, Unshown
from tokentape.edges.terminal import Line
from tokentape.pure.replay.decide import Mode
from tokentape.pure.replay.receipt import together
from tokentape.session import assembly
from tokentape.session.opening import Ending, Opener, nobody_asks, serving, url
from tokentape.session.service import Service

if TYPE_CHECKING:
    from tokentape.edges.workers import Channel

Until = Callable[[str, signals.Signals], Awaitable[int]]
"""Gets the URL that is served, and the signals; returns the exit status once it is over."""


@dataclass(frozen=True, slots=True)
class SessionPlan:
    """A session of one cassette in one mode: record, replay or auto.

    `prune`: interactions that were not used are removed from the cassette, if all went well.
    """

    settings: Settings
    mode: str
    cassette: str
    prune: bool = False


def serve_cassette(plan: SessionPlan, command: tuple[str, ...] = ()) -> int:
    """Serve a cassette until a signal ends it or, if there is a command, that ends.

    Returns the exit status of the command, or that of the session if it succeeds. Raises
    CassetteError for a cassette that cannot be loaded, recorded or pruned, and ConfigurationError
    for an address that cannot be had, or a command that cannot be started.
    """
    until = _until_ended(command, "TOKENTAPE_URL") if command else _until_signalled
    return _run_loop(_serve_cassette(plan, until))


def serve_in_workers(plan: SessionPlan, workers: int) -> int:
    """Replay a cassette in several processes until a signal ends them; return the exit status.

    Each has its own session; the receipt is that of all together. Raises CassetteError,
    ConfigurationError for an address that cannot be had, and WorkerLost.
    """
    from tokentape.edges.workers import Crew  # noqa: PLC0415  few sessions need it

    opener = Opener(plan.settings, _notice, _fault)
    service = opener.service(Mode.REPLAY, plan.cassette)
    descriptors.make_room(plan.settings.limits.connections)
    sockets = shared_sockets(*plan.settings.listen, workers)
    host, port = sockets[0].getsockname()[:2]
    _spare_clients_the_collector()  # which would also copy what is loaded into each process

    def work(number: int, channel: Channel) -> None:
        own_socket = sockets.pop(number)
        _close(sockets)
        _run_loop(_work(opener, service, own_socket, channel))

    crew = Crew(workers, work)
    _close(sockets)
    crew.receive()
    terminal.say(f"replay {plan.cassette} on {url(host, port)}")
    ending = Ending(together(crew.receive()))
    crew.join()
    return _conclude(plan, service, ending).exit_status


def serve_sessions(
    settings: Settings,
    address: tuple[str, int],
    token: Unshown,
    mode: str,
    command: tuple[str, ...],
) -> int:
    """Serve an admin port until a signal ends it or, if there is a command, that ends.

    Requests must carry the token; a blank one is replaced by a random one. `mode` is that of
    sessions that do not choose one. Returns the exit status of the command, or that of all sessions
    if it succeeds. Raises ConfigurationError for an address that cannot be had, or a command that
    cannot be started.
    """
    token = Unshown(token.text or secrets.token_hex(16))
    until: Until = _until_signalled
    if command:
        until = _until_ended(command, "TOKENTAPE_ADMIN", **{ADMIN_TOKEN: token.text})
    return _run_loop(_serve_sessions(settings, address, token, Mode(mode), until))


def serve_mock(listen: tuple[str, int]) -> int:
    """Serve the embedded upstream until a signal ends it; return the exit status.

    Raises ConfigurationError for an address that cannot be had.
    """
    return _run_loop(_serve_mock(listen))


async def _serve_cassette(plan: SessionPlan, until: Until) -> int:
    _report_faults()
    descriptors.make_room(plan.settings.limits.connections)
    session = await Opener(plan.settings, _notice, _fault).open(Mode(plan.mode), plan.cassette)
    _spare_clients_the_collector()
    received = signals.received()
    status = 1
    try:
        terminal.say(f"{plan.mode} {plan.cassette} on {session.url}")
        status = await until(session.url, received)
    finally:
        ending = await session.close()
    ending = _conclude(plan, session.service, ending, failed=status != 0)
    return status or ending.exit_status


async def _work(opener: Opener, service: Service, at: socket.socket, channel: Channel) -> int:
    _report_faults()
    session = await opener.opened(service, at=at)
    channel.send("ready")
    await channel.end_requested()
    channel.send((await session.close()).receipt)
    return 0


def _close(sockets: Iterable[socket.socket]) -> None:
    for listening in sockets:
        listening.close()


async def _serve_sessions(
    settings: Settings, address: tuple[str, int], token: Unshown, mode: Mode, until: Until
) -> int:
    from tokentape.pure.own_routes.admin import Token  # noqa: PLC0415
    from tokentape.session.administration import MOST, Administration  # noqa: PLC0415  as above

    _report_faults()
    descriptors.make_room(settings.limits.connections + MOST)
    opener = Opener(replace(settings, listen=(address[0], 0)), _notice, _fault)
    idle = settings.timeouts.idle
    administration = Administration(
        opener, Token(token.text), address[0], mode=mode, idle=idle, notice=_notice
    )
    server = serving(administration.handle, address, settings.limits, settings.timeouts, _fault)
    received = signals.received()
    served = url(*await server.start())
    watching = asyncio.create_task(administration.watch())
    status = 1
    try:
        terminal.say(f"sessions on {served}")
        status = await until(served, received)
    finally:
        await server.stop()
        watching.cancel()
        tally = await administration.close()
    colour = "red" if tally.failed else "green"
    terminal.say_lines(Line(line, colour) for line in tally.lines())
    return status or tally.exit_status


async def _serve_mock(listen: tuple[str, int]) -> int:
    answer = assembly.embedded_upstream()
    server = serving(
        lambda request: (answer(request), nobody_asks), listen, Limits(), Timeouts(), _fault
    )
    received = signals.received()
    terminal.say(f"mock on {url(*await server.start())}")
    await received.get()
    await server.stop()
    return 0


async def _until_signalled(_url: str, received: signals.Signals) -> int:
    await received.get()
    return 0


def _until_ended(command: tuple[str, ...], url_variable: str, **variables: str) -> Until:
    """Return what runs a command, with the URL in an environment variable, and returns its status.

    It raises ConfigurationError for a command that cannot be started.
    """
    from tokentape.edges import child  # noqa: PLC0415  few sessions need it

    async def until(url: str, received: signals.Signals) -> int:
        return await child.run(command, {url_variable: url, **variables}, received)

    return until


def _run_loop(main: Coroutine[Any, Any, int]) -> int:
    if sys.platform == "win32":
        return asyncio.run(main)
    import uvloop  # noqa: PLC0415  there is none on Windows

    return uvloop.run(main)


def _conclude(
    plan: SessionPlan, service: Service, ending: Ending, *, failed: bool = False
) -> Ending:
    """Print how a session ended, and prune its cassette; return the ending that then counts."""
    terminal.say_lines(_lines(ending))
    if not (plan.prune and ending.receipt.unused):
        return ending
    from tokentape.commands import prune as pruning  # noqa: PLC0415  few sessions end so

    pruned = pruning.prune(plan.settings, service, ending, failed=failed)
    terminal.say_lines([pruned.line])
    return pruned.ending


def _lines(ending: Ending) -> Iterator[Line]:
    if ending.saved:
        yield Line(f"saved {ending.saved}")
    if ending.trouble:
        yield Line(ending.trouble, colour="red")
    for line in ending.receipt.lines():
        yield Line(line, colour="red" if ending.receipt.exit_status else "green")


def _spare_clients_the_collector() -> None:
    """Do not make clients wait while the collector walks through what was loaded, and stays anyway.

    With Python's own thresholds a walk through a large cassette takes 0.1 to 0.3 s.
    """
    gc.freeze()
    gc.set_threshold(2_000, 20, 100)


def _report_faults() -> None:
    asyncio.get_running_loop().set_exception_handler(loop_exception_handler(_fault))


def _notice(text: str) -> None:
    terminal.say(text, colour="yellow")


def _fault(kind: str) -> None:
    terminal.say(f"failed inside at a request: {kind}", colour="red")
