"""A text as it stands, and then level by level as it reads decoded, each with its lines known."""

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
"""How deep encodings are followed: percent twice inside base64 inside JSON inside JSON, say."""
_SPARE = 4 << 20
"""Bytes that decodings may add up to beside four times the text: a bomb ends there."""
_LINE_END = re.compile(b"\n")

_REMEMBERED = 200
"""Interactions that are kept in mind, of at most so many bytes:"""
_SMALL = 16 * 1024

T = TypeVar("T")


@dataclass(frozen=True)
class View:
    """One reading of a text. `lines` holds the text's own line for each line of the view."""

    text: bytes
    lines: Sequence[int]

    def line(self, offset: int) -> int:
        """Return the line of the text, from 1, that stands behind an offset of the view."""
        return self.line_of_row(bisect_right(self._ends, offset - 1))

    def line_of_row(self, row: int) -> int:
        """Return the line of the text that stands behind a row of the view, from 0."""
        return self.lines[row] if self.lines else row + 1

    @cached_property
    def _ends(self) -> list[int]:
        return [end.start() for end in _LINE_END.finditer(self.text)]


def remembering(look: Callable[[bytes], T]) -> Callable[[bytes], T]:
    """Return a look at texts of interactions that looks at each text once."""
    remembered = lru_cache(_REMEMBERED)(look)
    return lambda text: remembered(text) if len(text) <= _SMALL else look(text)


def views(text: bytes, shortest: int) -> Iterator[View]:
    """Yield `text`, and what it says in encodings if that has `shortest` characters or more."""
    view = View(plain(text), ())
    room = 4 * len(text) + _SPARE
    seen: set[bytes] = set()
    for _ in range(MAX_DEPTH):
        yield view
        pieces: list[bytes] = []
        lines: list[int] = []
        for offset, piece in decoded(view.text, shortest):
            room -= len(piece)
            if room < 0:
                break
            one = _one_line(piece)
            if len(one) >= shortest and one not in seen:
                seen.add(one)
                pieces.append(one)
                lines.append(view.line(offset))
        if not pieces:
            return
        view = View(plain(b"\n".join(pieces)), lines)
    yield view


def _one_line(piece: bytes) -> bytes:
    """Return a piece as one line of a view; without zeros, UTF-16 of ASCII reads as ASCII."""
    return piece.replace(b"\0", b"").replace(b"\n", b"\r")
