"""Files to scan: named files, what is in named folders, standard input, and what archives hold.

Everything comes as a stream of small parts, so memory does not depend on the size of a file. What
cannot be read raises OSError with the reason, after what can: nothing is left out silently.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import IO

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
    if _NO_WAIT:
        os.set_blocking(descriptor, True)
    return os.fdopen(descriptor, "rb")


_NO_WAIT = getattr(os, "O_NONBLOCK", 0)
