"""Files to scan: named files, what is in named folders, standard input, and what archives hold.

Everything comes as a stream of small parts, so memory does not depend on the size of a file. What
cannot be read raises OSError with the reason, after what can: nothing is left out silently.
"""

from __future__ import annotations

import io
import os
import stat
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import IO, Any

from tokentape.edges.files_to_scan.folders import NamedFile, files_in
from tokentape.edges.files_to_scan.unpacking import MAX_UNPACKED, Content, Unpacking, parts

__all__ = ["STANDARD_INPUT", "Content", "NamedFile", "contents", "files_in", "read"]

STANDARD_INPUT = Path("-")
MAX_BYTES = 256 << 20
"""Bytes of the largest file that is read as a whole."""


def contents(file: NamedFile, max_unpacked: int = MAX_UNPACKED) -> Iterator[Content]:
    """Yield the content of a file; of an archive, that of each file in it.

    Each has to be read before the next. At most `max_unpacked` bytes come out of one archive.
    """
    name = file.path.as_posix()
    if file.problem:
        yield Content.unread(name, file.problem)
        return
    try:
        opened = _opened(file.path)
    except OSError as error:
        yield Content.unread(name, error.strerror or "an error of the system")
        return
    with opened as stream:
        yield from Unpacking(max_unpacked).contents(name, parts(stream), stream)


def read(path: Path) -> bytes:
    """Return the whole of a file, or of standard input. Raises OSError."""
    with _opened(path) as stream:
        data = stream.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise OSError(None, f"larger than {MAX_BYTES >> 20} MiB, split it")
    return data


def _opened(path: Path) -> AbstractContextManager[IO[bytes]]:
    if path == STANDARD_INPUT:
        return nullcontext(sys.stdin.buffer)
    # To open a pipe that nobody writes to would otherwise wait for ever.
    descriptor = os.open(path, os.O_RDONLY | _NO_WAIT | getattr(os, "O_BINARY", 0))
    if stat.S_ISFIFO(os.fstat(descriptor).st_mode):
        return io.BufferedReader(_Pipe(descriptor))
    if _NO_WAIT:
        os.set_blocking(descriptor, True)
    return os.fdopen(descriptor, "rb")


_NO_WAIT = getattr(os, "O_NONBLOCK", 0)
_PIPE = 1 << 16


class _Pipe(io.FileIO):
    """A pipe, waited for if there is a writer."""

    def __init__(self, descriptor: int) -> None:
        """Read what is there. Raises OSError where nobody writes to it, and nobody has."""
        super().__init__(descriptor)
        self._first = self.read(_PIPE)  # None: there is a writer, and nothing yet
        if self._first == b"":
            self.close()
            raise OSError(None, "a pipe that nobody writes to")
        os.set_blocking(descriptor, True)

    def readinto(self, buffer: Any) -> int | None:  # noqa: ANN401  whatever is written to
        if not self._first:
            return super().readinto(buffer)
        size = min(len(buffer), len(self._first))
        buffer[:size], self._first = self._first[:size], self._first[size:]
        return size
