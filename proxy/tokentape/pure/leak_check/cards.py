"""Card numbers: digits with the prefix and length of a brand, and a valid check digit.

There are two searches. A cassette has few digits, so its search is strict: it takes digits with
anything but letters between them, also across lines. Other text has ids, hashes and tables, so its
search is careful: a number must be separate from other words, unbroken or in groups as printed on
cards. Digits in other groups count only after a word for cards.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from itertools import accumulate

from stdnum import luhn

from tokentape.pure.leak_check.decodings import bytewise
from tokentape.pure.stripe.cards import brand

_DIGIT = re.compile(rb"[0-9]")
_NO_DIGIT = re.compile(rb"[^0-9]+")
_MAX_LENGTH = 19


def _is_card_number(digits: bytes, public: Collection[str] = ()) -> bool:
    number = digits.decode("ascii")
    card_brand = brand(number)
    possible = len(number) in card_brand.lengths and number not in public
    return possible and card_brand.name != "unknown" and luhn.is_valid(number)


_SCATTERED_DIGITS = bytewise(rb"[0-9](?:[^0-9A-Za-z]*[0-9]){12,}")
_MAX_DIGITS = 1_000
"""A longer row of digits is a finding in itself, and is not searched."""


def card_numbers(text: bytes) -> Iterator[int]:
    """Yield the offset of the first card number in each row of digits (strict search)."""
    for row in _SCATTERED_DIGITS.finditer(text):
        digits = _NO_DIGIT.sub(b"", row[0])
        first = 0 if len(digits) > _MAX_DIGITS else _first_card_number(digits)
        if first is not None:
            yield row.start() + [digit.start() for digit in _DIGIT.finditer(row[0])][first]


def _first_card_number(digits: bytes) -> int | None:
    for start in range(len(digits) - 12):
        lengths = brand(digits[start : start + 4].decode("ascii")).lengths
        if any(_is_card_number(digits[start : start + length]) for length in lengths):
            return start
    return None


_UNBROKEN = bytewise(rb"[0-9]{14,16}|[0-9]{17,}")
_GROUPED = bytewise(
    b"|".join(
        rb"[0-9]{4}%s(?:[0-9]{4}%s[0-9]{4}%s[0-9]{4}|[0-9]{6}%s[0-9]{4,5})" % ((gap,) * 4)
        for gap in (b" {1,2}", b"-", b"_", rb"\.", rb"\+")
    )
)
_COMMON_LENGTHS = frozenset({14, 15, 16})
"""Longer and shorter card numbers are rare, and ids of those lengths are not."""


def separate_card_numbers(text: bytes, public: Collection[str]) -> Iterator[int]:
    """Yield offsets of separate card numbers (careful search), except `public` ones (digits)."""
    for pattern, embedded in ((_UNBROKEN, _IN_LONGER_WORD), (_GROUPED, _IN_TABLE)):
        for match in pattern.finditer(text):
            digits = _NO_DIGIT.sub(b"", match[0])
            if len(digits) in _COMMON_LENGTHS and _is_card_number(digits, public):
                before, after = _context(text, *match.span())
                if not embedded.search(before + b"\n" + after) and not _ID_LABEL.search(before):
                    yield match.start()


_CONTEXT = 64
"""Bytes before and after a number that are searched for what it is."""
_IN_LONGER_WORD = re.compile(rb"(?:[A-Za-z0-9]|[0-9]\.)\n|\n(?:[A-Za-z0-9]|\.[0-9])")
_IN_TABLE = re.compile(
    rb"(?:[A-Za-z0-9.]|(?=[A-F]{0,5}[0-9])[0-9A-F]{4,6}[ +-])\n"
    rb"|\n(?:[A-Za-z0-9]|[ .+-](?=[A-F]{0,5}[0-9])[0-9A-F]{4,6})"
)
_ID_LABEL = re.compile(
    rb"(?:\b(?:id|ID|ts)|_id|_ID|[a-z]I[dD]|time|stamp|hash|seq|seed|isbn|ean|gtin|imei|offset|nonce)"
    rb"[\"']?\s*[:=]\s*[\"']?$|[A-Z]{2}[0-9]{2} $"
)
"""The name of an id or time, or the beginning of an IBAN, directly before a number."""


def _context(text: bytes, start: int, end: int) -> tuple[bytes, bytes]:
    """Return the text before and after a number within its line."""
    before = text[max(start - _CONTEXT, 0) : start].rpartition(b"\n")[2]
    return before, text[end : end + _CONTEXT].partition(b"\n")[0]


_LOOSELY_GROUPED = bytewise(rb"[0-9](?:[ .+_/-]?[0-9]){12,}")
_GROUP = re.compile(rb"[0-9]+")
_CARD_LABEL = re.compile(
    rb"(?i)card|visa|amex|discover|diners|jcb|unionpay|\b(?:pan|cc)\b|[\"'\[]number[\"'\]]"
)


def labelled_card_numbers(text: bytes, public: Collection[str]) -> Iterator[int]:
    """Yield offsets of card numbers in unusual groups or lengths after a word for cards."""
    for match in _LOOSELY_GROUPED.finditer(text):
        before, after = _context(text, *match.span())
        if _CARD_LABEL.search(before) and not _IN_LONGER_WORD.search(before + b"\n" + after):
            groups = list(_GROUP.finditer(match[0]))
            for first, group in enumerate(groups):
                numbers = accumulate(each[0] for each in groups[first : first + _MAX_LENGTH])
                if any(len(each) > 12 and _is_card_number(each, public) for each in numbers):
                    yield match.start() + group.start()
