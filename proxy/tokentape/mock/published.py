"""Stripe's published test values, as far as tokens are created from them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from stdnum import luhn

from tokentape.pure.stripe.published import read_published

VISA = "4242424242424242"
US_ACCOUNT = "000123456789"
US_ROUTING = "110000000"


@dataclass(frozen=True, slots=True)
class PublishedNumbers:
    """The published cards, and the numbers behind the published token ids."""

    cards: Mapping[str, Mapping[str, str]]
    """number -> brand, funding and country, in Stripe's words"""
    card_tokens: Mapping[str, str]
    """tok_… -> card number"""
    bank_tokens: Mapping[str, str]
    """btok_… -> account number of a US test account"""
    method_cards: Mapping[str, tuple[str, str]]
    """pm_card_… -> name and card number"""
    names: Mapping[str, str]
    """card number -> public name"""
    behaviours: Mapping[str, str]
    """public name of a card, token or payment method -> what Stripe documents of it"""


@lru_cache(maxsize=1)
def read_published_numbers(text: str) -> PublishedNumbers:
    """Read the table of published values, as `read_published` does."""
    published = read_published(text)
    cards: dict[str, Mapping[str, str]] = {}
    numbers, card_tokens, bank_tokens = {}, {}, {}
    for row in published.rows:
        value = row["value"]
        if row["kind"] == "card":
            cards[value] = {name: row[name] for name in ("brand", "funding", "country")}
            if luhn.is_valid(value):  # that of tok_visa_credit_ae is not: no card has it
                numbers[row["name"]] = value
        elif row["kind"] == "btok":
            account = published.value("account_number", f"us_{row['behaviour']}")
            if account:
                bank_tokens[value] = account
    methods: dict[str, tuple[str, str]] = {}
    for row in published.rows:
        name = row["name"].removeprefix("card_")
        if row["kind"] == "tok":
            card_tokens[row["value"]] = _card_number(row["name"], numbers)
        elif row["kind"] == "pm" and name != row["name"]:
            methods[row["value"]] = name, _card_number(name, numbers)
    return PublishedNumbers(
        cards,
        card_tokens,
        bank_tokens,
        methods,
        {number: name for name, number in numbers.items()},
        _behaviours(published.rows),
    )


def _behaviours(rows: Sequence[Mapping[str, str]]) -> dict[str, str]:
    behaviours: dict[str, str] = {}
    for kind, prefix in (("card", ""), ("tok", ""), ("pm", "card_")):
        for row in rows:
            if row["kind"] == kind:
                behaviours.setdefault(row["name"].removeprefix(prefix), row["behaviour"])
    return behaviours


def _card_number(token: str, numbers: Mapping[str, str]) -> str:
    """Return the number of the card with a token's name, or with the longest part of it."""
    return next((numbers[name] for name in _names(token) if name in numbers), VISA)


def _names(token: str) -> Iterator[str]:
    yield from (token, f"visa_{token}", token.removeprefix("visa_"))
    words = token.split("_")
    for count in range(len(words) - 1, 0, -1):
        yield "_".join(words[:count])
