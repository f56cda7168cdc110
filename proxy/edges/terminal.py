"""What people read while a session runs: lines on standard error, colour only on a terminal."""

from __future__ import annotations

from contextlib import suppress

import click


def say(text: str, *, colour: str | None = None) -> None:
    """Print a line to standard error under the program's name."""
    with suppress(OSError):  # no one reads this any more, or the log's disk is full: serve on
        click.secho("tokentape: ", nl=False, err=True, dim=True)
        click.secho(text, err=True, fg=colour)


def out(text: str = "", *, colour: str | None = None, bold: bool = False) -> None:
    """Print a line of a result to standard output."""
    click.secho(text, fg=colour, bold=bold)
