"""The catalog: for each field of the API, whether it is kept, or its kind of sensitive value.

A field that is not in the catalog is redacted, including its name. A field of class `keep` is kept
only if its value is in the field's vocabulary: one of an enumeration, or of a closed form such as
a currency. Any other value of it is redacted.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from dataclasses import field as dataclass_field
from difflib import get_close_matches
from functools import cached_property, lru_cache
from urllib.parse import quote

from tokentape.pure.http.forms import Names, Path, join_name, split_name
from tokentape.pure.stripe.kinds import KINDS, NEVER_ANSWERED, SLOTS
from tokentape.pure.stripe.vocabularies import FORMS, Vocabulary

KEEP = "keep"
HASH = "hash"
_OWN_CLASSES = frozenset({KEEP, HASH, "message", "client_secret", "path"})
"""Classes of the catalog that are not kinds of sensitive values."""

_LONGEST = 1_000
"""Characters of the longest value that a vocabulary can have."""
_POSITION = re.compile(r"[0-9]|[1-9][0-9]")
"""A position in an array. No array of the API is longer, and three digits may be a CVC."""


@dataclass(frozen=True, slots=True)
class Field:
    """A field: `kind` is keep, hash, message or a sensitive kind, `slot` the part that is sent."""

    kind: str
    slot: str = ""
    values: frozenset[str] = frozenset()
    form: str = ""
    blank_unsets: bool = False
    anything: bool = False
    """Kept with any value, by the user's configuration (`redact.keep`)."""
    types: frozenset[str] = frozenset()
    """The object types that may stand here in place of an id; * is any."""


@dataclass(slots=True)
class _Node:
    children: dict[str, _Node] = dataclass_field(default_factory=dict)
    field: Field | None = None


@dataclass(frozen=True, slots=True)
class Located:
    """The place of a path in the catalog: its first `depth` segments are fields of the API.

    `free` holds the positions of segments that users may name (metadata keys).
    """

    field: Field | None
    depth: int
    free: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Catalog:
    """The fields of requests and responses as two trees, and the headers of both."""

    request: _Node
    response: _Node
    request_headers: Mapping[str, Field]
    response_headers: Mapping[str, Field]
    words: frozenset[str]
    """Every name of the API: segments of request and response paths."""
    lists: Mapping[str, frozenset[str]]
    """Closed vocabularies for several fields: countries, currencies."""

    def locate_request(self, path: Path) -> Located:
        """Find a request field by its path."""
        return _locate(self.request, path)

    @cached_property
    def names(self) -> Names:
        """The usual spellings of request fields, except those in arrays or named by users."""
        paths = (path for path in _paths(self.request) if not {"", "*"}.intersection(path))
        plain = {join_name(path): path for path in paths}
        encoded = {quote(name): path for name, path in plain.items()}
        return plain | encoded

    def locate_response(self, path: Path) -> Located:
        """Find a response field by its path, list positions as digits."""
        return _locate(self.response, path)

    def normal_form(self, field: Field, value: str) -> str | None:
        """Return the normal form of a value that may be kept, or None where it may not."""
        if field.anything:
            return value
        return normal_value(field, value, self) if field.kind == KEEP else None

    @cached_property
    def error_codes(self) -> frozenset[str]:
        """The codes of errors."""
        definition = self.locate_response(("error", "code")).field
        return frozenset() if definition is None else definition.values


def normal_value(field: Field, value: str, vocabulary: Vocabulary) -> str | None:
    """Return the normal form of a value of a field that keeps some, or None for another value."""
    if len(value) > _LONGEST:
        return None
    normal = FORMS[field.form](value, vocabulary) if field.form else None
    return value if normal is None and value in field.values else normal


def _locate(node: _Node, path: Path) -> Located:
    free: set[int] = set()
    for position, segment in enumerate(path):
        child = node.children.get(segment) if segment not in ("", "*") else None
        if child is None and _POSITION.fullmatch(segment):
            child = node.children.get("")
        if child is None and (child := node.children.get("*")) is not None:
            free.add(position)
        if child is None:
            return Located(None, position, frozenset(free))
        node = child
    return Located(node.field, len(path), frozenset(free))


@lru_cache(maxsize=2)
def read_catalog(text: str) -> Catalog:
    """Read the catalog (CSV: side, path, class, values, blank, source).

    Raises ValueError with the line of an unknown side, class, slot or form.
    """
    trees = {"request": _Node(), "response": _Node()}
    headers: dict[str, dict[str, Field]] = {"request header": {}, "response header": {}}
    lists: dict[str, frozenset[str]] = {}
    rows = csv.DictReader(text.splitlines())
    for row in rows:
        side, name = row["side"], row["path"]
        try:
            _check("side", side, {"list", *trees, *headers})
            if side == "list":
                lists[name] = frozenset(row["values"].split("|"))
            elif side in headers:
                headers[side][name] = _field(row)
            else:
                _insert(trees[side], dotted(name), _field(row))
        except ValueError as error:
            raise ValueError(f"catalog.csv:{rows.line_num}: {error}") from None
    request, response = trees.values()
    words = _words(request) | _words(response)
    request_headers, response_headers = headers.values()
    return Catalog(request, response, request_headers, response_headers, words, lists)


def _check(column: str, word: str, allowed: Collection[str]) -> None:
    """Raise ValueError with the closest allowed word for one that is not allowed."""
    if word not in allowed:
        closest = get_close_matches(word, sorted(allowed), n=1, cutoff=0)
        hint = f"did you mean {closest[0]}?" if closest else "allowed: none"
        raise ValueError(f"unknown {column} {word!r}; {hint}")


def extended(catalog: Catalog, keep: Iterable[str], fields: Mapping[str, str]) -> Catalog:
    """Return the catalog with additional fields of the user, in requests and responses."""
    request, response = _copy(catalog.request), _copy(catalog.response)
    for name in keep:
        for tree in (request, response):
            _insert(tree, dotted(name), Field(KEEP, anything=True))
    for name, kind in fields.items():
        _insert(request, dotted(name), Field(kind))
        _insert(response, dotted(name), Field("text" if kind in NEVER_ANSWERED else kind))
    words = catalog.words | _words(request)
    return replace(catalog, request=request, response=response, words=words)


def dotted(name: str) -> Path:
    """Split a field's name, in brackets or with dots, into its segments.

    >>> dotted("card[number]")
    ('card', 'number')
    >>> dotted("data[].object")
    ('data', '', 'object')
    >>> dotted("metadata[order no.]")
    ('metadata', 'order no.')
    """
    outside_brackets = re.split(r"\.(?![^\[]*\])", name)
    return tuple(part for dot in outside_brackets for part in split_name(dot))


def _field(row: Mapping[str, str]) -> Field:
    return field_of(row["class"], row["values"], blank_unsets=row["blank"] == "unset")


@lru_cache(maxsize=4096)
def field_of(class_name: str, values: str, *, blank_unsets: bool = False) -> Field:
    """Return the field of a class with its values, joined by |: a word after ~ is a closed form.

    Raises ValueError for an unknown class, slot or form.

    >>> field_of("keep", "~integer|inf").form
    'integer'
    """
    kind, _, slot = class_name.partition(".")
    _check("class", kind, {*KINDS, *_OWN_CLASSES})
    if slot:
        _check("slot", slot, SLOTS.get(kind, {}))
    members = values.split("|") if values else []
    form = next((member[1:] for member in members if member.startswith("~")), "")
    if form:
        _check("form", form, FORMS)
    closed = frozenset(member for member in members if not member.startswith("~"))
    types, closed = (closed, frozenset[str]()) if kind == "object_id" else (frozenset(), closed)
    return Field(kind, slot, closed, form, blank_unsets, types=types)


def _insert(tree: _Node, path: Path, field: Field) -> None:
    for segment in path:
        tree = tree.children.setdefault(segment, _Node())
    tree.field = field


def _copy(node: _Node) -> _Node:
    return _Node({name: _copy(child) for name, child in node.children.items()}, node.field)


def _paths(node: _Node, path: Path = ()) -> Iterable[Path]:
    if node.field is not None:
        yield path
    for name, child in node.children.items():
        yield from _paths(child, (*path, name))


def _words(tree: _Node) -> frozenset[str]:
    return frozenset(segment for path in _paths(tree) for segment in path) - {"", "*"}
