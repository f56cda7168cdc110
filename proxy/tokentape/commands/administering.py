"""Sessions that are opened and closed over HTTP, at an admin port."""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import replace

from tokentape.commands.plans import AdminPlan
from tokentape.commands.serving import (
    Until,
    fault,
    notice,
    report_faults,
    run_loop,
    until_ended,
    until_signalled,
)
from tokentape.edges import descriptors, signals, terminal
from tokentape.edges.settings import ADMIN_TOKEN
from tokentape.edges.terminal import Line
from tokentape.pure.own_routes.admin import Token
from tokentape.pure.replay.decide import Mode
from tokentape.session.administration import MOST, Administration
from tokentape.session.opening import Opener, serving, url


def serve_sessions(plan: AdminPlan) -> int:
    """Serve the admin port until it is over; return the exit status.

    Raises ConfigurationError for an address that cannot be had, or a command that cannot be
    started.
    """
    token = plan.token or secrets.token_hex(16)
    until: Until = until_signalled
    if plan.command:
        until = until_ended(plan.command, "TOKENTAPE_ADMIN", **{ADMIN_TOKEN: token})
    return run_loop(_serve(plan, Token(token), until))


async def _serve(plan: AdminPlan, token: Token, until: Until) -> int:
    report_faults()
    settings, host = plan.settings, plan.address[0]
    descriptors.make_room(settings.limits.connections + MOST)
    opener = Opener(replace(settings, listen=(host, 0)), notice, fault)
    administration = Administration(
        opener, token, host, mode=Mode(plan.mode), idle=settings.timeouts.idle, notice=notice
    )
    server = serving(administration.handle, plan.address, settings.limits, settings.timeouts, fault)
    received = signals.received()
    address = url(*await server.start())
    watching = asyncio.create_task(administration.watch())
    status = 1
    try:
        terminal.say(f"sessions on {address}")
        status = await until(address, received)
    finally:
        await server.stop()
        watching.cancel()
        tally = await administration.close()
    colour = "red" if tally.failed else "green"
    terminal.say_lines(Line(line, colour) for line in tally.lines())
    return status or tally.exit_status
