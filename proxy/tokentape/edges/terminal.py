"""What people read while a session runs: lines on standard error, colour only on a terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import TypeVar

import click

T = TypeVar("T")


def say(text: str, *, colour: str | None = None) -> None:
    """Print a line to standard error under the program's name.

    Where that cannot be (no one reads any more, the log's disk is full), all goes on, unheard.
    """
    try:
        # In one go: other processes may write there too.
        click.echo(click.style("tokentape: ", dim=True) + click.style(text, fg=colour), err=True)
    except OSError:  # what is stuck in the buffer would fail again, and change the exit status
        sys.stderr = None


def counted(items: Sequence[T], what: str) -> Iterator[T]:
    """Yield items, and show on a terminal how far that is."""
    hidden = not (sys.stderr and sys.stderr.isatty())
    with click.progressbar(items, label=what, file=sys.stderr, hidden=hidden) as bar:
        yield from bar


def out(text: str = "", *, colour: str | None = None, bold: bool = False) -> None:
    """Print a line of a result to standard output."""
    click.secho(text, fg=colour, bold=bold or None)
