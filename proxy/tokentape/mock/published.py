"""Stripe's published test values, as far as tokens are created from them."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from stdnum import luhn

VISA = "4242424242424242"
US_ACCOUNT = "000123456789"
US_ROUTING = "110000000"


@dataclass(frozen=True, slots=True)
class CardDetails:
    """What the number of a published card determines, in Stripe's words."""

    brand: str
    funding: str
    country: str


@dataclass(frozen=True, slots=True)
class PublishedNumbers:
    """The published cards by number, and the numbers behind the published token ids."""

    cards: Mapping[str, CardDetails]
    card_tokens: Mapping[str, str]
    """tok_… -> card number"""
    bank_tokens: Mapping[str, str]
    """btok_… -> account number of a US test account"""


@lru_cache(maxsize=1)  # each embedded upstream reads the same
def read_published_numbers(text: str) -> PublishedNumbers:
    """Read the table (CSV: kind, name, value, brand, funding, country, behaviour, source)."""
    rows = tuple(csv.DictReader(text.splitlines()))
    cards, tokens = _rows_of_kind(rows, "card"), _rows_of_kind(rows, "tok")
    # The number published for tok_visa_credit_ae fails its check digit: no card has it.
    numbers = {row["name"]: row["value"] for row in cards if luhn.is_valid(row["value"])}
    accounts = {row["name"]: row["value"] for row in _rows_of_kind(rows, "account_number")}
    return PublishedNumbers(
        {row["value"]: CardDetails(row["brand"], row["funding"], row["country"]) for row in cards},
        {row["value"]: _card_number(row["name"], numbers) for row in tokens},
        {
            row["value"]: accounts[account]
            for row in _rows_of_kind(rows, "btok")
            if (account := f"us_{row['behaviour']}") in accounts
        },
    )


def _rows_of_kind(rows: tuple[dict[str, str], ...], kind: str) -> list[dict[str, str]]:
    return [row for row in rows if row["kind"] == kind]


def _card_number(token: str, numbers: Mapping[str, str]) -> str:
    """Return the number of the card with a token's name, or with the longest part of it."""
    return next((numbers[name] for name in _names(token) if name in numbers), VISA)


def _names(token: str) -> Iterator[str]:
    yield from (token, f"visa_{token}", token.removeprefix("visa_"))
    words = token.split("_")
    for count in range(len(words) - 1, 0, -1):
        yield "_".join(words[:count])
