"""What stands in a take: interactions in frames, so that a torn tail shows. See the package."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator

LIST = b"interactions:\n"
EMPTY_LIST = b"interactions: []\n"
FRAME = b"# end of interaction "
BEGUN = b"# recorded from here on\n"


def framed(chunks: Iterable[bytes], start: int) -> Iterator[bytes]:
    """Put a frame line after each interaction, numbered from `start`."""
    for number, chunk in enumerate(chunks, start):
        yield b"%b%b%d\n" % (chunk, FRAME, number)


def whole(take: io.FileIO) -> tuple[int, int]:
    """Return how many whole interactions a take holds and their end; zeros if none is new."""
    count = kept = end = position = 0
    begun = False
    for line in _lines(take):
        position += len(line)
        if line == BEGUN:
            begun, kept = True, count
        elif line == b"%b%d\n" % (FRAME, count + 1):
            count, end = count + 1, position
        elif line.startswith(FRAME) or b"\0" in line:  # a power cut may leave gaps in the file
            break
    return (count, end) if begun and count > kept else (0, 0)


def _lines(take: io.FileIO) -> Iterator[bytes]:
    take.seek(0)
    with open(take.fileno(), "rb", closefd=False) as lines:
        yield from lines


def unframed(take: io.FileIO, end: int, *, empty: bool) -> Iterator[bytes]:
    """Yield the first `end` bytes of a take as lines of a cassette, which may be `empty`."""
    position = 0
    for line in _lines(take):
        position += len(line)
        if position > end:
            return
        if not line.startswith((FRAME, BEGUN)):
            yield EMPTY_LIST if empty and line == LIST else line
