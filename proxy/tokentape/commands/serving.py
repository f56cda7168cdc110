"""Serving until it is over: a session of one cassette, or the embedded upstream."""

from __future__ import annotations

import asyncio
import gc
import sys
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from typing import Any

from tokentape.commands.plans import SessionPlan
from tokentape.edges import descriptors, signals, terminal
from tokentape.edges.server import loop_exception_handler
from tokentape.edges.settings import Limits, Timeouts
from tokentape.edges.terminal import Line
from tokentape.pure.replay.decide import Mode
from tokentape.session import assembly
from tokentape.session.opening import Ending, Opener, nobody_asks, serving, url
from tokentape.session.service import Service

Until = Callable[[str, signals.Signals], Awaitable[int]]
"""Gets the URL that is served, and the signals; returns the exit status once it is over."""


async def until_signalled(_url: str, received: signals.Signals) -> int:
    """Return 0 once a signal to end has come in."""
    await received.get()
    return 0


def until_ended(command: tuple[str, ...], url_variable: str, **variables: str) -> Until:
    """Return what runs a command, with the URL in an environment variable, and returns its status.

    It raises ConfigurationError for a command that cannot be started.
    """
    from tokentape.edges import child  # noqa: PLC0415  few sessions need it

    async def until(url: str, received: signals.Signals) -> int:
        return await child.run(command, {url_variable: url, **variables}, received)

    return until


def run_loop(main: Coroutine[Any, Any, int]) -> int:
    """Run an event loop until `main` is done; return what that returns."""
    if sys.platform == "win32":
        return asyncio.run(main)
    import uvloop  # noqa: PLC0415  there is none on Windows

    return uvloop.run(main)


def serve(plan: SessionPlan, until: Until = until_signalled) -> int:
    """Serve a cassette until it is over; return the exit status.

    Raises CassetteError for a cassette that cannot be loaded, recorded or pruned, and
    ConfigurationError for an address that cannot be had.
    """
    return run_loop(_serve(plan, until))


async def _serve(plan: SessionPlan, until: Until) -> int:
    report_faults()
    descriptors.make_room(plan.settings.limits.connections)
    session = await Opener(plan.settings, notice, fault).open(Mode(plan.mode), plan.cassette)
    spare_clients_the_collector()
    received = signals.received()
    status = 1
    try:
        terminal.say(f"{plan.mode} {plan.cassette} on {session.url}")
        status = await until(session.url, received)
    finally:
        ending = await session.close()
    ending = conclude(plan, session.service, ending, failed=status != 0)
    return status or ending.exit_status


def serve_mock(listen: tuple[str, int]) -> int:
    """Serve the embedded upstream until a signal ends it; return the exit status.

    Raises ConfigurationError for an address that cannot be had.
    """
    return run_loop(_serve_mock(listen))


async def _serve_mock(listen: tuple[str, int]) -> int:
    answer = assembly.embedded_upstream()
    server = serving(
        lambda request: (answer(request), nobody_asks), listen, Limits(), Timeouts(), fault
    )
    received = signals.received()
    terminal.say(f"mock on {url(*await server.start())}")
    await received.get()
    await server.stop()
    return 0


def conclude(plan: SessionPlan, service: Service, ending: Ending, *, failed: bool) -> Ending:
    """Say how a session ended, and prune its cassette; return the ending that then counts."""
    terminal.say_lines(_lines(ending))
    if not (plan.prune and ending.receipt.unused):
        return ending
    from tokentape.commands import pruning  # noqa: PLC0415  few sessions end so

    pruned = pruning.prune(plan.settings, service, ending, failed=failed)
    terminal.say_lines([pruned.line()])
    return pruned.ending


def _lines(ending: Ending) -> Iterator[Line]:
    if ending.saved:
        yield Line(f"saved {ending.saved}")
    if ending.trouble:
        yield Line(ending.trouble, colour="red")
    for line in ending.receipt.lines():
        yield Line(line, colour="red" if ending.receipt.exit_status else "green")


def spare_clients_the_collector() -> None:
    """Do not make clients wait while the collector walks through what was loaded, and stays anyway.

    With Python's own thresholds a walk through a large cassette takes 0.1 to 0.3 s.
    """
    gc.freeze()
    gc.set_threshold(2_000, 20, 100)


def report_faults() -> None:
    """Report errors inside the running event loop by their class only."""
    asyncio.get_running_loop().set_exception_handler(loop_exception_handler(fault))


def notice(text: str) -> None:
    """Print a line that a session has for people."""
    terminal.say(text, colour="yellow")


def fault(kind: str) -> None:
    """Print the class of an error inside."""
    terminal.say(f"failed inside at a request: {kind}", colour="red")
