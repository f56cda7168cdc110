"""The gate: what stands behind the door, and knows nothing of the catalog.

Before a byte is written it is read as an enemy would read it: decoded every way there is, and
searched for card numbers, keys and the raw values of the very exchange it came from. A finding
names its kind and line, never what was found.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cache, partial

from tokentape.pure.leak_check import cards, keys
from tokentape.pure.leak_check.findings import (
    CARD_NUMBER,
    CLIENT,
    CREDENTIALS,
    KEY,
    WEBHOOK,
    Finding,
)
from tokentape.pure.leak_check.raw_values import Wanted, wanted
from tokentape.pure.leak_check.views import remembering, views

__all__ = ["Wanted", "findings", "findings_elsewhere", "findings_in_one", "wanted"]

Finder = Callable[[bytes], Iterator[int]]
"""Yields the offsets in a text where something of one kind begins."""

_SHORTEST = 13
"""Characters of the shortest secret with a shape of its own: a card number."""


def findings(text: bytes) -> tuple[Finding, ...]:
    """Return where a cassette holds what might be a secret, whatever encoding it hides in."""
    return _found(text, _STRICT)


findings_in_one = remembering(findings)
"""Returns what `findings` does, of the text of one interaction."""


def findings_elsewhere(text: bytes, public: frozenset[str]) -> tuple[Finding, ...]:
    """Return where a text that is no cassette holds secrets; `public` card numbers are none."""
    finders = _careful(public)
    return tuple(
        Finding(before + found.line, found.kind)
        for before, block in _blocks(text)
        for found in _found(block, finders)
    )


_BLOCK = 4 << 20
"""Bytes that are looked at in one go: decoding takes several times as much memory."""


def _blocks(text: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield a text block by block, each with the number of lines before it, cut at line ends."""
    start = lines = 0
    while start < len(text):
        end = start + _BLOCK
        if end < len(text):
            end = text.rfind(b"\n", start, end) + 1 or end
        block = text[start:end]
        yield lines, block
        lines += block.count(b"\n")
        start = end


_STRICT: tuple[tuple[str, Finder], ...] = (
    (CARD_NUMBER, cards.any_card_number),
    (KEY, keys.any_key),
    (WEBHOOK, keys.any_webhook_secret),
    (CLIENT, keys.any_client_secret),
    (CREDENTIALS, keys.basic_credentials),
)


@cache
def _careful(public: frozenset[str]) -> tuple[tuple[str, Finder], ...]:
    return (
        (CARD_NUMBER, partial(cards.lone_card_number, public=public)),
        (CARD_NUMBER, partial(cards.named_card_number, public=public)),
        (KEY, keys.lone_key),
        (KEY, keys.lone_live_key),
        (WEBHOOK, keys.lone_webhook_secret),
        (CLIENT, keys.lone_client_secret),
        (CREDENTIALS, keys.basic_credentials),
    )


def _found(text: bytes, finders: Iterable[tuple[str, Finder]]) -> tuple[Finding, ...]:
    found = {
        Finding(view.line(offset), kind)
        for view in views(text, _SHORTEST)
        for kind, finder in finders
        for offset in finder(view.text)
    }
    return tuple(sorted(found))
