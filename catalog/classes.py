"""The rules that give each field its class: default-deny, the first that fits wins.

    overrides.csv       a field by hand, with its source
    references          an object of the API, or its id
    three parts         day, month and year beside each other are one personal date
    SPECIAL             what law or sense forbids to keep, whatever its vocabulary
    booleans            kept
    enumerations        kept, but for names of kinds_by_name.csv that are never a vocabulary
    numbers             times by name or documentation; kept by kept_by_form.csv; else redacted
    texts               a kind by kinds_by_name.csv or by what the name ends with; kept by
                        kept_by_form.csv; else `text`

Nothing is kept because of what its documentation says.
"""

from __future__ import annotations

import csv
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path

from catalog.sdk import ANY_TYPE, Declared, Fields

FOLDER = Path(__file__).parent
CONTAINER = "-"
"""The class of a hash or a list that is no value itself."""

SPECIAL = {
    *("ethnicity", "gender", "minority_owned_business_designation", "nationality"),
    *("political_exposure", "race", "self_identified_gender", "sex"),
    *("java_enabled", "javascript_enabled"),
}
"""Special categories of personal data (GDPR, Article 9), and what tells a device from others."""
_NO_VOCABULARY = {"bic", "sex", "id_number_type"}
"""Enumerations of the SDK that tell something of a person."""

_TIME_DOC = re.compile(r"Unix epoch|unix timestamp|\btimestamp\b|milliseconds since", re.IGNORECASE)
_TIME_NAME = re.compile(
    r"(?:.*_)?(?:at|after|before|by|until|on|created|updated|date|deadline|end|eta|expires|start"
    r"|time|timestamp|as_of|gt|gte|lt|lte|billing_cycle_anchor|scheduled_release|payment_attempt"
    r"|item_invoice)"
)
_TEXT_KINDS = (
    (re.compile(r"(?:.*_)?email(?:_address|_sent_to)?"), "email"),
    (re.compile(r"(?:.*_)?phone(?:_number)?"), "phone"),
    (re.compile(r"(?:.*_)?ip(?:_address)?"), "ip"),
    (re.compile(r"(?:.*_)?ur[il](?:_.*)?"), "url"),
    (re.compile(r"(?:.*_)?ids?"), "object_id"),
)
_PERSONAL_PLACES = {
    *("address", "billing_details", "customer_details", "ip_address_location", "location"),
    *("recipient", "shipping", "shipping_details", "document", "customer"),
}
"""Hashes in which a country is where somebody is."""
_PUBLIC_PLACES = {"jurisdiction", "merchant_data", "tax_rate_data", "tax_rate_details"}
_ADDRESS_PARTS = {"city", "line1", "postal_code", "state", "region", "zip", "town"}
_CARD_PARTS = {"exp_month", "exp_year", "cvc"}
_LIMITS = {"gt", "gte", "lt", "lte"}
_DATE_PARTS = ("day", "month", "year")


@dataclass(frozen=True)
class Row:
    """One field of an operation or an object type, with its class as it is committed."""

    path: tuple[str, ...]
    kind: str
    values: tuple[str, ...] = ()
    blank: bool = False


def read_csv(name: str) -> Iterator[dict[str, str]]:
    """Read a table of this folder, without the comment that it begins with."""
    lines = (FOLDER / name).read_text("utf-8").splitlines()
    return csv.DictReader(line for line in lines if not line.startswith("#"))


@dataclass(frozen=True)
class Override:
    """A line of overrides.csv: owner and path may be patterns."""

    side: str
    owner: str
    path: str
    kind: str
    values: str
    blank: bool
    source: str


class Rules:
    """The rules, with their tables."""

    def __init__(self) -> None:
        self._kinds = {row["name"]: row["kind"] for row in read_csv("kinds_by_name.csv")}
        self._forms = {
            (side, row["form"], row["name"])
            for row in read_csv("kept_by_form.csv")
            for side in ("request", "answer")
            if row["sides"] in (side, "both")
        }
        self._used: set[Override] = set()

    @cached_property
    def overrides(self) -> list[Override]:
        """The lines of overrides.csv."""
        return [
            Override(
                row["side"],
                row["owner"],
                row["path"],
                row["class"],
                row["values"],
                row["blank"] == "unset",
                row["source"],
            )
            for row in read_csv("overrides.csv")
        ]

    def rows(self, side: str, owner: str, fields: Fields) -> list[Row]:
        """Return the fields of an owner with their classes, those by hand added."""
        own = [
            line for line in self.overrides if line.side == side and fnmatchcase(owner, line.owner)
        ]
        siblings = defaultdict[tuple[str, ...], set[str]](set)
        for path in fields:
            siblings[path[:-1]].add(path[-1])
        rows: dict[tuple[str, ...], Row] = {}
        for path, declared in fields.items():
            named = self._with_currencies(side, path)
            line = next((line for line in own if fnmatchcase(".".join(named), line.path)), None)
            blank = _is_unset_by_blank(path, fields)
            if line is not None:
                self._used.add(line)
                rows[named] = _by_hand(named, line, blank=blank or line.blank)
            else:
                kind, values = self._class(_Field(side, owner, path, declared, siblings[path[:-1]]))
                rows[named] = Row(named, kind, tuple(sorted(values)), blank)
        for line in own:
            path = tuple(line.path.split("."))
            if "*" not in line.owner and path not in rows and not line.path.startswith("*"):
                self._used.add(line)
                rows[path] = _by_hand(path, line, blank=line.blank)
        for line in self.overrides:
            path = tuple(line.path.split("."))
            if line.side == f"{side}+" and fnmatchcase(owner, line.owner) and path not in rows:
                self._used.add(line)
                rows[path] = _by_hand(path, line, blank=line.blank)
        return sorted(rows.values(), key=lambda row: row.path)

    @property
    def unused(self) -> list[Override]:
        """The lines of overrides.csv that no field has needed so far."""
        return [line for line in self.overrides if line not in self._used]

    def _is_kept(self, side: str, form: str, name: str) -> bool:
        return (side, form, name) in self._forms

    def _with_currencies(self, side: str, path: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(
            "~currency"
            if segment == "*" and self._is_kept(side, "currency_names", path[position - 1])
            else segment
            for position, segment in enumerate(path)
        )

    def _class(self, field: _Field) -> tuple[str, Iterable[str]]:
        values, scalars = field.declared.values - {""}, field.declared.scalars
        types = field.declared.types
        if (scalars or values) and SPECIAL.intersection((field.name, field_name(field.path[:-1]))):
            return "text", ()
        if types or field.declared.is_expandable:
            return "object_id", types - {ANY_TYPE} or {"*"}
        if field.name in _DATE_PARTS and field.siblings.issuperset(_DATE_PARTS):
            return ("text" if field.side == "answer" else f"dob.{field.name}"), ()
        if "bool" in scalars:
            return "keep", {"~bool", *values}
        if scalars & {"int", "float", "decimal"}:
            return self._number(field, values)
        if values:
            return self._enumeration(field, values)
        if "str" in scalars:
            return self._text(field), ()
        if scalars:
            return ("text" if scalars == {"file"} else "json"), ()
        return ("hash" if "" in field.declared.values else CONTAINER), ()

    def _number(self, field: _Field, values: set[str]) -> tuple[str, Iterable[str]]:
        name, is_whole = field.name, "int" in field.declared.scalars
        if name in _LIMITS and len(field.path) > 1:
            name = field.path[-2]  # amount[gte] is an amount, created[gte] a time
        for form in ("month", "year", "integer", "decimal"):
            if self._is_kept(field.side, form, name) and (is_whole or form == "decimal"):
                return "keep", {f"~{form}", *values}
        is_time = _TIME_NAME.fullmatch(name) or _TIME_DOC.search(field.declared.doc)
        return ("time", values) if is_whole and is_time else ("text", ())

    def _enumeration(self, field: _Field, values: set[str]) -> tuple[str, Iterable[str]]:
        if field.name in _NO_VOCABULARY:
            return self._kinds.get(field.name, "text"), ()
        if self._is_kept(field.side, "open", field.name):
            return "keep", {"~word", *(value for value in values if not _WORD.fullmatch(value))}
        return "keep", values

    def _text(self, field: _Field) -> str:
        special = _special_text(field)
        if special:
            return special
        for form in _FORMS_OF_TEXTS:
            if self._is_kept(field.side, form, field.name):
                return f"keep ~{form}"
        kind = self._kinds.get(field.name) or _kind_by_ending(field.name)
        return "text" if kind == "message" and field.side == "request" else kind


_WORD = re.compile(r"[a-z][a-z_]{0,63}")
_FORMS_OF_TEXTS = (
    *("country", "currency", "decimal", "doc_url", "event", "expand", "month", "param"),
    *("reason_number", "requirement", "tax_code", "two_digits", "version", "word", "year"),
)


@dataclass(frozen=True)
class _Field:
    """A field, and what is around it."""

    side: str
    owner: str
    path: tuple[str, ...]
    declared: Declared
    siblings: set[str]

    @property
    def name(self) -> str:
        return field_name(self.path)


def field_name(path: tuple[str, ...]) -> str:
    """Return the last name in a path, positions in lists and names of users aside."""
    return next((name for name in reversed(path) if name not in ("", "*", "~currency")), "")


def _special_text(field: _Field) -> str:
    """Return the class of a text that depends on what is around it, or blank."""
    if field.name == "country":
        return "address" if _is_place(field) else "keep ~country"
    if field.name == "number":
        return "card" if field.siblings & _CARD_PARTS else "text"
    if field.name in ("last4", "dynamic_last4", "iin"):
        return "last4" if field.side == "request" else _part_of_number(field)
    if field.path[-2:] == ("verification", "document"):
        return "object_id"
    return "cvc" if field.name == "cvc" else ""


def _kind_by_ending(name: str) -> str:
    return next((kind for pattern, kind in _TEXT_KINDS if pattern.fullmatch(name)), "text")


def _is_unset_by_blank(path: tuple[str, ...], fields: Fields) -> bool:
    """Tell whether a blank has a meaning, for the field itself or for the list that it is in.

    A blank value of metadata unsets its key (docs.stripe.com/api/metadata).
    """
    if path[-2:] == ("metadata", "*"):
        return True
    own = fields.get(path)
    around = fields.get(path[:-1]) if path[-1] == "" else None
    return any(declared is not None and "" in declared.values for declared in (own, around))


def _is_place(field: _Field) -> bool:
    around, owner = field_name(field.path[:-1]), field.owner
    if around in _PUBLIC_PLACES or owner.endswith(("tax_rate", "/tax_rates")):
        return False
    is_personal = owner in ("person", "customer", "token") or owner.startswith("identity.")
    parts = field.siblings & _ADDRESS_PARTS
    return is_personal or bool(parts or _PERSONAL_PLACES.intersection(field.path))


def _part_of_number(field: _Field) -> str:
    slot = "last4" if field.name.endswith("last4") else "iin"
    if field.siblings & {"exp_month", "brand", "iin"}:
        return f"card.{slot}"
    if slot == "last4" and field.siblings & {"bank_name", "routing_number", "account_holder_type"}:
        return "account_number.last4"
    return "last4"


def _by_hand(path: tuple[str, ...], line: Override, *, blank: bool) -> Row:
    return Row(path, line.kind, tuple(line.values.split("|")) if line.values else (), blank)


def by_owner(rules: Rules, side: str, owners: Mapping[str, Fields]) -> dict[str, list[Row]]:
    """Return the rows of all owners of a side."""
    return {owner: rules.rows(side, owner, fields) for owner, fields in sorted(owners.items())}
