"""The leak check: a second check behind redaction that does not use the catalog.

Before a byte is written, it is decoded in every known way and searched for card numbers, keys and
the raw values of its exchange. A finding has a kind and a line, never the value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cache, partial

from tokentape.pure.leak_check import cards, keys
from tokentape.pure.leak_check.findings import (
    CARD_NUMBER,
    CLIENT,
    CREDENTIALS,
    STRIPE_KEY,
    WEBHOOK,
    Finding,
)
from tokentape.pure.leak_check.raw_values import RawValues
from tokentape.pure.leak_check.views import cached_search, views

__all__ = ["RawValues", "cassette_findings", "interaction_findings", "text_findings"]

Finder = Callable[[bytes], Iterator[int]]
"""Yields the offsets at which secrets of one kind begin in a text."""

_SHORTEST = 13
"""Characters of the shortest secret with a recognisable shape, a card number."""


def cassette_findings(text: bytes) -> tuple[Finding, ...]:
    """Return possible secrets in a cassette, in any encoding."""
    return _findings(text, _CASSETTE_FINDERS)


interaction_findings = cached_search(cassette_findings)
"""Returns the same as `cassette_findings`, for the text of one interaction."""


def text_findings(text: bytes, public: frozenset[str]) -> tuple[Finding, ...]:
    """Return secrets in a text that is not a cassette, except the `public` card numbers."""
    finders = _text_finders(public)
    return tuple(
        Finding(lines_before + finding.line, finding.kind)
        for lines_before, block in _blocks(text)
        for finding in _findings(block, finders)
    )


_BLOCK = 4 << 20
"""Bytes that are searched at once: decoding takes several times as much memory."""


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


_CASSETTE_FINDERS: tuple[tuple[str, Finder], ...] = (
    (CARD_NUMBER, cards.card_numbers),
    (STRIPE_KEY, keys.keys_of_any_form),
    (WEBHOOK, keys.webhook_secrets),
    (CLIENT, keys.client_secrets),
    (CREDENTIALS, keys.basic_credentials),
)


@cache
def _text_finders(public: frozenset[str]) -> tuple[tuple[str, Finder], ...]:
    return (
        (CARD_NUMBER, partial(cards.separate_card_numbers, public=public)),
        (CARD_NUMBER, partial(cards.labelled_card_numbers, public=public)),
        (STRIPE_KEY, keys.random_keys),
        (STRIPE_KEY, keys.separate_live_keys),
        (WEBHOOK, keys.random_webhook_secrets),
        (CLIENT, keys.random_client_secrets),
        (CREDENTIALS, keys.basic_credentials),
    )


def _findings(text: bytes, finders: Iterable[tuple[str, Finder]]) -> tuple[Finding, ...]:
    findings = {
        Finding(view.line(offset), kind)
        for view in views(text, _SHORTEST)
        for kind, finder in finders
        for offset in finder(view.text)
    }
    return tuple(sorted(findings))
