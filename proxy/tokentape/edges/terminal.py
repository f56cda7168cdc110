"""What people read: results on standard output, all else on standard error; colour on terminals."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import click

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text, without its end; the colour is one of click's."""

    text: str = ""
    colour: str | None = None
    bold: bool = False


def print_lines(lines: Iterable[Line]) -> None:
    """Print lines of a result to standard output."""
    for line in lines:
        click.secho(line.text, fg=line.colour, bold=line.bold or None)


def say_lines(lines: Iterable[Line]) -> None:
    """Print lines as `say` does."""
    for line in lines:
        say(line.text, colour=line.colour)


def say(text: str, *, colour: str | None = None) -> None:
    """Print a line to standard error under the program's name.

    Where that fails (nobody reads it any more, the log's disk is full), it is left out.
    """
    try:
        # In one piece: other processes may write to the same file.
        click.echo(click.style("tokentape: ", dim=True) + click.style(text, fg=colour), err=True)
    except OSError:  # what is left in the buffer would fail again, and change the exit status
        sys.stderr = None


def notice(text: str) -> None:
    """Print what a person should see while a session runs, as `say` does."""
    say(text, colour="yellow")


def fault(kind: str) -> None:
    """Print the class name of an error inside, as `say` does."""
    say(f"failed inside at a request: {kind}", colour="red")


def with_progress(items: Sequence[T], label: str) -> Iterator[T]:
    """Yield items, with a progress bar if standard error is a terminal."""
    hidden = not (sys.stderr and sys.stderr.isatty())
    with click.progressbar(items, label=label, file=sys.stderr, hidden=hidden) as bar:
        yield from bar
