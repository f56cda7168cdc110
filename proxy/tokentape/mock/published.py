"""Stripe's published test values, as far as tokens are made of them."""

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
class Issue:
    """What an issuer's number says of a card, in Stripe's words."""

    brand: str
    funding: str
    country: str


@dataclass(frozen=True, slots=True)
class Published:
    """The published cards by number, and what the published token ids stand for."""

    cards: Mapping[str, Issue]
    card_tokens: Mapping[str, str]
    """tok_… -> card number"""
    bank_tokens: Mapping[str, str]
    """btok_… -> account number of a US test account"""


@lru_cache(maxsize=1)  # each embedded upstream reads the same
def read_published(text: str) -> Published:
    """Read the table (CSV: kind, name, value, brand, funding, country, behaviour, source)."""
    rows = tuple(csv.DictReader(text.splitlines()))
    cards, tokens = _of(rows, "card"), _of(rows, "tok")
    # The number published for tok_visa_credit_ae fails its check digit: no card has it.
    numbers = {row["name"]: row["value"] for row in cards if luhn.is_valid(row["value"])}
    accounts = {row["name"]: row["value"] for row in _of(rows, "account_number")}
    return Published(
        {row["value"]: Issue(row["brand"], row["funding"], row["country"]) for row in cards},
        {row["value"]: _card_number(row["name"], numbers) for row in tokens},
        {
            row["value"]: accounts[account]
            for row in _of(rows, "btok")
            if (account := f"us_{row['behaviour']}") in accounts
        },
    )


def _of(rows: tuple[dict[str, str], ...], kind: str) -> list[dict[str, str]]:
    return [row for row in rows if row["kind"] == kind]


def _card_number(token: str, numbers: Mapping[str, str]) -> str:
    """Return the card a token's name stands for: the same name, or the longest start of one."""
    return next((numbers[name] for name in _names(token) if name in numbers), VISA)


def _names(token: str) -> Iterator[str]:
    yield from (token, f"visa_{token}", token.removeprefix("visa_"))
    words = token.split("_")
    for count in range(len(words) - 1, 0, -1):
        yield "_".join(words[:count])
