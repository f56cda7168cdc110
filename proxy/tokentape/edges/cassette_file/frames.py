"""What stands in a take: recorded interactions in frames, so that a torn tail shows."""

from __future__ import annotations

import io
from collections.abc import Iterator

_FRAME = b"# end of interaction "


def framed(chunk: bytes, number: int) -> bytes:
    """Put a frame line after an interaction; `number` counts all that the take holds, from 1."""
    return b"%b%b%d\n" % (chunk, _FRAME, number)


def whole(take: io.FileIO) -> tuple[int, int]:
    """Return how many interactions a take holds, and its end, up to the last frame line."""
    count = framed_count = end = position = 0
    for line in _lines(take):
        position += len(line)
        if b"\0" in line:  # a power cut may leave gaps in the file
            break
        if line.startswith(b"- "):
            count += 1
        elif line.startswith(_FRAME):
            if line != framed(b"", count):
                break
            framed_count, end = count, position
    return framed_count, end


def unframed(take: io.FileIO, end: int) -> Iterator[bytes]:
    """Yield the first `end` bytes of a take, which end with a line, as lines of a cassette."""
    position = 0
    for line in _lines(take):
        position += len(line)
        if position > end:
            return
        if not line.startswith(_FRAME):
            yield line


def _lines(take: io.FileIO) -> Iterator[bytes]:
    take.seek(0)
    with open(take.fileno(), "rb", closefd=False) as lines:
        yield from lines
