"""What each kind of sensitive value is: its class guard, its parts, when two values are the same.

A guard is a closed class on which Stripe's answer depends; apart from it a cassette knows nothing
of a value. Kinds without identity (a CVC, a key) are kept as their class alone: PCI DSS 3.3.1
forbids to keep a CVC in any form, and one key of a class does as well as another.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from stdnum import luhn

CLASS_ONLY = frozenset({"cvc", "key", "idempotency_key", "device", "exp_month", "exp_year"})
"""Kinds stored as `{{kind:class}}`, with no number: any live value of the class will do."""

INTEGER_KINDS = frozenset({"time"})
"""Kinds that are JSON numbers in Stripe's answers."""

PLAIN_KINDS = frozenset(
    {
        "account_number",
        "address",
        "card",
        "dob",
        "email",
        "field",
        "fingerprint",
        "government_id",
        "id_number",
        "ip",
        "json",
        "last4",
        "name",
        "object_id",
        "phone",
        "routing_number",
        "ssn_last4",
        "tax_id",
        "text",
        "time",
        "url",
    }
)

ID_KINDS: Mapping[str, str] = {
    "acct": "acct",
    "ba": "ba",
    "btok": "btok",
    "card": "card_id",
    "ch": "ch",
    "cpt": "cpt",
    "ct": "ct",
    "cus": "cus",
    "cvctok": "cvctok",
    "file": "file",
    "fp": "fp",
    "person": "person",
    "pi": "pi",
    "pii": "pii_id",
    "pm": "pm",
    "req": "req",
    "seti": "seti",
    "src": "src",
    "tok": "tok",
}
"""Stripe's object ids by prefix; `card` and `pii` name other things too, hence their suffix."""

ID_PREFIXES: Mapping[str, str] = {kind: prefix for prefix, kind in ID_KINDS.items()}

MADE_KINDS = frozenset(ID_PREFIXES) | {"object_id", "fingerprint", "time"}
"""Kinds of values that Stripe makes up: a client that sends one has it from an answer."""

KINDS = PLAIN_KINDS | CLASS_ONLY | frozenset(ID_PREFIXES)


_GLOBAL = frozenset(ID_PREFIXES) | {"object_id"}
"""Kinds whose values are the same wherever they occur: an id names one object everywhere."""


@dataclass(slots=True, repr=False, eq=False)
class Secret:
    """A sensitive value on its way through memory. Its repr gives its kind only.

    `key` is what makes two values one: the kind, the field, and the form in which spellings of one
    value are the same (a card number's digits). `text` is the value as it came, given back at
    replay. There are many in each request, and to make frozen ones would take three times as long.
    """

    kind: str
    key: str
    text: str

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)

    def __repr__(self) -> str:
        return f"<Secret {self.kind}>"

    @property
    def field(self) -> str:
        """The field that the value stands in, as `secret` took it; blank for an id."""
        _, length, rest = self.key.split("|", 2)
        return rest[: int(length)]


def secret(kind: str, text: str, field: str = "") -> Secret:
    """Return the secret that `text` is, as a value of `kind` in a field.

    Ids are the same wherever they occur. Any other value is the same only in the same field:
    whether a city and a state are spelt alike is a coincidence, and tells something about a person.

    >>> secret("name", "Ada", "card.name") == secret("name", "Ada", "person.first_name")
    False
    >>> secret("tok", "tok_1", "card") == secret("tok", "tok_1", "source")
    True
    """
    if kind in _GLOBAL:
        field = ""
    return Secret(kind, f"{kind}|{len(field)}|{field}|{same(kind, text)}", text)


def same(kind: str, text: str) -> str:
    """Return the form in which two spellings of a value of a kind are the same."""
    return digits(text) if kind in _SPACED else text


def guard(kind: str, text: str, *, this_year: int = 0) -> str:
    """Return the class of a value within its kind, or "" where the kind has no classes."""
    if kind == "card":
        return card_guard(text)
    if kind not in CLASS_ONLY:
        return ""
    if kind == "cvc":
        return cvc_class(text)
    if kind == "key":
        return key_class(text)
    if kind in ("exp_month", "exp_year"):
        return expiry_class(kind, text, this_year)
    return "sent"


def digits(text: str) -> str:
    """Return a card number as Stripe reads it: without spaces and dashes."""
    return text.replace(" ", "").replace("-", "")


def compact(text: str) -> str:
    """Return an account number without the spaces and dashes that people write."""
    return digits(text)


_SPACED = frozenset({"card", "account_number"})

# Issuer identification ranges and lengths: ISO/IEC 7812 as published by the networks; the names
# are Stripe's brands in lower case. The longest prefix wins.
_BRANDS: tuple[tuple[str, str, frozenset[int]], ...] = (
    ("visa", r"4", frozenset({13, 16, 19})),
    ("mastercard", r"5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720", frozenset({16})),
    ("amex", r"3[47]", frozenset({15})),
    ("discover", r"6011|64[4-9]|65", frozenset(range(16, 20))),
    ("diners", r"30[0-5]|3095|36|3[89]", frozenset(range(14, 20))),
    ("jcb", r"35(?:2[89]|[3-8])", frozenset(range(16, 20))),
    ("unionpay", r"62|81", frozenset(range(16, 20))),
)
BRANDS = (*(name for name, _, _ in _BRANDS), "unknown")
"""The brands that a card's class may name."""
_BRAND_PATTERNS = tuple((name, re.compile(iin), lengths) for name, iin, lengths in _BRANDS)


def brand(number: str) -> tuple[str, frozenset[int]]:
    """Return the brand of a card number (digits only) and the lengths its numbers have."""
    for name, pattern, lengths in _BRAND_PATTERNS:
        if pattern.match(number):
            return name, lengths
    return "unknown", frozenset(range(13, 20))


def card_guard(text: str) -> str:
    """Return a card number's class: its brand, with `_invalid` where no such card can exist.

    Valid means a length of the brand and a right check digit (ISO/IEC 7812-1 annex B).
    """
    number = digits(text)
    if not (number.isascii() and number.isdigit()):
        return "unknown_invalid"
    name, lengths = brand(number)
    right = len(number) in lengths and luhn.is_valid(number)
    return name if right else f"{name}_invalid"


def cvc_class(text: str) -> str:
    """Return a CVC's length class: 3, 4 or invalid."""
    plain = text.strip()
    right = plain.isascii() and plain.isdigit() and len(plain) in (3, 4)
    return str(len(plain)) if right else "invalid"


def expiry_class(kind: str, text: str, this_year: int) -> str:
    """Return past or future for a year, valid or invalid for a month; invalid for no number."""
    if not re.fullmatch(r"[0-9]{1,4}", text.strip()):
        return "invalid"
    number = int(text)
    if kind == "exp_month":
        return "valid" if 1 <= number <= 12 else "invalid"
    year = number + 2000 if number < 100 else number
    return "past" if year < this_year else "future"


_KEY = re.compile(r"(sk|rk|pk|ek|uk|rkcs)_(org_)?(test|live)_|(oak)_(?:(test|live)_)?")


def key_class(text: str) -> str:
    """Return an API key's kind and mode, such as sk_test; `unknown` for anything else."""
    match = _KEY.match(text)
    return match[0].rstrip("_") if match else "unknown"


def is_live_key(text: str) -> bool:
    """Tell whether this is a key of Stripe's live mode, whatever its kind."""
    return key_class(text).endswith("live")


def masked(key: str) -> str:
    """Return a key as Stripe's 401 message quotes it: first 8, asterisks, last 4 (recorded)."""
    return key[:8] + "*" * max(len(key) - 12, 0) + key[8:][-4:]


_ID = re.compile(r"([a-z]+)_[A-Za-z0-9_]{1,250}")


def id_kind(text: str) -> str:
    """Return the kind of an object id by its prefix; `text` for what is no id at all."""
    match = _ID.fullmatch(text)
    return ID_KINDS.get(match[1], "object_id") if match else "text"


SLOTS: Mapping[str, Mapping[str, Callable[[str], str]]] = {
    "card": {"last4": lambda value: digits(value)[-4:], "iin": lambda value: digits(value)[:6]},
    "account_number": {"last4": lambda value: compact(value)[-4:]},
    "dob": {
        "year": lambda value: value.split("-")[0],
        "month": lambda value: value.split("-")[1],
        "day": lambda value: value.split("-")[2],
    },
    "key": {"masked": masked},
}
"""The parts of a value that Stripe answers with, or that a client sends one by one."""
