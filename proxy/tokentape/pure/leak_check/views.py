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

from tokentape.pure.cassette.model import OUTLINES_CACHED
from tokentape.pure.leak_check.decodings import MAX_INFLATED, SHORTEST, decoded
from tokentape.pure.leak_check.patterns import of_characters

MAX_DEPTH = 10
"""Levels of nested encodings, for example percent twice in base64 in JSON in JSON."""
_EXTRA_ROOM = 4 << 20
"""Bytes that all decodings together may have, in addition to four times the text."""
_LINE_END = re.compile(b"\n")

_MAX_CACHED = 16 * 1024
"""Bytes of the largest interaction whose result is cached."""

# Format characters and combining marks are invisible; the listed ones are letters and symbols that
# are blank: Hangul fillers, the blank Braille cell.
_INVISIBLE = of_characters(rb"[\p{Mn}\p{Me}\p{Cf}\x{115f}\x{1160}\x{2800}\x{3164}\x{ffa0}]+")
_DIGIT = of_characters(rb"[^\P{Nd}0-9]")
# What stands between groups of digits: dashes and minus signs, bars and lines of boxes, dots.
_MARKS = (
    (
        re.compile(
            "[\u058a\u05be\u1400\u1806\u2010-\u2015\u2043\u2212\u2500\u2501\u2e17\u2e1a\u2e3a\u2e3b"
            "\u2e40\u301c\u3030\u30a0\U00010ead]"
        ),
        "-",
    ),
    (re.compile("[\u00a6\u2016\u2502\u2503\u2551\u23d0\uffe8]"), "|"),
    (re.compile("[\u00b7\u2022\u2027\u2219\u22c5\u25cf\u30fb]"), "."),
    (re.compile("[\u1680\u2028\u2029]"), " "),
)
# Tags (U+E0020 to U+E007E) spell ASCII without showing it.
_TAG = of_characters(rb"[\x{e0020}-\x{e007e}]")
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
    for marks, mark in _MARKS:
        folded = marks.sub(mark, folded)
    text = folded.encode("utf-8", "surrogateescape")
    text = _TAG.sub(lambda tag: b"%c" % (ord(tag[0].decode()) - _TAGS_BEGIN), text)
    text = _INVISIBLE.sub(b"", text)
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


class Cut(View):
    """Where what is not decoded begins: its only line."""


def cached_search(search: Callable[[bytes], T]) -> Callable[[bytes], T]:
    """Return `search` with a cache for the texts of interactions."""
    cached = lru_cache(OUTLINES_CACHED)(search)
    return lambda text: cached(text) if len(text) <= _MAX_CACHED else search(text)


def views(text: bytes) -> Iterator[View]:
    """Yield `text` and its decodings, without pieces too short for a secret.

    The last one is a `Cut` if there is more that is not decoded: too deep, or too large.
    """
    view = View(plain(text))
    room = 4 * len(text) + _EXTRA_ROOM
    rows: dict[bytes, int] = {}
    cut = 0
    for _ in range(MAX_DEPTH):
        yield view
        first_new = len(rows)
        for offset, piece in decoded(view.text):
            room -= len(piece)
            if room < 0 or len(piece) == MAX_INFLATED:
                cut = cut or view.line(offset)
            if room < 0:
                break
            row = _row(piece)
            if len(row) >= SHORTEST:
                rows.setdefault(row, view.line(offset))
        if len(rows) == first_new:
            break
        new = list(islice(rows.items(), first_new, None))
        view = View(plain(b"\n".join(row for row, _ in new)), [line for _, line in new])
    else:
        yield view
        deeper = (
            offset
            for offset, piece in decoded(view.text)
            if len(row := _row(piece)) >= SHORTEST and row not in rows
        )
        cut = cut or next((view.line(offset) for offset in deeper), 0)
    if cut:
        yield Cut(b"", [cut])


def _row(piece: bytes) -> bytes:
    """Return a piece as one row, without zero bytes: so ASCII text in UTF-16 is ASCII."""
    return piece.replace(b"\0", b"").replace(b"\n", b"\r")
