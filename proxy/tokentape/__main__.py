"""The command line: runs what a command returns, and reports errors."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from typing import NoReturn

import click

from tokentape.command_line import serving  # noqa: F401  declares commands: the first of --help

# isort: split
from tokentape.command_line import cassettes  # noqa: F401  and the others
from tokentape.command_line.options import Invocation, cli
from tokentape.errors import TokentapeError

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
