"""`tokentape serve`: sessions that are opened and closed over HTTP."""

from __future__ import annotations

import os
from dataclasses import replace
from functools import partial

import click

from tokentape.command_line.options import Invocation, mode_option, read_by, with_settings
from tokentape.edges.settings import Settings, Unshown, admin_token, loopback, seconds


@click.command(
    epilog="Example: tokentape serve -- npx jest",
    context_settings={"allow_interspersed_args": False},
)
@click.option(
    "--admin",
    metavar="HOST:PORT",
    callback=read_by(loopback),
    help="Where to open and close sessions.  [default: with COMMAND, a free port of 127.0.0.1]",
)
@mode_option
@click.option(
    "--idle",
    metavar="SECONDS",
    callback=read_by(seconds),
    help="Close sessions that get no request for so long.  [default: 300]",
)
@with_settings("upstream", "cassettes", "allow_live", "strict", "on_exhausted", "config")
@click.argument("command", nargs=-1, metavar="[-- COMMAND...]")
def serve_command(
    settings: Settings,
    admin: tuple[str, int] | None,
    mode: str,
    idle: float | None,
    command: tuple[str, ...],
) -> Invocation:
    """Serve sessions over HTTP: a cassette and a port for each test.

    Requests to the admin port carry the token of the environment variable TOKENTAPE_ADMIN_TOKEN.
    COMMAND finds the address in TOKENTAPE_ADMIN, and a random token if none is set.
    docs/sessions.md lists the routes, and what Jest and node:test need.
    """
    if admin is None and not command:
        raise click.UsageError(
            "Give an address, --admin 127.0.0.1:12122, or something to run, -- COMMAND."
        )
    token = Unshown(admin_token(os.environ, required=not command))
    if idle is not None:
        settings = replace(settings, timeouts=replace(settings.timeouts, idle=idle))
    from tokentape.commands.serve import serve_sessions  # noqa: PLC0415  slow to import

    address = admin or ("127.0.0.1", 0)
    return partial(serve_sessions, settings, address, token, mode, command)
