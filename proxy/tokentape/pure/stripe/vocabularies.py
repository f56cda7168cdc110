"""The closed forms in which values are kept as they are: each gives a value's normal form, or None.

A form is closed: it takes digits, members of a list, or words of the API, and no text of people.
`~word` takes any word of lower-case letters: the catalog has it in answers only, for fields that
Stripe fills from a vocabulary of its own which its SDK does not list.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Protocol


class Vocabulary(Protocol):
    """What the forms are taken from."""

    @property
    def lists(self) -> Mapping[str, frozenset[str]]:
        """Countries and currencies, by name of the list."""
        ...

    @property
    def words(self) -> frozenset[str]:
        """Every name of the API."""
        ...

    @property
    def error_codes(self) -> frozenset[str]:
        """The codes of errors."""
        ...


_Form = Callable[[str, Vocabulary], str | None]


def _matching(pattern: str, normal: Callable[[str], str] = str) -> _Form:
    compiled = re.compile(pattern, re.ASCII)
    return lambda value, _: normal(value) if compiled.fullmatch(value) else None


def _in_list(name: str, normal: Callable[[str], str]) -> _Form:
    def form(value: str, vocabulary: Vocabulary) -> str | None:
        return normal(value) if normal(value) in vocabulary.lists[name] else None

    return form


def _number(value: str) -> str:
    """Return a decimal number without leading and trailing zeros.

    >>> _number("05"), _number("1.50")
    ('5', '1.5')
    """
    integer, _, fraction = value.partition(".")
    fraction = fraction.rstrip("0")
    return str(int(integer)) + (f".{fraction}" if fraction else "")


def _decimal(value: str) -> str:
    """Return a number that may be negative or have an exponent, in one form.

    >>> _decimal("-05.50"), _decimal("1e-07")
    ('-5.5', '1e-07')
    """
    if "e" in value:
        return value
    return "-" + _number(value[1:]) if value.startswith("-") else _number(value)


def _api_names(value: str, vocabulary: Vocabulary) -> str | None:
    segments = re.split(r"[.\[\]]+", value.rstrip("]"))
    valid = all(segment in vocabulary.words or segment == "token" for segment in segments)
    return value if valid else None


def _doc_url(value: str, vocabulary: Vocabulary) -> str | None:
    match = re.fullmatch(
        r"https://(?:docs\.)?stripe\.com/(?:docs/)?error-codes/([a-z0-9-]+)", value
    )
    valid = match is not None and match[1].replace("-", "_") in vocabulary.error_codes
    return value if valid else None


FORMS: Mapping[str, _Form] = {
    "bool": _matching(r"(?i:true|false)", str.lower),
    "country": _in_list("country", str.upper),
    "currency": _in_list("currency", str.lower),
    # Amounts: at most nine digits, so neither a card number nor a time.
    "decimal": _matching(r"-?[0-9]{1,9}(?:\.[0-9]{1,12})?(?:e-[0-9]{2})?", _decimal),
    "doc_url": _doc_url,
    "event": _matching(r"\*|[a-z_]+(?:\.[a-z_]+){1,4}"),
    "expand": _api_names,
    "integer": _matching(r"-?[0-9]{1,9}", _decimal),
    "language": _matching(r"[a-z]{2}(?:-[a-zA-Z]{2})?"),
    "month": _matching(r"[0-9]{1,2}", _number),
    "param": _api_names,
    "pasted_fields": _matching(r"(?:number|cvc|exp|zip)(?:,(?:number|cvc|exp|zip)){0,3}"),
    "percent": _matching(r"(?:[0-9]{1,2}|100)(?:\.[0-9]{1,4})?", _number),
    "purpose_code": _matching(r"[PS][0-9]{4}"),
    "reason_number": _matching(r"[0-9]{1,4}(?:\.[0-9]{1,2})?"),
    "requirement": _api_names,
    "seconds": _matching(r"[0-9]{1,4}"),
    "tax_code": _matching(r"txcd_[0-9]{8}"),
    "two_digits": _matching(r"[0-9]{2}"),
    # Releases with a name, docs.stripe.com/api/versioning; older versions are only a date. Betas
    # follow, docs.stripe.com/sdks/versioning.
    "version": _matching(
        r"20[1-9][0-9]-(?:0[1-9]|1[0-2])-(?:[0-2][0-9]|3[01])"
        r"(?:\.(?:acacia|basil|clover|dahlia|endive|preview))?"
        r"(?:; ?[a-z][a-z0-9_]{0,60}=v[0-9]{1,2}){0,8}"
    ),
    "word": _matching(r"[a-z][a-z_]{0,63}"),
    "year": _matching(r"[0-9]{1,2}|(?:19|20|21)[0-9]{2}", _number),
}
