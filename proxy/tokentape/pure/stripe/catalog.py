"""What is known of each field of the API: kept as it is, or of which sensitive kind.

What the catalog does not know is redacted, its name too. A field is kept only while its value is
what it should be: one of an enumeration, or of a closed form such as a currency. `keep` is
thus no promise to a value, but to the vocabulary of the API.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache

from tokentape.pure.http.forms import Names, Path, split_name, written

KEEP = "keep"
HASH = "hash"

_INDEX = re.compile(r"[0-9]|[1-9][0-9]")
"""A position in an array. No array of the API is longer, and three digits may be a CVC."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field: `kind` is keep, hash or a sensitive kind, `slot` the part of it that is sent."""

    kind: str
    slot: str = ""
    values: frozenset[str] = frozenset()
    form: str = ""
    blank_unsets: bool = False
    anything: bool = False
    """Kept whatever it holds: a user said so (`redact.keep`)."""


@dataclass(slots=True)
class _Node:
    children: dict[str, _Node] = field(default_factory=dict)
    field: Field | None = None


@dataclass(frozen=True, slots=True)
class Located:
    """Where a path leads: its segments up to `depth` are the API's own, the rest are not.

    `free` holds the positions of segments that the API lets a user name (metadata keys).
    """

    field: Field | None
    depth: int
    free: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Catalog:
    """The fields of requests and responses as two trees, and the headers of each way."""

    request: _Node
    response: _Node
    request_headers: Mapping[str, Field]
    response_headers: Mapping[str, Field]
    words: frozenset[str]
    """Every name of the API: segments of request and response paths."""
    lists: Mapping[str, frozenset[str]]
    """Closed vocabularies that several fields share: countries, currencies."""

    def locate_request(self, path: Path) -> Located:
        """Find a request field by its path."""
        return _locate(self.request, path)

    @cached_property
    def names(self) -> Names:
        """The request's fields as clients write them, but for those in lists or named by users."""
        paths = (path for path in _paths(self.request) if not {"", "*"}.intersection(path))
        return {name: path for path in paths for name in written(path)}

    def locate_response(self, path: Path) -> Located:
        """Find a response field by its path, list positions as digits."""
        return _locate(self.response, path)

    def normal_form(self, known: Field, value: str) -> str | None:
        """Return the normal form of a value that may be kept, or None where it may not."""
        if known.anything:
            return value
        if known.kind != KEEP:
            return None
        if known.form:
            return _FORMS[known.form](value, self)
        return value if value in known.values else None


def _locate(node: _Node, path: Path) -> Located:
    free: set[int] = set()
    for position, segment in enumerate(path):
        child = node.children.get(segment) if segment not in ("", "*") else None
        if child is None and _INDEX.fullmatch(segment):
            child = node.children.get("")
        if child is None and (child := node.children.get("*")) is not None:
            free.add(position)
        if child is None:
            return Located(None, position, frozenset(free))
        node = child
    return Located(node.field, len(path), frozenset(free))


@lru_cache(maxsize=2)  # nothing changes a catalog, and each embedded upstream reads this one
def read_catalog(text: str) -> Catalog:
    """Read the catalog (CSV: side, path, class, values, blank, source)."""
    request, response = _Node(), _Node()
    headers: dict[str, dict[str, Field]] = {"request header": {}, "response header": {}}
    lists: dict[str, frozenset[str]] = {}
    for row in csv.DictReader(text.splitlines()):
        if row["side"] == "list":
            lists[row["path"]] = frozenset(row["values"].split("|"))
            continue
        known = _field(row)
        if row["side"] in headers:
            headers[row["side"]][row["path"]] = known
        else:
            _plant(request if row["side"] == "request" else response, dotted(row["path"]), known)
    words = frozenset(_words(request)) | frozenset(_words(response))
    there, back = headers["request header"], headers["response header"]
    return Catalog(request, response, there, back, words, lists)


def extended(catalog: Catalog, keep: Iterable[str], fields: Mapping[str, str]) -> Catalog:
    """Return the catalog with a user's own fields, for requests and responses alike."""
    request, response = _copy(catalog.request), _copy(catalog.response)
    for name in keep:
        for tree in (request, response):
            _plant(tree, dotted(name), Field(KEEP, anything=True))
    for name, kind in fields.items():
        for tree in (request, response):
            _plant(tree, dotted(name), Field(kind))
    words = catalog.words | frozenset(_words(request))
    return replace(catalog, request=request, response=response, words=words)


def dotted(name: str) -> Path:
    """Take a field's name apart, in brackets (`card[number]`) or dots (`card.number`, `a.b[]`)."""
    return tuple(part for dot in name.split(".") for part in split_name(dot))


def _field(row: Mapping[str, str]) -> Field:
    kind, _, slot = row["class"].partition(".")
    form = row["values"][1:] if row["values"].startswith("~") else ""
    values = frozenset(row["values"].split("|") if row["values"] and not form else ())
    return Field(kind, slot, values, form, blank_unsets=row["blank"] == "unset")


def _plant(tree: _Node, path: Path, known: Field) -> None:
    for segment in path:
        tree = tree.children.setdefault(segment, _Node())
    tree.field = known


def _copy(node: _Node) -> _Node:
    return _Node({name: _copy(child) for name, child in node.children.items()}, node.field)


def _paths(node: _Node, path: Path = ()) -> Iterable[Path]:
    if node.field is not None:
        yield path
    for name, child in node.children.items():
        yield from _paths(child, (*path, name))


def _words(node: _Node) -> Iterable[str]:
    for name, child in node.children.items():
        if name not in ("", "*"):
            yield name
        yield from _words(child)


# The closed forms a kept value may have. Each returns the value's normal form, or None.


_Form = Callable[[str, Catalog], str | None]


def _matching(pattern: str, normal: Callable[[str], str] = str) -> _Form:
    compiled = re.compile(pattern, re.ASCII)
    return lambda value, _: normal(value) if compiled.fullmatch(value) else None


def _listed(name: str, normal: Callable[[str], str]) -> _Form:
    def form(value: str, catalog: Catalog) -> str | None:
        return normal(value) if normal(value) in catalog.lists[name] else None

    return form


def _number(value: str) -> str:
    whole, _, fraction = value.partition(".")
    fraction = fraction.rstrip("0")
    return str(int(whole)) + (f".{fraction}" if fraction else "")


def _words_only(value: str, catalog: Catalog) -> str | None:
    segments = re.split(r"[.\[\]]+", value.rstrip("]"))
    known = all(segment in catalog.words or segment == "token" for segment in segments)
    return value if known else None


def _doc_url(value: str, catalog: Catalog) -> str | None:
    match = re.fullmatch(
        r"https://(?:docs\.)?stripe\.com/(?:docs/)?error-codes/([a-z0-9-]+)", value
    )
    codes = catalog.locate_response(("error", "code")).field
    known = match is not None and codes is not None and match[1].replace("-", "_") in codes.values
    return value if known else None


_FORMS: Mapping[str, _Form] = {
    "bool": _matching(r"(?i:true|false)", str.lower),
    "country": _listed("country", str.upper),
    "currency": _listed("currency", str.lower),
    "doc_url": _doc_url,
    "language": _matching(r"[a-z]{2}(?:-[a-zA-Z]{2})?"),
    "month": _matching(r"[0-9]{1,2}", _number),
    "param": _words_only,
    "pasted_fields": _matching(r"(?:number|cvc|exp|zip)(?:,(?:number|cvc|exp|zip)){0,3}"),
    "percent": _matching(r"(?:[0-9]{1,2}|100)(?:\.[0-9]{1,4})?", _number),
    "purpose_code": _matching(r"[PS][0-9]{4}"),
    "requirement": _words_only,
    "seconds": _matching(r"[0-9]{1,4}"),
    "two_digits": _matching(r"[0-9]{2}"),
    # Stripe's releases by name, docs.stripe.com/api/versioning; before them, the date was all.
    "version": _matching(
        r"20[1-9][0-9]-(?:0[1-9]|1[0-2])-(?:[0-2][0-9]|3[01])"
        r"(?:\.(?:acacia|basil|clover|dahlia|endive|preview))?"
    ),
    "year": _matching(r"[0-9]{2}|(?:19|20|21)[0-9]{2}", _number),
}
