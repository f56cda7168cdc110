"""Views of a text: the text itself, then each level of decoding, with their line numbers."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TypeVar

from tokentape.pure.leak_check.decodings import decoded
from tokentape.pure.leak_check.lookalikes import plain

MAX_DEPTH = 6
"""Levels of nested encodings, for example percent twice in base64 in JSON in JSON."""
_EXTRA_ROOM = 4 << 20
"""Bytes that all decodings together may have, in addition to four times the text."""
_LINE_END = re.compile(b"\n")

_CACHE_SIZE = 200
"""Interactions whose result is cached."""
_MAX_CACHED = 16 * 1024
"""Bytes of the largest interaction whose result is cached."""

T = TypeVar("T")


@dataclass(frozen=True)
class View:
    """A text or one level of its decoding. `lines` has the line of the text for each row."""

    text: bytes
    lines: Sequence[int]

    def line(self, offset: int) -> int:
        """Return the line of the text, from 1, for an offset of the view."""
        return self.line_of_row(bisect_right(self._ends, offset - 1))

    def line_of_row(self, row: int) -> int:
        """Return the line of the text, from 1, for a row of the view, from 0."""
        return self.lines[row] if self.lines else row + 1

    @cached_property
    def _ends(self) -> list[int]:
        return [end.start() for end in _LINE_END.finditer(self.text)]


def cached_search(search: Callable[[bytes], T]) -> Callable[[bytes], T]:
    """Return `search` with a cache for the texts of interactions."""
    cached = lru_cache(_CACHE_SIZE)(search)
    return lambda text: cached(text) if len(text) <= _MAX_CACHED else search(text)


def views(text: bytes, shortest: int) -> Iterator[View]:
    """Yield `text` and its decodings, without pieces shorter than `shortest` characters."""
    view = View(plain(text), ())
    room = 4 * len(text) + _EXTRA_ROOM
    seen: set[bytes] = set()
    for _ in range(MAX_DEPTH):
        yield view
        pieces: list[bytes] = []
        lines: list[int] = []
        for offset, piece in decoded(view.text, shortest):
            room -= len(piece)
            if room < 0:
                break
            line = _one_line(piece)
            if len(line) >= shortest and line not in seen:
                seen.add(line)
                pieces.append(line)
                lines.append(view.line(offset))
        if not pieces:
            return
        view = View(plain(b"\n".join(pieces)), lines)
    yield view


def _one_line(piece: bytes) -> bytes:
    r"""Return a decoded piece as one row of a view.

    Zero bytes are removed, so that ASCII text in UTF-16 becomes ASCII.

    >>> _one_line(b"a\0b\0\n\0")
    b'ab\r'
    """
    return piece.replace(b"\0", b"").replace(b"\n", b"\r")
