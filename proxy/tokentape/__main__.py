"""The command line: takes words apart, settles settings, and calls one function of `app`."""

# ruff: noqa: PLC0415  What is slow to import waits for its command: help and mistakes come at once.

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import wraps
from pathlib import Path
from typing import Any, NoReturn

import click

from tokentape import __version__
from tokentape.edges import settings
from tokentape.edges.settings import Settings
from tokentape.errors import TokentapeError

Command = Callable[..., int]
Option = Callable[[Command], Command]

_FIRST_MINUTE = """\b
The first minute:
  tokentape record      forwards to an embedded stand-in for Stripe
  curl http://127.0.0.1:12121/v1/tokens -u sk_test_anything: -d "pii[id_number]=000000000"
  Ctrl-C                stops; the traffic is in cassettes/default.yaml
  tokentape replay      answers the same request the same, with no network

\b
Your own code needs its base URL changed, no more. In Python:
  stripe.api_base = "http://127.0.0.1:12121"

Options can also come from the environment (TOKENTAPE_LISTEN and so on) and from the file
tokentape.yaml. An option wins over a variable, a variable over the file.
"""

_OPTIONS: dict[str, Option] = {
    "config": click.option(
        "--config", metavar="FILE", help="Settings file.  [default: tokentape.yaml, if there]"
    ),
    "listen": click.option(
        "--listen",
        metavar="HOST:PORT",
        help="Where to accept clients; port 0 picks one.  [default: 127.0.0.1:12121]",
    ),
    "upstream": click.option(
        "--upstream",
        metavar="URL|mock",
        help="Where requests go: https://api.stripe.com is the real one.  [default: mock]",
    ),
    "cassettes": click.option(
        "--cassettes", metavar="DIR", help="Where cassettes are kept.  [default: cassettes]"
    ),
    "allow_live": click.option(
        "--allow-live", flag_value="true", default=None, help="Forward requests with live keys too."
    ),
    "strict": click.option(
        "--strict",
        flag_value="true",
        default=None,
        help="Miss rather than guess; fail on unused and order-dependent interactions.",
    ),
    "on_exhausted": click.option(
        "--on-exhausted",
        metavar="repeat|miss",
        help="What follows the last recorded answer to a request.  [default: repeat]",
    ),
}


def _settled(*shared: str, **own: Option) -> Option:
    """Give a command these options, and call it with the settings that come of them."""
    options = {name: _OPTIONS[name] for name in shared} | own

    def decorate(command: Command) -> Command:
        @wraps(command)
        def settle(**words: Any) -> int:  # noqa: ANN401  click's words, of any type
            said = {name: words.pop(name) for name in options}
            given = {name: text for name, text in said.items() if text is not None}
            return command(settings.load(given, os.environ, _read_file), **words)

        optioned: Command = settle
        for option in reversed(options.values()):
            optioned = option(optioned)
        return optioned

    return decorate


def _read_file(path: Path) -> Settings:
    from tokentape.edges import config_file

    return config_file.read(path, Settings)


class _InOrder(click.Group):
    """Lists commands as they are written here: first things first."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  click's interface
        return list(self.commands)


@click.group(
    cls=_InOrder,
    epilog=_FIRST_MINUTE,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, message="tokentape %(version)s")
def cli() -> None:
    """Record Stripe token traffic once, replay it offline, keep no secret."""


_name = click.argument("name", default="default", metavar="[NAME]")
_prune = click.option(
    "--prune", is_flag=True, help="Take what was not used out of the cassette, if all went well."
)
_workers = click.option(
    "--workers",
    type=click.IntRange(1, 64),
    default=1,
    metavar="N",
    help="Serve in N processes at one port, each with a session of its own (Linux).  [default: 1]",
)


def _for_replay(_context: click.Context, _option: click.Parameter, text: str | None) -> None:
    if text is not None:
        raise click.UsageError("--workers is for replay: one process alone can write a cassette.")


_no_workers = click.option("--workers", hidden=True, expose_value=False, callback=_for_replay)


@cli.command(epilog="Example: tokentape record checkout --upstream https://api.stripe.com")
@_name
@_no_workers
@_settled("listen", "upstream", "cassettes", "allow_live", "strict", "config")
def record(settled: Settings, name: str) -> int:
    """Forward to the upstream and write a fresh take of cassette NAME.

    The take becomes the cassette when recording ends; until then the old one stands.
    """
    from tokentape import app

    return app.serve(settled, "record", name)


@cli.command(epilog="Example: tokentape replay checkout --strict")
@_name
@_prune
@_workers
@_settled("listen", "cassettes", "strict", "on_exhausted", "config")
def replay(settled: Settings, name: str, workers: int, *, prune: bool) -> int:
    """Serve cassette NAME and never open a connection.

    A request that it does not hold is answered with 424 and with what comes closest.
    """
    from tokentape import app

    if workers > 1:
        return app.share(settled, name, workers, prune=prune)
    return app.serve(settled, "replay", name, prune=prune)


@cli.command(epilog="Example: tokentape auto checkout")
@_name
@_no_workers
@_settled("listen", "upstream", "cassettes", "allow_live", "strict", "on_exhausted", "config")
def auto(settled: Settings, name: str) -> int:
    """Replay what cassette NAME knows, and record the rest."""
    from tokentape import app

    return app.serve(settled, "auto", name)


def _usual_mode() -> str:
    return settings.usual_mode(os.environ)


_mode = click.option(
    "--mode",
    type=click.Choice(["record", "replay", "auto"]),
    default=_usual_mode,
    help="What to do with traffic.  [default: replay where CI is set, else auto]",
)
_free_port = click.option(
    "--listen",
    metavar="HOST:PORT",
    default="127.0.0.1:0",
    help="Where to accept clients.  [default: a free port of 127.0.0.1]",
)


@cli.command(
    epilog="Example: tokentape run --cassette checkout -- pytest tests/checkout",
    context_settings={"allow_interspersed_args": False},
)
@_mode
@click.option(
    "--cassette", default="default", metavar="NAME", show_default=True, help="Which cassette."
)
@_settled(
    "upstream", "cassettes", "allow_live", "strict", "on_exhausted", "config", listen=_free_port
)
@_prune
@click.argument("command", nargs=-1, required=True, metavar="-- COMMAND...")
def run(
    settled: Settings, mode: str, cassette: str, command: tuple[str, ...], *, prune: bool
) -> int:
    """Run COMMAND beside a tokentape of its own, and return its status.

    COMMAND finds the address in the environment variable TOKENTAPE_URL.
    """
    from tokentape import app

    return app.run(settled, mode, cassette, command, prune=prune)


def _read_by(read: Callable[[str], Any]) -> Callable[..., Any]:
    """Return a callback that reads an option's text, if there is any."""

    def value(_context: click.Context, _option: click.Parameter, text: str | None) -> Any:  # noqa: ANN401
        try:
            return None if text is None else read(text)
        except ValueError as error:
            raise click.BadParameter(str(error)) from None

    return value


@cli.command(
    epilog="Example: tokentape serve -- npx jest",
    context_settings={"allow_interspersed_args": False},
)
@click.option(
    "--admin",
    metavar="HOST:PORT",
    callback=_read_by(settings.loopback),
    help="Where to open and close sessions.  [default: with COMMAND, a free port of 127.0.0.1]",
)
@_mode
@click.option(
    "--idle",
    metavar="SECONDS",
    callback=_read_by(settings.seconds),
    help="Close sessions that are asked nothing for so long.  [default: 300]",
)
@_settled("upstream", "cassettes", "allow_live", "strict", "on_exhausted", "config")
@click.argument("command", nargs=-1, metavar="[-- COMMAND...]")
def serve(
    settled: Settings,
    admin: tuple[str, int] | None,
    mode: str,
    idle: float | None,
    command: tuple[str, ...],
) -> int:
    """Serve sessions over HTTP: a cassette and a port for each test.

    Requests to the admin port carry the token of the environment variable TOKENTAPE_ADMIN_TOKEN.
    COMMAND finds the address in TOKENTAPE_ADMIN, and a token where none is set. docs/sessions.md
    has the routes, and what Jest and node:test need.
    """
    from tokentape import app

    if admin is None and not command:
        raise click.UsageError("Say where, --admin 127.0.0.1:12122, or what to run, -- COMMAND.")
    token = settings.admin_token(os.environ, required=not command)
    if idle is not None:
        settled = replace(settled, timeouts=replace(settled.timeouts, idle=idle))
    return app.administer(settled, admin or ("127.0.0.1", 0), token, mode, command)


@cli.command(epilog="Example: tokentape mock --listen 127.0.0.1:0")
@click.option(
    "--listen",
    metavar="HOST:PORT",
    default="127.0.0.1:12111",
    show_default=True,
    callback=_read_by(settings.address),
    help="Where to accept clients; port 0 picks one.",
)
def mock(listen: tuple[str, int]) -> int:
    """Serve the embedded stand-in for Stripe's tokens API."""
    from tokentape import app

    return app.mock(listen)


@cli.command(epilog="Example: tokentape scan cassettes src README.md")
@click.argument(
    "paths", nargs=-1, required=True, metavar="PATH...", type=click.Path(path_type=Path)
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "sarif"]),
    default="text",
    show_default=True,
    help="For people, for programs, or for annotations in CI.",
)
@_settled("config")
def scan(settled: Settings, paths: tuple[Path, ...], form: str) -> int:
    """Find secrets in cassettes and any other text.

    Secrets are card numbers, keys, client secrets, and in cassettes whatever is not redacted. PATH
    is a file, a folder with all that is in it, or - for standard input. Left out are .git,
    node_modules and virtual environments in folders, and binary files. Exits with 1 on a finding,
    with 2 if something cannot be read.
    """
    from tokentape import app

    return app.scan(paths, settled, form)


_form = click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="For people, or for programs.",
)


@cli.command(epilog="Example: tokentape verify checkout --upstream https://api.stripe.com")
@click.argument("name")
@_settled("upstream", "cassettes", "allow_live", "config")
def verify(settled: Settings, name: str) -> int:
    """Send the requests of cassette NAME again, and print what changed.

    Published test values are sent as they are, stand-ins for all others, and the key of the
    environment variable STRIPE_API_KEY, which the embedded upstream does not need. Answers are
    compared redacted. Exits with 1 on a difference, with 2 if the upstream cannot be asked.
    """
    from tokentape import app

    return app.verify(settled, name, os.environ.get("STRIPE_API_KEY", ""))


@cli.command(epilog="Example: tokentape ls")
@_form
@_settled("cassettes", "config")
def ls(settled: Settings, form: str) -> int:
    """List the cassettes, what is in them, and their last use.

    That is the end of the last session on this machine that replayed or recorded one. Exits with 1
    where one is damaged.
    """
    from tokentape import app

    return app.ls(settled, form)


@cli.command(epilog="Example: tokentape show checkout")
@click.argument("name")
@_form
@_settled("cassettes", "config")
def show(settled: Settings, name: str, form: str) -> int:
    """Print cassette NAME for people to read, or for programs."""
    from tokentape import app

    return app.show(settled, name, form)


@cli.command(epilog="Example: tokentape fmt cassettes/checkout.yaml")
@click.argument("cassette", nargs=-1, metavar="[NAME|FILE]...")
@click.option("--check", is_flag=True, help="Write nothing; exit with 1 if one is to be formatted.")
@_settled("cassettes", "config")
def fmt(settled: Settings, cassette: tuple[str, ...], *, check: bool) -> int:
    """Bring cassettes to canonical form, and resolve merges.

    A cassette is called by its name, or by its file, which ends in .yaml; all are meant where none
    is. Conflict markers of git are resolved: what either branch recorded is kept, what both
    recorded is kept once, and placeholders are numbered anew.
    """
    from tokentape import app

    return app.fmt(settled, cassette, check=check)


@cli.command(epilog="Example: tokentape recover checkout")
@click.argument("name")
@click.option("--discard", is_flag=True, help="Throw it away instead.")
@_settled("cassettes", "config")
def recover(settled: Settings, name: str, *, discard: bool) -> int:
    """Turn what an interrupted recording left into cassette NAME."""
    from tokentape import app

    return app.recover(settled, name, discard=discard)


@cli.command("import", epilog="Example: tokentape import tests/cassettes/test_pay.yaml")
@click.argument(
    "files", nargs=-1, required=True, metavar="FILE...", type=click.Path(path_type=Path)
)
@click.option("--name", default="", help="The new cassette's.  [default: after its file]")
@click.option("--force", is_flag=True, help="Replace a cassette that is there.")
@_settled("cassettes", "config")
def import_(settled: Settings, files: tuple[Path, ...], name: str, *, force: bool) -> int:
    """Make clean cassettes of those that plain vcrpy recorded.

    Of each FILE of vcrpy or pytest-recording, exchanges with /v1/tokens are recorded as if they
    came just now. The rest is left out. The files stay, and still hold what was sent.
    """
    from tokentape import app

    if name and len(files) > 1:
        raise click.UsageError("--name is for a single file")
    return app.import_(settled, files, name, force=force)


@cli.command(epilog="Example: tokentape demo")
def demo() -> int:
    """Show it all in one go, offline: mock, record, stop, replay, scan."""
    from tokentape import app

    return app.demo()


def _colour(environ: Mapping[str, str]) -> bool | None:
    """Tell whether to colour (no-color.org, force-color.org); None is on a terminal alone."""
    if environ.get("NO_COLOR"):
        return False
    return True if environ.get("FORCE_COLOR") else None


def main() -> NoReturn:
    """Run the command line and exit with its status: 2 for bad usage, 130 after Ctrl-C."""
    colour = _colour(os.environ)
    try:
        status = cli.main(prog_name="tokentape", standalone_mode=False, color=colour)
    except click.ClickException as error:
        error.show()
        status = error.exit_code
    except click.Abort:
        status = 130
    except TokentapeError as error:
        for line in str(error).splitlines():
            click.echo(
                f"tokentape: {click.style('error:', fg='red')} {line}", err=True, color=colour
            )
        status = error.exit_status
    sys.exit(status)


if __name__ == "__main__":
    main()
