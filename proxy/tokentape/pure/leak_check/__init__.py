"""The leak check: a second check behind redaction that does not use the catalog.

Before a byte is written, it is decoded in every known way and searched for card numbers and keys.
A finding has a kind and a line, never the value.

What was sent is not searched for. That everything in an interaction is a name of the API, a value
of its own field's vocabulary or a placeholder, is what `audit.redaction_check` requires of it. A
search for values would add only this: to refuse a person whose name is a word of the API.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from functools import partial

from tokentape.pure.leak_check import cards, cards_in_text, keys
from tokentape.pure.leak_check.findings import CARD_NUMBER, UNDECODED, Finding
from tokentape.pure.leak_check.keys import Finder
from tokentape.pure.leak_check.views import Cut, View, cached_search, views

__all__ = ["cassette_findings", "interaction_findings", "text_findings"]

_BLOCK = 4 << 20
"""Bytes that are searched at once: decoding takes several times as much memory."""
_OVERLAP = 64 << 10
"""Bytes that are searched twice, so that a secret of so many, encoded, may be anywhere."""


def cassette_findings(text: bytes) -> tuple[Finding, ...]:
    """Return possible secrets in a cassette, in any encoding."""
    return _findings((text,), ((CARD_NUMBER, cards.card_numbers), *keys.IN_CASSETTES))


interaction_findings = cached_search(cassette_findings)
"""Returns the same as `cassette_findings`, for the text of one interaction."""


def text_findings(parts: Iterable[bytes], public: frozenset[str]) -> tuple[Finding, ...]:
    """Return secrets in a text that is not a cassette, except the `public` card numbers.

    The text comes in parts of any size. Time is linear in it, and memory does not depend on it.
    """
    finders: tuple[Finder, ...] = (
        *((CARD_NUMBER, partial(search, public=public)) for search in cards_in_text.SEARCHES),
        *keys.IN_TEXT,
    )
    return _findings(parts, finders)


def _findings(parts: Iterable[bytes], finders: Collection[Finder]) -> tuple[Finding, ...]:
    findings = {
        Finding(lines_before + line, kind)
        for lines_before, block in _blocks(parts)
        for view in views(block)
        for line, kind in _in_view(view, finders)
    }
    return tuple(sorted(findings))


def _in_view(view: View, finders: Collection[Finder]) -> Iterator[tuple[int, str]]:
    if isinstance(view, Cut):
        yield view.line_of_row(0), UNDECODED
    for kind, finder in finders:
        for offset in finder(view.text):
            yield view.line(offset), kind


def _blocks(parts: Iterable[bytes]) -> Iterator[tuple[int, bytes]]:
    """Yield a text in blocks, each with the number of lines before it.

    They overlap, and begin and end at line ends if there are any, else between words: half a number
    could be taken for a whole one.
    """
    block = bytearray()
    lines = 0
    for piece in (part[at : at + _BLOCK] for part in parts for at in range(0, len(part), _BLOCK)):
        block += piece
        while len(block) >= _BLOCK:
            end = _cut(block, _BLOCK - _OVERLAP, _BLOCK)
            yield lines, bytes(block[:end])
            start = _cut(block, end - 2 * _OVERLAP, end - _OVERLAP)
            lines += block.count(b"\n", 0, start)
            del block[:start]
    yield lines, bytes(block)


def _cut(text: bytearray, first: int, last: int) -> int:
    """Return where to cut a text: after the last line end of a stretch of it, or between words."""
    at = text.rfind(b"\n", first, last)
    if at < 0:
        at = max(text.rfind(mark, first, last) for mark in _BETWEEN_WORDS)
    return at + 1 if at >= 0 else last


_BETWEEN_WORDS = (b" ", b"\t", b",", b";", b"&", b'"', b"'", b">")
