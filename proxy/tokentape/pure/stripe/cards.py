"""Card numbers: their brands, lengths and check digits."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from stdnum import luhn


class Brand(NamedTuple):
    """A brand of cards."""

    name: str
    """As a card's class says it."""
    title: str
    """As Stripe writes it."""
    pattern: re.Pattern[str]
    """Matches the first digits of its numbers."""
    lengths: tuple[int, ...]
    """The lengths of its numbers, the usual one first."""
    stand_in: str
    """The first digits of stand-ins."""


# Issuer identification ranges and lengths: ISO/IEC 7812 as published by the networks.
BRANDS: Mapping[str, Brand] = {
    name: Brand(name, title, re.compile(pattern), tuple(lengths), stand_in)
    for name, title, pattern, lengths, stand_in in (
        ("visa", "Visa", r"4", (16, 13, 19), "4"),
        ("mastercard", "MasterCard", r"5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720", (16,), "55"),
        ("amex", "American Express", r"3[47]", (15,), "37"),
        ("discover", "Discover", r"6011|64[4-9]|65", range(16, 20), "6011"),
        ("diners", "Diners Club", r"30[0-5]|3095|36|3[89]", range(14, 20), "36"),
        ("jcb", "JCB", r"35(?:2[89]|[3-8])", range(16, 20), "3530"),
        ("unionpay", "UnionPay", r"62|81", range(16, 20), "62"),
        ("unknown", "Unknown", r"", (16, 13, 14, 15, 17, 18, 19), "9"),
    )
}
CARD_CLASSES = frozenset(name + valid for name in BRANDS for valid in ("", "_invalid"))


def digits(text: str) -> str:
    """Return a card or account number without the spaces and dashes that people write."""
    return text.replace(" ", "").replace("-", "")


def brand(number: str) -> Brand:
    """Return the brand of a card number (digits only)."""
    for candidate in BRANDS.values():
        if candidate.pattern.match(number):
            break
    return candidate


def card_class(text: str) -> str:
    """Return a card number's class: its brand, with `_invalid` where no such card can exist.

    Valid means a length of the brand and a right check digit (ISO/IEC 7812-1 annex B).
    """
    number = digits(text)
    if not (number.isascii() and number.isdigit()):
        return "unknown_invalid"
    card_brand = brand(number)
    valid = len(number) in card_brand.lengths and luhn.is_valid(number)
    return card_brand.name if valid else f"{card_brand.name}_invalid"
