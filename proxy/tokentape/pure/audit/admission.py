"""The second look: whether an interaction says only what the door would have let through.

A cassette that came in a pull request is hostile until it has passed. Every literal in it must be
of the catalog's vocabulary, every placeholder must name something that exists; what is neither
might be a secret, and is reported by its place, never by what it says.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from urllib.parse import unquote_plus

from tokentape.pure.http.forms import Path, split_name
from tokentape.pure.http.json_text import Json
from tokentape.pure.notation.placeholders import Placeholder, parts, whole
from tokentape.pure.redaction.requests import FORM
from tokentape.pure.redaction.values import Values
from tokentape.pure.stripe.catalog import Field
from tokentape.pure.stripe.kinds import BRANDS, CLASS_ONLY, KINDS, SLOTS
from tokentape.pure.stripe.routes import TOKENS

_KEYS = product(("sk", "rk", "pk", "ek", "uk", "rkcs"), ("_", "_org_"), ("test", "live"))
_CLASSES = {
    "cvc": frozenset({"3", "4", "invalid"}),
    "device": frozenset({"sent"}),
    "exp_month": frozenset({"valid", "invalid"}),
    "exp_year": frozenset({"past", "future", "invalid"}),
    "idempotency_key": frozenset({"sent"}),
    "key": frozenset({*map("".join, _KEYS), "oak", "oak_test", "oak_live", "unknown"}),
    "time": frozenset({"sent"}),
}
_GUARDS = {"card": frozenset({*BRANDS, *(f"{brand}_invalid" for brand in BRANDS)})}

_NEEDLESS = re.compile(r"(?<!\\)(?:\\\\)*\\u00(?:[2-6][0-9a-f]|7[0-9a-e])", re.IGNORECASE)
"""Escapes in JSON that hide or make a placeholder: the door writes printable ASCII as it is."""


def exists(found: Placeholder, values: Values) -> bool:
    """Tell whether a placeholder names a kind, class, public value and slot that there are."""
    if found.kind not in KINDS:
        return False
    if found.slot and found.slot not in SLOTS.get(found.kind, {}):
        return False
    if found.number:
        fits = not found.name or found.name in _GUARDS.get(found.kind, ())
        return fits and found.kind not in CLASS_ONLY
    named = values.published.value(found.kind, found.name) is not None
    return named or found.name in _CLASSES.get(found.kind, ())


@dataclass(frozen=True, slots=True)
class Look:
    """What the door knows, used to recognise its own hand in an outline, piece by piece."""

    values: Values
    match_headers: tuple[str, ...]

    def path(self, text: str) -> bool:
        """Tell whether this is the path of tokens, or of one that is sealed."""
        head, _, token = text.rpartition("/")
        return text == TOKENS or (head == TOKENS and self._placeholder(token))

    def entry(self, text: str) -> bool:
        """Tell whether `name=value` is sealed: names of the API, values of its vocabulary."""
        name, equals, value = text.partition("=")
        path = split_name(name)
        known = self.values.catalog.locate_request(path).field
        fits = value == "" or self._value(known, unquote_plus(value), value)
        return bool(equals) and self._name(path) and fits

    def _name(self, path: Path) -> bool:
        located = self.values.catalog.locate_request(path)
        return all(
            self._placeholder(segment)
            for position, segment in enumerate(path)
            if position >= located.known or position in located.free
        )

    def _value(self, known: Field | None, plain: str, written: str) -> bool:
        if "{{" in written:
            return self._placeholder(written)
        return known is not None and self.values.catalog.kept(known, plain) == plain

    def _placeholder(self, text: str) -> bool:
        found = whole(text)
        return found is not None and exists(found, self.values)

    def request_header(self, name: str, text: str) -> bool:
        """Tell whether a header is one that is kept, with a value of its vocabulary."""
        known = self.values.catalog.request_headers.get(name)
        if known is None:
            return name in self.match_headers and self._placeholder(text)
        if known.kind == "key":
            return self._placeholder(text.removeprefix("Bearer "))
        return text == FORM or self._value(known, text, text)

    def response_header(self, name: str, text: str) -> bool:
        """Tell whether a header is one that is kept, with a value of its vocabulary."""
        known = self.values.catalog.response_headers.get(name)
        return known is not None and self._value(known, text, text)

    def spelling(self, text: str) -> Iterator[str]:
        """Yield where the body of an answer spells what the door spells otherwise."""
        if "\\" in text and _NEEDLESS.search(text):
            yield "the answer's body, where it escapes what needs no escape,"

    def node(self, value: Json, path: Path) -> Iterator[str]:
        """Yield the places in a value of an answer's body that are not right."""
        located = self.values.catalog.locate_response(path)
        if isinstance(value, (dict, list)) and located.known < len(path):
            yield "the answer's body, at a field that is not known and not redacted"
        elif isinstance(value, dict):
            for key, inside in value.items():
                yield from self._member(key, inside, (*path, key))
        elif isinstance(value, list):
            for index, inside in enumerate(value):
                yield from self.node(inside, (*path, str(index)))
        elif not self._leaf(located.field, value):
            yield f"the answer's body, at {self._place(path)}"

    def _member(self, key: str, value: Json, path: Path) -> Iterator[str]:
        located = self.values.catalog.locate_response(path)
        own = located.known == len(path) and len(path) - 1 not in located.free
        if not own and not self._placeholder(key):
            yield "the answer's body, at a field whose name is not known and not redacted"
        else:
            yield from self.node(value, path)

    def _leaf(self, known: Field | None, value: Json) -> bool:
        if value is None or value == "":
            return True
        if isinstance(value, str):
            return self._text(known, value)
        if known is None or isinstance(value, float):
            return known is not None and known.anything
        if isinstance(value, bool):
            return known.anything or known.form == "bool"
        return self.values.catalog.kept(known, str(value)) is not None

    def _text(self, known: Field | None, value: str) -> bool:
        if self._placeholder(value):
            return True
        if known is None:
            return False
        if known.kind == "message":
            return self._message(value)
        if known.form == "param" and self._name(split_name(value)):
            return True
        try:
            pieces = list(parts(value))
        except ValueError:
            return False
        plain = pieces[0] if len(pieces) == 1 else None
        return isinstance(plain, str) and self.values.catalog.kept(known, plain) is not None

    def _message(self, text: str) -> bool:
        reading = self.values.phrases.read(text)
        if reading is None or isinstance(reading, str):
            return reading is not None
        return all(self._slot(kind, value) for kind, value in reading.slots())

    def _slot(self, kind: str, value: str) -> bool:
        if kind in ("field", "fields"):
            return all(self._name(split_name(name)) for name in value.split(", "))
        return self._placeholder(value)

    def _place(self, path: Path) -> str:
        """Return a path with what is not the API's own left out."""
        words = self.values.catalog.words
        return ".".join(part if part in words or part.isdigit() else "…" for part in path)
