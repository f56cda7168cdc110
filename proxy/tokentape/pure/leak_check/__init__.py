"""The leak check: a second check behind redaction that does not use the catalog.

Before a byte is written, it is decoded in every known way and searched for card numbers and keys.
A finding has a kind and a line, never the value.

What was sent is not searched for. That everything in an interaction is a name of the API, a value
of its own field's vocabulary or a placeholder, is what `audit.redaction_check` requires of it. A
search for values would add only this: to refuse a person whose name is a word of the API.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial

from tokentape.pure.leak_check import cards, keys
from tokentape.pure.leak_check.findings import CARD_NUMBER, Finding
from tokentape.pure.leak_check.keys import Finder
from tokentape.pure.leak_check.views import cached_search, views

__all__ = ["cassette_findings", "interaction_findings", "text_findings"]

_SHORTEST = 13
"""Characters of the shortest secret with a recognisable shape, a card number."""
_BLOCK = 4 << 20
"""Bytes that are searched at once: decoding takes several times as much memory."""


def cassette_findings(text: bytes) -> tuple[Finding, ...]:
    """Return possible secrets in a cassette, in any encoding."""
    return _findings(text, ((CARD_NUMBER, cards.card_numbers), *keys.IN_CASSETTES))


interaction_findings = cached_search(cassette_findings)
"""Returns the same as `cassette_findings`, for the text of one interaction."""


def text_findings(text: bytes, public: frozenset[str]) -> tuple[Finding, ...]:
    """Return secrets in a text that is not a cassette, except the `public` card numbers."""
    finders: tuple[Finder, ...] = (
        (CARD_NUMBER, partial(cards.separate_card_numbers, public=public)),
        (CARD_NUMBER, partial(cards.labelled_card_numbers, public=public)),
        *keys.IN_TEXT,
    )
    return tuple(
        Finding(lines_before + finding.line, finding.kind)
        for lines_before, block in _blocks(text)
        for finding in _findings(block, finders)
    )


def _blocks(text: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield a text in blocks that end at line ends, each with the number of lines before it."""
    start = lines = 0
    while start < len(text):
        end = start + _BLOCK
        if end < len(text):
            end = text.rfind(b"\n", start, end) + 1 or end
        block = text[start:end]
        yield lines, block
        lines += block.count(b"\n")
        start = end


def _findings(text: bytes, finders: Iterable[Finder]) -> tuple[Finding, ...]:
    findings = {
        Finding(view.line(offset), kind)
        for view in views(text, _SHORTEST)
        for kind, finder in finders
        for offset in finder(view.text)
    }
    return tuple(sorted(findings))
