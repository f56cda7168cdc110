"""Whether an interaction contains only what redaction can write.

A cassette from a pull request is hostile until it has been checked. Each literal in it must be in
the catalog's vocabulary, and each placeholder must be valid. Anything else might be a secret, and
is reported by its position, never by its value.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote_plus

from tokentape.pure.http.forms import Path, split_name
from tokentape.pure.http.json_text import Json
from tokentape.pure.notation.placeholders import Placeholder, parts, whole
from tokentape.pure.redaction.requests import FORM
from tokentape.pure.redaction.values import Values
from tokentape.pure.stripe.catalog import Field
from tokentape.pure.stripe.kinds import KINDS
from tokentape.pure.stripe.routes import TOKENS

_NEEDLESS_ESCAPE = re.compile(r"(?<!\\)(?:\\\\)*\\u00(?:[2-6][0-9a-f]|7[0-9a-e])", re.IGNORECASE)
"""Escapes of printable ASCII in JSON, which could hide a placeholder; redaction writes none."""


def is_valid_placeholder(placeholder: Placeholder, values: Values) -> bool:
    """Tell whether kind, class or public name, and slot of a placeholder exist."""
    kind = KINDS.get(placeholder.kind)
    if kind is None or (placeholder.slot and placeholder.slot not in kind.slots):
        return False
    if placeholder.number:
        return not kind.class_only and placeholder.name in ("", *kind.guards)
    named = values.published.value(placeholder.kind, placeholder.name) is not None
    return named or placeholder.name in kind.classes


@dataclass(frozen=True, slots=True)
class RedactionCheck:
    """Checks whether parts of an interaction are such as redaction writes them."""

    values: Values
    match_headers: tuple[str, ...]

    def path(self, text: str) -> bool:
        """Tell whether a path is that of all tokens, or of a token by its placeholder."""
        head, _, token = text.rpartition("/")
        return text == TOKENS or (head == TOKENS and self._placeholder(token))

    def entry(self, text: str) -> bool:
        """Tell whether `name=value` has the API's names and vocabulary, or placeholders."""
        name, equals, value = text.partition("=")
        path = split_name(name)
        field = self.values.catalog.locate_request(path).field
        valid = value == "" or self._value(field, unquote_plus(value), value)
        return bool(equals) and self._name(path) and valid

    def _name(self, path: Path) -> bool:
        located = self.values.catalog.locate_request(path)
        return all(
            self._placeholder(segment)
            for position, segment in enumerate(path)
            if position >= located.depth or position in located.free
        )

    def _value(self, field: Field | None, plain: str, written: str) -> bool:
        if "{{" in written:
            return self._placeholder(written)
        return field is not None and self.values.catalog.normal_form(field, plain) == plain

    def _placeholder(self, text: str) -> bool:
        placeholder = whole(text)
        return placeholder is not None and is_valid_placeholder(placeholder, self.values)

    def request_header(self, name: str, text: str) -> bool:
        """Tell whether a header may be kept, and its value is in its vocabulary."""
        field = self.values.catalog.request_headers.get(name)
        if field is None:
            return name in self.match_headers and self._placeholder(text)
        if field.kind == "key":
            return self._placeholder(text.removeprefix("Bearer "))
        return text == FORM or self._value(field, text, text)

    def response_header(self, name: str, text: str) -> bool:
        """Tell whether a header may be kept, and its value is in its vocabulary."""
        field = self.values.catalog.response_headers.get(name)
        return field is not None and self._value(field, text, text)

    def spelling(self, text: str) -> Iterator[str]:
        """Yield a problem if a response body has escapes that redaction does not write."""
        if "\\" in text and _NEEDLESS_ESCAPE.search(text):
            yield "the answer's body, where it escapes what needs no escape,"

    def node(self, value: Json, path: Path) -> Iterator[str]:
        """Yield the positions of unredacted values in a JSON value of a response body."""
        located = self.values.catalog.locate_response(path)
        if isinstance(value, (dict, list)) and located.depth < len(path):
            yield "the answer's body, at a field that is not known and not redacted"
        elif isinstance(value, dict):
            for key, item in value.items():
                yield from self._member(key, item, (*path, key))
        elif isinstance(value, list):
            for index, item in enumerate(value):
                yield from self.node(item, (*path, str(index)))
        elif not self._leaf(located.field, value):
            yield f"the answer's body, at {self._shown_path(path)}"

    def _member(self, key: str, value: Json, path: Path) -> Iterator[str]:
        located = self.values.catalog.locate_response(path)
        named_by_api = located.depth == len(path) and len(path) - 1 not in located.free
        if not named_by_api and not self._placeholder(key):
            yield "the answer's body, at a field whose name is not known and not redacted"
        else:
            yield from self.node(value, path)

    def _leaf(self, field: Field | None, value: Json) -> bool:
        if value is None or value == "":
            return True
        if isinstance(value, str):
            return self._text(field, value)
        if field is None or isinstance(value, float):
            return field is not None and field.anything
        if isinstance(value, bool):
            return field.anything or field.form == "bool"
        return self.values.catalog.normal_form(field, str(value)) is not None

    def _text(self, field: Field | None, value: str) -> bool:
        if self._placeholder(value):
            return True
        if field is None:
            return False
        if field.kind == "message":
            return self._message(value)
        if field.form == "param" and self._name(split_name(value)):
            return True
        try:
            pieces = list(parts(value))
        except ValueError:
            return False
        plain = pieces[0] if len(pieces) == 1 else None
        return isinstance(plain, str) and self.values.catalog.normal_form(field, plain) is not None

    def _message(self, text: str) -> bool:
        reading = self.values.phrases.read(text)
        return reading is not None and all(self._slot(*slot) for slot in reading.slots)

    def _slot(self, kind: str, value: str) -> bool:
        if kind in ("field", "fields"):
            return all(self._name(split_name(name)) for name in value.split(", "))
        return self._placeholder(value)

    def _shown_path(self, path: Path) -> str:
        """Return a path without the names that are not the API's."""
        words = self.values.catalog.words
        return ".".join(part if part in words or part.isdigit() else "…" for part in path)
