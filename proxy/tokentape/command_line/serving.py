"""The commands that serve: `record`, `replay`, `auto`, `run`, `serve` and `mock`."""

# ruff: noqa: PLC0415  What serves is slow to import, and waits until the options are good.

from __future__ import annotations

import os
from dataclasses import replace
from functools import partial

import click

from tokentape.command_line.options import (
    LOGGED,
    Decorator,
    Invocation,
    cli,
    mode_option,
    name_argument,
    read_by,
    with_settings,
)
from tokentape.edges.settings import Settings, Unshown, admin_token, local_url
from tokentape.edges.settings.texts import address, seconds, server_url


def _only_for_replay(_context: click.Context, _option: click.Parameter, text: str | None) -> None:
    if text is not None:
        raise click.UsageError("--workers is for replay: only one process can write a cassette.")


_name = name_argument(default="default", envvar="TOKENTAPE_CASSETTE", metavar="[NAME]")
_prune: Decorator = click.option(
    "--prune", is_flag=True, help="Remove unused interactions from the cassette, if all went well."
)
_no_workers: Decorator = click.option(
    "--workers", hidden=True, expose_value=False, callback=_only_for_replay
)
_COMMAND_FOLLOWS = {"allow_interspersed_args": False}


@cli.command(epilog="Example: tokentape record checkout --upstream https://api.stripe.com")
@_name
@_no_workers
@with_settings(
    *("listen", "tls_cert", "tls_key", "upstream", "cassettes", "allow_live", "strict"),
    *(*LOGGED, "config"),
)
def record_command(settings: Settings, name: str) -> Invocation:
    """Forward to the upstream and write a fresh take of cassette NAME.

    The take becomes the cassette when recording ends; until then the old cassette stays.
    """
    from tokentape.commands.serve import SessionPlan, serve_cassette

    return partial(serve_cassette, SessionPlan(settings, "record", name))


@cli.command(epilog="Example: tokentape replay checkout --strict")
@_name
@_prune
@click.option(
    "--workers",
    type=click.IntRange(1, 64),
    default=1,
    metavar="N",
    help="Serve in N processes on one port, each with its own session (Linux).  [default: 1]",
)
@with_settings(
    *("listen", "tls_cert", "tls_key", "cassettes", "strict", "on_exhausted", *LOGGED, "config")
)
def replay_command(settings: Settings, name: str, workers: int, *, prune: bool) -> Invocation:
    """Serve cassette NAME and never open a connection.

    A request that is not in the cassette gets status 424, with the closest recorded requests.
    """
    from tokentape.commands.serve import SessionPlan, serve_cassette, serve_in_workers

    plan = SessionPlan(settings, "replay", name, prune)
    return (
        partial(serve_in_workers, plan, workers) if workers > 1 else partial(serve_cassette, plan)
    )


@cli.command(epilog="Example: tokentape auto checkout")
@_name
@_no_workers
@with_settings(
    *("listen", "tls_cert", "tls_key", "upstream", "mix_upstreams", "cassettes", "allow_live"),
    *("strict", "on_exhausted", *LOGGED, "config"),
)
def auto_command(settings: Settings, name: str) -> Invocation:
    """Replay what is in cassette NAME, and record the rest."""
    from tokentape.commands.serve import SessionPlan, serve_cassette

    return partial(serve_cassette, SessionPlan(settings, "auto", name))


@cli.command(
    epilog="Example: tokentape run --cassette checkout -- pytest tests/checkout",
    context_settings=_COMMAND_FOLLOWS,
)
@mode_option
@click.option(
    "--cassette",
    default="default",
    envvar="TOKENTAPE_CASSETTE",
    metavar="NAME",
    show_default=True,
    help="Which cassette.",
)
@with_settings(
    *("tls_cert", "tls_key", "upstream", "mix_upstreams", "cassettes", "allow_live", "strict"),
    *("on_exhausted", *LOGGED, "config"),
    listen=click.option(
        "--listen",
        metavar="HOST:PORT",
        default="127.0.0.1:0",
        envvar="TOKENTAPE_LISTEN",
        help="Where to accept clients.  [default: a free port of 127.0.0.1]",
    ),
)
@_prune
@click.argument("command", nargs=-1, metavar="[-- COMMAND...]")
def run_command(
    settings: Settings, mode: str, cassette: str, command: tuple[str, ...], *, prune: bool
) -> Invocation:
    """Run COMMAND beside a session, and return its exit status.

    COMMAND finds the address in the environment variable TOKENTAPE_URL. Without COMMAND, serve
    until a signal, as in a container.
    """
    from tokentape.commands.serve import SessionPlan, serve_cassette

    return partial(serve_cassette, SessionPlan(settings, mode, cassette, prune), command)


@cli.command(epilog="Example: tokentape serve -- npx jest", context_settings=_COMMAND_FOLLOWS)
@click.option(
    "--admin",
    metavar="HOST:PORT",
    callback=read_by(address),
    help="Where to open and close sessions.  [default: with COMMAND, a free port of 127.0.0.1]",
)
@mode_option
@click.option(
    "--idle",
    metavar="SECONDS",
    callback=read_by(seconds),
    help="Close sessions that get no request for so long.  [default: 300]",
)
@with_settings(
    *("tls_cert", "tls_key", "upstream", "mix_upstreams", "cassettes", "allow_live", "strict"),
    *("on_exhausted", *LOGGED, "config"),
    session_ports=click.option(
        "--session-ports",
        metavar="FIRST-LAST",
        help="The ports of sessions, such as 12200-12299.  [default: any that is free]",
    ),
)
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
    from tokentape.commands.serve import serve_sessions

    return partial(serve_sessions, settings, admin or ("127.0.0.1", 0), token, mode, command)


@cli.command(epilog="Example: tokentape mock --listen 127.0.0.1:0")
@with_settings(
    "config",
    listen=click.option(
        "--listen",
        metavar="HOST:PORT",
        default="127.0.0.1:12111",
        envvar="TOKENTAPE_LISTEN",
        show_default=True,
        help="Where to accept clients; port 0 picks a free one.",
    ),
)
def mock_command(settings: Settings) -> Invocation:
    """Serve the built-in mock of Stripe."""
    from tokentape.commands.serve import serve_mock

    return partial(serve_mock, settings)


@cli.command(epilog="Example: tokentape health http://tokentape:12121")
@click.argument("url", required=False, callback=read_by(server_url))
@click.option(
    "--timeout",
    metavar="SECONDS",
    default="2",
    show_default=True,
    callback=read_by(seconds),
    help="How long to wait for the answer.",
)
@with_settings("listen", "config")
def health_command(settings: Settings, url: str | None, timeout: float) -> Invocation:
    """Exit with 0 if tokentape answers at URL, else with 1.

    Without URL it is asked at the address that it listens on, by the settings.
    """
    from tokentape.commands.health import health

    return partial(health, url or local_url(settings), timeout)
