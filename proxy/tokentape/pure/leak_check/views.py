"""Views of a text: the text itself, then each level of decoding, with their line numbers.

In all of them look-alike characters are plain: other digits, full-width letters and invisible
characters.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import islice
from typing import TypeVar

import re2

from tokentape.pure.cassette.model import OUTLINES_CACHED
from tokentape.pure.leak_check.decodings import decoded

MAX_DEPTH = 6
"""Levels of nested encodings, for example percent twice in base64 in JSON in JSON."""
_EXTRA_ROOM = 4 << 20
"""Bytes that all decodings together may have, in addition to four times the text."""
_LINE_END = re.compile(b"\n")

_MAX_CACHED = 16 * 1024
"""Bytes of the largest interaction whose result is cached."""

# Format characters and combining marks are invisible; the listed ones are letters and symbols that
# are blank: Hangul fillers, the blank Braille cell.
_INVISIBLE = re2.compile(rb"[\p{Mn}\p{Me}\p{Cf}\x{115f}\x{1160}\x{2800}\x{3164}\x{ffa0}]+")
_DIGIT = re2.compile(rb"[^\P{Nd}0-9]")
# What stands between groups of digits: dashes and minus signs, bars and lines of boxes, dots.
_MARKS = (
    (re2.compile(rb"[\p{Pd}\x{2212}\x{2043}\x{2500}\x{2501}]"), b"-"),
    (re2.compile(rb"[\x{a6}\x{2016}\x{2502}\x{2503}\x{2551}\x{23d0}\x{ffe8}]"), b"|"),
    (re2.compile(rb"[\x{b7}\x{2022}\x{2027}\x{2219}\x{22c5}\x{25cf}\x{30fb}]"), b"."),
    (re2.compile(rb"[\p{Zs}\p{Zl}\p{Zp}]"), b" "),
)
# Tags (U+E0020 to U+E007E) spell ASCII without showing it.
_TAG = re2.compile(rb"[\x{e0020}-\x{e007e}]")
_TAGS_BEGIN = 0xE0000

T = TypeVar("T")


def plain(text: bytes) -> bytes:
    """Replace look-alikes in UTF-8 text with plain characters; lines and other bytes stay.

    >>> plain("\uff14\u0662 caf\u00e9".encode()).decode()
    '42 café'
    """
    if text.isascii():
        return text
    folded = unicodedata.normalize("NFKC", text.decode("utf-8", "surrogateescape"))
    text = folded.encode("utf-8", "surrogateescape")
    text = _TAG.sub(lambda tag: b"%c" % (ord(tag[0].decode()) - _TAGS_BEGIN), text)
    text = _INVISIBLE.sub(b"", text)
    for marks, mark in _MARKS:
        text = marks.sub(mark, text)
    return bytes(_DIGIT.sub(lambda digit: b"%d" % unicodedata.digit(digit[0].decode()), text))


@dataclass(frozen=True)
class View:
    """A text or one level of its decoding. `lines` has the line of the text for each row."""

    text: bytes
    lines: Sequence[int] = ()

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
    cached = lru_cache(OUTLINES_CACHED)(search)
    return lambda text: cached(text) if len(text) <= _MAX_CACHED else search(text)


def views(text: bytes, shortest: int) -> Iterator[View]:
    """Yield `text` and its decodings, without pieces shorter than `shortest` characters."""
    view = View(plain(text))
    room = 4 * len(text) + _EXTRA_ROOM
    rows: dict[bytes, int] = {}
    for _ in range(MAX_DEPTH):
        yield view
        first_new = len(rows)
        for offset, piece in decoded(view.text, shortest):
            room -= len(piece)
            if room < 0:
                break
            # Without zero bytes, ASCII text in UTF-16 is ASCII.
            row = piece.replace(b"\0", b"").replace(b"\n", b"\r")
            if len(row) >= shortest:
                rows.setdefault(row, view.line(offset))
        if len(rows) == first_new:
            return
        new = list(islice(rows.items(), first_new, None))
        view = View(plain(b"\n".join(row for row, _ in new)), [line for _, line in new])
    yield view
