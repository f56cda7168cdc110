"""Well-formed stand-ins for variables that no live request has bound.

Each follows from the cassette's name and the variable alone, so a token has the same id in the
answer that made it and in the one that retrieves it, in every run. None can be a real value: the
ranges are those set aside for documentation.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Mapping
from functools import lru_cache
from hashlib import blake2b

from stdnum import luhn
from stdnum.us import rtn

from tokentape.pure.notation.placeholders import Placeholder
from tokentape.pure.stripe.kinds import ID_PREFIXES

_ID_LENGTHS = {"req": 14, "acct": 16, "cus": 14}
_EPOCH = 1_700_000_000
"""November 2023: times of stand-ins are in the past, and grow with the variable's number."""
_BRAND_STARTS = {
    "visa": ("4", 16),
    "mastercard": ("55", 16),
    "amex": ("37", 15),
    "discover": ("6011", 16),
    "diners": ("36", 14),
    "jcb": ("3530", 16),
    "unionpay": ("62", 16),
    "unknown": ("9", 16),
}


def stand_in(found: Placeholder, seed: str) -> str:
    """Return the stand-in of a variable (or of a class, by its name) under a cassette's name."""
    kind, number = found.kind, found.number or "1"
    if kind in ID_PREFIXES:
        length = _ID_LENGTHS.get(kind, 24)
        return f"{ID_PREFIXES[kind]}_1" + _letters(f"{seed}|{kind}|{number}", length - 1)
    if kind == "time":
        return str(_epoch(seed) + int(number))
    if not found.number and (kind, found.name) in _CLASSES:
        return _CLASSES[kind, found.name]
    if kind == "card":
        return _card(found.name, f"{seed}|card|{number}")
    make = _MAKERS.get(kind)
    return make(f"{seed}|{kind}|{number}", number) if make else f"{kind} {found.name or number}"


@lru_cache(maxsize=8)
def _epoch(seed: str) -> int:
    """Return when the times of a seed begin."""
    return _EPOCH + _below(f"{seed}|time", 10_000_000)


def _digest(key: str) -> int:
    return int.from_bytes(blake2b(key.encode(), digest_size=24).digest())


def _below(key: str, limit: int) -> int:
    return _digest(key) % limit


def _letters(key: str, length: int) -> str:
    digest = blake2b(key.encode(), digest_size=18).digest()
    return b64encode(digest, b"Zz")[:length].decode("ascii")


def _digits(key: str, length: int) -> str:
    return str(_below(key, 10**length)).zfill(length)


def _last4(_: str, number: str) -> str:
    """Return four digits that no other variable has, for the first thousands; never 0000."""
    return str(int(number) * 7919 % 9973 + 1).zfill(4)


def _phone(_: str, number: str) -> str:
    """Return a number set aside for fiction: 555-0100 to 555-0199 in each area code."""
    area, line = divmod(int(number) - 1, 100)
    return f"+1{201 + area % 799}55501{line:02}"


def _documentation_ip(number: int) -> str:
    """Return an address set aside for documentation: RFC 5737, then RFC 3849."""
    if number < 255:
        return f"203.0.113.{number}"
    return f"2001:db8::{number:x}"


def _card(guard: str, key: str) -> str:
    brand, _, invalid = guard.partition("_")
    start, length = _BRAND_STARTS.get(brand, _BRAND_STARTS["visa"])
    body = start + _digits(key, length - len(start) - 1)
    check = int(luhn.calc_check_digit(body))
    return body + str((check + 1) % 10 if invalid else check)


def _routing_number(body: str) -> str:
    """Return a number with its check digit; 99 is no district of the Federal Reserve."""
    return body + rtn.calc_check_digit(body)


_CLASSES: Mapping[tuple[str, str], str] = {
    ("cvc", "4"): "1234",
    ("cvc", "invalid"): "12",
    ("exp_month", "invalid"): "month",
    ("exp_year", "invalid"): "year",
    ("exp_year", "past"): "1999",
}
"""Stand-ins of classes that are not the usual one of their kind."""

_MAKERS: Mapping[str, Callable[[str, str], str]] = {
    "account_number": lambda key, _: "000" + _digits(key, 9),
    "address": lambda _, number: f"{number} Example Street",
    "cvc": lambda _, __: "123",
    "dob": lambda key, _: f"19{_digits(key, 2)}-6-15",
    "email": lambda _, number: f"person{number}@example.com",  # RFC 2606
    "exp_month": lambda _, __: "12",
    "exp_year": lambda _, __: "2099",
    "field": lambda _, number: f"field_{number}",
    "fingerprint": lambda key, _: _letters(key, 16),
    "government_id": lambda key, _: _digits(key, 9),
    "id_number": lambda key, _: _digits(key, 9),
    "ip": lambda _, number: _documentation_ip(int(number)),
    "json": lambda _, __: "null",
    "last4": _last4,
    "name": lambda _, number: f"Person {number}",
    "object_id": lambda key, _: "id_1" + _letters(key, 23),
    "phone": _phone,
    "routing_number": lambda key, _: _routing_number("99" + _digits(key, 6)),
    "ssn_last4": _last4,
    "tax_id": lambda key, _: _digits(key, 9),
    "url": lambda _, number: f"https://example.com/{number}",
}
