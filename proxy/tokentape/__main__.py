"""The command line: finds the module of a command, runs what that returns, and reports errors."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import NoReturn

import click

from tokentape import __version__
from tokentape.command_line.options import Invocation
from tokentape.errors import TokentapeError

COMMANDS = {
    "record": "sessions",
    "replay": "sessions",
    "auto": "sessions",
    "run": "sessions",
    "serve": "serve",
    "mock": "mock",
    "scan": "scan",
    "verify": "verify",
    "ls": "ls",
    "show": "show",
    "fmt": "fmt",
    "recover": "recover",
    "import": "import_",
    "demo": "demo",
}
"""The commands in the order of `--help`, and their modules: `command_line.ls` has `ls_command`."""

_FIRST_MINUTE = """\b
The first minute:
  tokentape record      forwards to the built-in mock of Stripe
  curl http://127.0.0.1:12121/v1/tokens -u sk_test_anything: -d "pii[id_number]=000000000"
  Ctrl-C                stops; the traffic is in cassettes/default.yaml
  tokentape replay      gives the same request the same answer, with no network

\b
Your own code needs a new base URL, nothing more. In Python:
  stripe.api_base = "http://127.0.0.1:12121"

Options can also come from the environment (TOKENTAPE_LISTEN and so on) and from the file
tokentape.yaml. An option wins over a variable, a variable over the file.
"""


class _LazyGroup(click.Group):
    """Imports a command when it is needed: `replay` need not wait for what all others import."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  click's interface
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"tokentape.command_line.{COMMANDS[cmd_name]}")
        command: click.Command = getattr(module, f"{cmd_name}_command")
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Suggest commands for a misspelt one, which click does for those that are imported."""
        try:
            return super().resolve_command(ctx, args)
        except click.NoSuchCommand as error:
            raise click.NoSuchCommand(error.command_name, possibilities=COMMANDS, ctx=ctx) from None


@click.group(
    cls=_LazyGroup,
    epilog=_FIRST_MINUTE,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, message="tokentape %(version)s")
def cli() -> None:
    """Record Stripe token traffic once, replay it offline, keep no secret."""


Runner = Callable[[Invocation], int]
"""Runs a command; returns its exit status."""


@cli.result_callback()
@click.pass_obj
def _run(runner: Runner, invocation: Invocation) -> int:
    return runner(invocation)


def _colour(environ: Mapping[str, str]) -> bool | None:
    """Return whether to use colour (no-color.org, force-color.org); None is on terminals only."""
    if environ.get("NO_COLOR"):
        return False
    return True if environ.get("FORCE_COLOR") else None


def main(runner: Runner = lambda invocation: invocation()) -> NoReturn:
    """Run the command line and exit with its status: 2 for bad usage, 130 after Ctrl-C."""
    colour = _colour(os.environ)
    try:
        status = cli.main(prog_name="tokentape", standalone_mode=False, color=colour, obj=runner)
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
