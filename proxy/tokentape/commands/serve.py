"""Serving until it is over: one session, several in processes, an admin port, or the mock."""

from __future__ import annotations

import asyncio
import gc
import os
import secrets
import socket
import sys
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from tokentape.commands.watching import EventPrinter, printer_for, session_output
from tokentape.edges import network_proxies, processes, terminal
from tokentape.edges.server import Answer, PortRange, Server, loop_exception_handler, shared_sockets
from tokentape.edges.settings import ADMIN_TOKEN, Settings, Unshown
from tokentape.edges.terminal import Line
from tokentape.pure import own_routes
from tokentape.pure.http.messages import Request
from tokentape.pure.replay.decide import Mode
from tokentape.pure.replay.receipt import Tally, together
from tokentape.session import assembly
from tokentape.session.opening import Ending, Opener, Waits
from tokentape.session.ports import ignore_written, serving, url
from tokentape.session.service import Service
from tokentape.wording import counted

if TYPE_CHECKING:
    from tokentape.session.administration import Administration  # see below

T = TypeVar("T")

_REMEMBERED = 100
"""Events that each of many sessions remembers for its page."""
_NOTHING_CAME_IN = (
    "no request came in. Give your client the base URL {}, as README says under "
    '"Point your client here"; commands of `tokentape run` find it in TOKENTAPE_URL'
)


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
    return _run_loop(_serve_cassette(plan, command), plan.settings)


def serve_in_workers(plan: SessionPlan, workers: int) -> int:
    """Replay a cassette in several processes until a signal ends them; return the exit status.

    Each has its own session; the receipt is that of all together. Raises CassetteError,
    ConfigurationError for an address that cannot be had, and WorkerLost.
    """
    printer = printer_for(plan.settings)
    opener = Opener(plan.settings, printer.watch, terminal.fault)
    service = opener.service(Mode.REPLAY, plan.cassette)
    processes.make_room(plan.settings.limits.connections)
    sockets = shared_sockets(*plan.settings.listen, workers)
    host, port = sockets[0].getsockname()[:2]
    _spare_clients_the_collector()  # which would also copy what is loaded into each process

    def work(number: int, channel: processes.Channel) -> None:
        own_socket = sockets.pop(number)
        _close(sockets)
        _run_loop(_work(opener, service, own_socket, channel, printer), plan.settings)

    group = processes.Workers(workers, work)
    _close(sockets)
    with session_output(plan.settings):
        group.receive()
        address = url(host, port, tls=plan.settings.tls_cert is not None)
        terminal.say(f"replay {plan.cassette} on {address}")
        ending = Ending(together(group.receive()))
        group.join()
        return _conclude(plan, service, ending, address).exit_status


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
    return _run_loop(_serve_sessions(settings, address, token, Mode(mode), command), settings)


def serve_mock(settings: Settings) -> int:
    """Serve the built-in mock until a signal ends it; return the exit status.

    Raises ConfigurationError for an address that cannot be had.
    """
    return _run_loop(_serve_mock(settings), settings)


async def _serve_cassette(plan: SessionPlan, command: tuple[str, ...]) -> int:
    processes.make_room(plan.settings.limits.connections)
    printer = printer_for(plan.settings)
    opener = Opener(plan.settings, printer.watch, terminal.fault)
    session = await opener.open(opener.service(Mode(plan.mode), plan.cassette))
    _report_faults(session.fault)
    _spare_clients_the_collector()
    received = processes.received_signals()
    status = 1
    try:
        upstream = session.service.upstream_name
        source = f" from {upstream}" if upstream else ""
        terminal.say(f"{plan.mode} {plan.cassette}{source} on {session.url}")
        if not command and terminal.is_read_by_people():
            terminal.say(f"watch it in a browser: {session.url}{own_routes.PREFIX}")
        save = partial(session.save, failed="the command")  # as far as is known
        variables = {"TOKENTAPE_URL": session.url}
        status = await _until_over(command, session.url, variables, received, save)
    finally:
        failed = "the command" if status else ""
        close = session.close(failed=failed, waits=_waits(plan.settings))
        ending = await _in_time(close, session.hurry, received.get())
        printer.flush()
    ending = _conclude(plan, session.service, ending, session.url, failed=status != 0)
    return status or ending.exit_status


async def _work(
    opener: Opener,
    service: Service,
    at: socket.socket,
    channel: processes.Channel,
    printer: EventPrinter,
) -> int:
    session = await opener.open(service, at)
    _report_faults(session.fault)
    channel.send("ready")
    await channel.end_requested()
    ending = await _in_time(session.close(), session.hurry, channel.end_requested())
    printer.flush()
    channel.send(ending.receipt)
    return 0


def _close(sockets: Iterable[socket.socket]) -> None:
    for listening in sockets:
        listening.close()


async def _serve_sessions(
    settings: Settings,
    address: tuple[str, int],
    token: Unshown,
    mode: Mode,
    command: tuple[str, ...],
) -> int:
    from tokentape.pure.own_routes import Token  # noqa: PLC0415  only this serves an admin
    from tokentape.session.administration import MOST, Administration  # noqa: PLC0415  port

    processes.make_room(settings.limits.connections + MOST)
    printer = printer_for(settings, names_sessions=True)
    of_sessions = replace(settings, listen=(address[0], 0))
    administration = Administration(
        Opener(of_sessions, printer.watch, terminal.fault, remembered=_REMEMBERED),
        Token(token.text),
        mode=mode,
        idle=settings.timeouts.idle,
        watch=printer.watch,
        ports=settings.session_ports and PortRange(*settings.session_ports),
    )
    server = serving(administration.handle, replace(settings, listen=address), administration.fault)
    _report_faults(administration.fault)
    received = processes.received_signals()
    served = url(*await server.start(), tls=settings.tls_cert is not None)
    watching = asyncio.create_task(administration.watch())
    status = 1
    try:
        terminal.say(f"sessions on {served}")
        variables = {"TOKENTAPE_ADMIN": served, ADMIN_TOKEN: token.text}
        save = administration.save
        status = await _until_over(command, served, variables, received, save)
    finally:
        watching.cancel()
        tally = await _end(server, administration, _waits(settings), received)
        printer.flush()
    colour = "red" if tally.failed else "green"
    terminal.say_lines(Line(line, colour) for line in tally.lines())
    return status or tally.exit_status


async def _end(
    server: Server, administration: Administration, waits: Waits, received: processes.Signals
) -> Tally:
    def hurry() -> None:
        server.hurry()
        administration.hurry()

    async def close() -> Tally:
        await asyncio.gather(server.stop(), administration.close(waits))
        return await administration.close()

    return await _in_time(close(), hurry, received.get())


async def _serve_mock(settings: Settings) -> int:
    mock, faults = assembly.built_in_mock(), []

    def fault(kind: str) -> None:
        faults.append(kind)
        terminal.fault(kind)

    def answer(request: Request) -> Answer:
        if own_routes.is_health(request.target):
            return own_routes.answer_health(
                request, {"status": "ok", "mode": "mock"}
            ), ignore_written
        return mock(request), ignore_written

    _report_faults(fault)
    server = serving(answer, settings, fault)
    received = processes.received_signals()
    terminal.say(f"mock on {url(*await server.start())}")
    await received.get()
    await _in_time(server.stop(), server.hurry, received.get())
    return 1 if faults else 0


async def _until_over(
    command: tuple[str, ...],
    address: str,
    variables: Mapping[str, str],
    received: processes.Signals,
    save: Callable[[], Awaitable[str]],
) -> int:
    """Wait for the end of a command, or for a signal if there is none; return the exit status.

    The command gets the variables, and sends what is for `address` through no proxy of the network.
    At each signal that it gets, `save` is awaited: it may take its time to end.
    Raises ConfigurationError for a command that cannot be started.
    """
    if command:
        direct = network_proxies.direct(address, os.environ)

        async def save_and_tell() -> None:
            path = await save()
            saved = f"saved {path} so far; " if path else ""
            terminal.notice(f"{saved}waiting for the command to end")

        return await processes.run(command, {**direct, **variables}, received, save_and_tell)
    await received.get()
    return 0


async def _in_time(
    close: Coroutine[Any, Any, T], hurry: Callable[[], None], again: Coroutine[Any, Any, object]
) -> T:
    """Return what `close` does, which waits no longer once the signal to end comes again."""
    closing, hurrying = asyncio.create_task(close), asyncio.create_task(again)
    await asyncio.wait([closing, hurrying], return_when=asyncio.FIRST_COMPLETED)
    hurrying.cancel()
    hurry()
    return await closing


def _waits(settings: Settings) -> Waits:
    """Return what says that a session waits for requests under way."""

    def say(under_way: int, path: str) -> None:
        requests = counted(under_way, "request")
        seconds = f"{settings.timeouts.shutdown:g} s"
        saved = f"saved {path} so far; " if path else ""
        terminal.notice(
            f"{saved}waiting up to {seconds} for {requests} under way; the next signal ends now"
        )

    return say


def _run_loop(main: Coroutine[Any, Any, int], settings: Settings) -> int:
    async def with_faults_reported() -> int:
        _report_faults(terminal.fault)
        return await main

    with session_output(settings):
        if sys.platform == "win32":
            return asyncio.run(with_faults_reported())
        import uvloop  # noqa: PLC0415  there is none on Windows

        return uvloop.run(with_faults_reported())


def _report_faults(on_fault: Callable[[str], None]) -> None:
    """Have errors that nobody catches on this event loop reported by the name of their class."""
    asyncio.get_running_loop().set_exception_handler(loop_exception_handler(on_fault))


def _conclude(
    plan: SessionPlan, service: Service, ending: Ending, address: str, *, failed: bool = False
) -> Ending:
    """Print how a session ended, and prune its cassette; return the ending that then counts."""
    terminal.say_lines(_lines(ending))
    if not (ending.receipt.counts.requests or ending.receipt.counts.failed_inside):
        terminal.notice(_NOTHING_CAME_IN.format(address))
    if not (plan.prune and ending.receipt.unused):
        return ending
    from tokentape.commands import prune as pruning  # noqa: PLC0415  few sessions end so

    pruned = pruning.prune(plan.settings, service, ending, failed=failed)
    terminal.say_lines([pruned.line])
    return pruned.ending


def _lines(ending: Ending) -> Iterator[Line]:
    if ending.saving:
        yield Line(ending.saving, colour="yellow" if ending.doubt else None)
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
