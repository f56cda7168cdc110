"""Cards: what Stripe checks when a token is created, and the card object it returns."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date

from tokentape.mock.api_errors import card_error
from tokentape.mock.parameters import Parameters
from tokentape.pure.stripe.cards import brand, card_class, digits
from tokentape.pure.stripe.kinds import guard

CARD_NAME = "published name"
"""The name under which a card has its public name, or "" for a number that is not published: what a
charge of it ends in depends on that. No response shows it."""


def card(
    parameters: Parameters, today: date, published: Mapping[str, Mapping[str, str]]
) -> dict[str, object]:
    """Return the card in `card[…]`, without an id. Raises ApiError (402) for an invalid card.

    `published` has the brand, funding and country of cards by their numbers. Fields and nulls are
    those recorded in stripe-ios (2025-10-13); `currency` only if it was sent.
    """
    number = _number(parameters)
    exp_month, exp_year = _expiry(parameters, today)
    cvc = parameters.text("card", "cvc")
    if cvc is not None:
        check_cvc(cvc, number)
    # ISO/IEC 7812 gives only the brand; the rest is what most of Stripe's test cards have.
    default = {"brand": brand(number).title, "funding": "credit", "country": "US"}
    currency = parameters.text("card", "currency")
    return {
        "object": "card",
        **_address(parameters),
        **published.get(number, default),
        **({"currency": currency.lower()} if currency else {}),
        "cvc_check": _check(cvc),
        "dynamic_last4": None,
        "email": None,
        "exp_month": exp_month,
        "exp_year": exp_year,
        "last4": number[-4:],
        "metadata": {},
        "name": parameters.text("card", "name"),
        "networks": {"preferred": parameters.text("card", "networks", "preferred")},
        "phone": None,
        "regulated_status": "unregulated",
        "tokenization_method": None,
        "wallet": None,
    }


def check_cvc(cvc: str, number: str = "") -> None:
    """Raise ApiError unless a CVC has 3 digits, or 4 where the card may be an Amex card."""
    amex = not number or brand(number).name == "amex"
    if guard("cvc", cvc) not in ("3", "4" if amex else "3"):
        raise card_error("invalid_cvc")


def _number(parameters: Parameters) -> str:
    number = parameters.text("card", "number") or ""
    if card_class(number).endswith("_invalid"):
        raise card_error("incorrect_number")
    return digits(number)


def _expiry(parameters: Parameters, today: date) -> tuple[int, int]:
    month = _integer(parameters.text("card", "exp_month"), "[0-9]{1,2}")
    year = _integer(parameters.text("card", "exp_year"), "[0-9]{2}|[0-9]{4}")
    if not 1 <= month <= 12:
        raise card_error("invalid_expiry_month")
    year += 2000 if 0 <= year < 100 else 0
    if year < today.year:
        raise card_error("invalid_expiry_year")
    if (year, month) < (today.year, today.month):
        raise card_error("invalid_expiry_month")
    return month, year


def _integer(text: str | None, pattern: str) -> int:
    stripped = (text or "").strip()
    return int(stripped) if re.fullmatch(pattern, stripped) else -1


def _address(parameters: Parameters) -> dict[str, object]:
    parts = ("city", "country", "line1", "line2", "state", "zip")
    fields = {f"address_{part}": parameters.text("card", f"address_{part}") for part in parts}
    checks = {f"{name}_check": _check(fields[name]) for name in ("address_line1", "address_zip")}
    return {**fields, **checks}


def _check(value: str | None) -> str | None:
    """Return the state of a check before the first charge: None for a value that was not sent."""
    return None if value is None else "unchecked"
