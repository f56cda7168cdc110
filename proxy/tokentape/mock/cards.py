"""Cards: what Stripe checks when a token is made, and the card object it answers with."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date

from tokentape.mock.parameters import Parameters
from tokentape.mock.published import Issue
from tokentape.mock.refusals import card_error
from tokentape.pure.stripe.kinds import brand, card_guard, cvc_class, digits

_BRANDS: Mapping[str, str] = {
    "amex": "American Express",
    "diners": "Diners Club",
    "discover": "Discover",
    "jcb": "JCB",
    "mastercard": "MasterCard",
    "unionpay": "UnionPay",
    "unknown": "Unknown",
    "visa": "Visa",
}


def card(asked: Parameters, today: date, published: Mapping[str, Issue]) -> dict[str, object]:
    """Return the card of `card[…]`, still without id. Raises Refusal (402) for a wrong one.

    Fields and nulls as recorded in stripe-ios (2025-10-13); `currency` is there when it was sent.
    """
    number = _number(asked)
    exp_month, exp_year = _expiry(asked, today)
    cvc = asked.text("card", "cvc")
    if cvc is not None:
        check_cvc(cvc, number)
    issue = published.get(number) or _issue(number)
    currency = asked.text("card", "currency")
    return {
        "object": "card",
        **_address(asked),
        "brand": issue.brand,
        "country": issue.country,
        **({"currency": currency.lower()} if currency else {}),
        "cvc_check": _unchecked(cvc),
        "dynamic_last4": None,
        "email": None,
        "exp_month": exp_month,
        "exp_year": exp_year,
        "funding": issue.funding,
        "last4": number[-4:],
        "metadata": {},
        "name": asked.text("card", "name"),
        "networks": {"preferred": asked.text("card", "networks", "preferred")},
        "phone": None,
        "regulated_status": "unregulated",
        "tokenization_method": None,
        "wallet": None,
    }


def check_cvc(cvc: str, number: str = "") -> None:
    """Raise Refusal for a CVC of a wrong length: 3 digits, or 4 where an Amex card may be meant."""
    amex = not number or brand(number)[0] == "amex"
    if cvc_class(cvc) not in ("3", "4" if amex else "3"):
        raise card_error("invalid_cvc")


def _number(asked: Parameters) -> str:
    sent = asked.text("card", "number") or ""
    if card_guard(sent).endswith("_invalid"):
        raise card_error("incorrect_number")
    return digits(sent)


def _expiry(asked: Parameters, today: date) -> tuple[int, int]:
    month = _whole(asked.text("card", "exp_month"), "[0-9]{1,2}")
    year = _whole(asked.text("card", "exp_year"), "[0-9]{2}|[0-9]{4}")
    if not 1 <= month <= 12:
        raise card_error("invalid_expiry_month")
    year += 2000 if 0 <= year < 100 else 0
    if year < today.year:
        raise card_error("invalid_expiry_year")
    if (year, month) < (today.year, today.month):
        raise card_error("invalid_expiry_month")
    return month, year


def _whole(text: str | None, form: str) -> int:
    plain = (text or "").strip()
    return int(plain) if re.fullmatch(form, plain) else -1


def _issue(number: str) -> Issue:
    # ISO/IEC 7812 ranges tell the brand alone; the rest is as of most of Stripe's test cards.
    return Issue(_BRANDS[brand(number)[0]], "credit", "US")


def _address(asked: Parameters) -> dict[str, object]:
    parts = ("city", "country", "line1", "line2", "state", "zip")
    sent = {f"address_{part}": asked.text("card", f"address_{part}") for part in parts}
    checks = {f"{name}_check": _unchecked(sent[name]) for name in ("address_line1", "address_zip")}
    return {**sent, **checks}


def _unchecked(sent: str | None) -> str | None:
    """Return the state of a check until the first charge: null for what was not given."""
    return None if sent is None else "unchecked"
