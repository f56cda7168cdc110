"""Card numbers: digits with the prefix and length of a brand, and a valid check digit.

There are two searches. A cassette has few digits, so its search is strict, and it is here: it takes
digits with anything but letters between them, also across lines. Other text has ids, hashes and
tables, so its search is careful: see `cards_in_text`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from stdnum import luhn

from tokentape.pure.leak_check.patterns import bytewise
from tokentape.pure.stripe.cards import brand

_DIGIT = re.compile(rb"[0-9]")
NO_DIGIT = re.compile(rb"[^0-9]+")


def is_card_number(digits: bytes, public: Collection[str] = ()) -> bool:
    """Tell whether digits are a card number that can exist, and is not in `public`."""
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
        digits = NO_DIGIT.sub(b"", row[0])
        first = 0 if len(digits) > _MAX_DIGITS else _first_card_number(digits)
        if first is not None:
            yield row.start() + [digit.start() for digit in _DIGIT.finditer(row[0])][first]


def _first_card_number(digits: bytes) -> int | None:
    for start in range(len(digits) - 12):
        lengths = brand(digits[start : start + 4].decode("ascii")).lengths
        if any(is_card_number(digits[start : start + length]) for length in lengths):
            return start
    return None
