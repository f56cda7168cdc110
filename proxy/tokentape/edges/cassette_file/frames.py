"""What stands in a take: recorded interactions in frames, so that a torn tail shows."""

from __future__ import annotations

import io

_FRAME = b"# end of interaction "


def framed(chunk: bytes, number: int) -> bytes:
    """Put a frame line after an interaction; `number` counts all that the take holds, from 1."""
    return b"%b%b%d\n" % (chunk, _FRAME, number)


def whole(take: io.FileIO) -> tuple[int, bytes]:
    """Return the interactions of a take up to its last frame line: their count, and the cassette.

    0 if there is no frame line.
    """
    text = bytearray()
    count = whole_count = end = 0
    take.seek(0)
    with open(take.fileno(), "rb", closefd=False) as lines:
        for line in lines:
            if b"\0" in line:  # a power cut may leave gaps in the file
                break
            if line.startswith(_FRAME):
                if line != framed(b"", count):
                    break
                whole_count, end = count, len(text)
                continue
            count += line.startswith(b"- ")
            text += line
    return whole_count, bytes(memoryview(text)[:end])
