"""What people read: results on standard output, all else on standard error; colour on terminals.

While a session runs, a thread writes to standard error (`unblocked`): a pipe that nobody reads is
full after 64 KiB, and a write to it waits for ever. What the thread cannot write in time is left
out and counted.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from queue import Full, Queue
from threading import Thread
from typing import TypeVar

import click

T = TypeVar("T")

_WAITING = 200
"""How many pieces of output may wait to be written."""
_LAST_SECONDS = 1.0
"""How long the end of a session waits for them."""


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
    """Print lines to standard error under the program's name, in one piece.

    Where that fails (nobody reads it any more, the log's disk is full), they are left out.
    """
    if _output.as_json:
        say_documents({"type": "message", "text": line.text} for line in lines)
        return
    prefix = click.style("tokentape: ", dim=True)
    _write([prefix + click.style(line.text, fg=line.colour) for line in lines])


def say_documents(documents: Iterable[Mapping[str, object]]) -> None:
    """Print objects to standard error as JSON, each on a line, as `say_lines` does."""
    _write([json.dumps(document, ensure_ascii=False) for document in documents])


def say(text: str, *, colour: str | None = None) -> None:
    """Print a line as `say_lines` does."""
    say_lines([Line(text, colour)])


def is_read_by_people() -> bool:
    """Tell whether standard error is a terminal, whose reader may be offered more."""
    return bool(sys.stderr and sys.stderr.isatty()) and not _output.as_json


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


class _Writer:
    """Writes to standard error in a thread."""

    def __init__(self) -> None:
        self._pieces: Queue[str | None] = Queue(_WAITING)  # None comes last
        self._left_out = 0
        self._thread = Thread(target=self._run, name="tokentape output", daemon=True)
        self._thread.start()

    def put(self, lines: Sequence[str]) -> None:
        """Have lines written, unless too much waits to be written already."""
        note = f"tokentape: {self._left_out} lines are left out here, which nobody read in time"
        try:
            self._pieces.put_nowait("".join(f"{line}\n" for line in self._noted(note, lines)))
            self._left_out = 0
        except Full:
            self._left_out += len(lines)

    def _noted(self, note: str, lines: Sequence[str]) -> Sequence[str]:
        if not self._left_out:
            return lines
        return [json.dumps({"type": "message", "text": note}) if _output.as_json else note, *lines]

    def close(self) -> None:
        """Wait until all is written, but not for long."""
        until = time.monotonic() + _LAST_SECONDS
        with suppress(Full):
            self._pieces.put(None, timeout=_LAST_SECONDS)
            self._thread.join(until - time.monotonic())

    def _run(self) -> None:
        while (text := self._pieces.get()) is not None:
            with suppress(OSError, ValueError):  # nobody reads it any more, or it is closed
                _write_raw(text)


def _write_raw(text: str) -> None:
    """Write past Python's own buffer: its lock would hold up the end of the process."""
    raw = getattr(getattr(sys.stderr, "buffer", None), "raw", None)
    if raw is None:  # a test's
        click.echo(text, err=True, nl=False)
        return
    data = memoryview(text.encode("utf-8", "backslashreplace"))
    while data:
        written = raw.write(data)
        if written is None:  # it does not block (Node's pipes), and is full
            time.sleep(0.02)
        data = data[written or 0 :]


@dataclass(slots=True)
class _Output:
    """How this process writes to standard error now."""

    writer: _Writer | None = None
    as_json: bool = False


_output = _Output()


@contextmanager
def unblocked(*, as_json: bool = False) -> Iterator[None]:
    """Let no reader of standard error hold up this process meanwhile."""
    # Windows' console is not written to by bytes, and its pipes are read by programs only.
    _output.writer = None if sys.platform == "win32" else _Writer()
    _output.as_json = as_json
    try:
        yield
    finally:
        if _output.writer:
            _output.writer.close()
        _output.writer, _output.as_json = None, False


def _write(lines: Sequence[str]) -> None:
    if _output.writer:
        _output.writer.put(lines if _is_coloured() else [*map(click.unstyle, lines)])
        return
    try:
        # In one piece: other processes may write to the same file.
        click.echo("\n".join(lines), err=True)
    except OSError:  # what is left in the buffer would fail again, and change the exit status
        sys.stderr = None


def _is_coloured() -> bool:
    context = click.get_current_context(silent=True)
    if context is not None and context.color is not None:
        return context.color
    return bool(sys.stderr and sys.stderr.isatty())
