"""The catalog of /v1: for each field, whether it is kept, or its kind of sensitive value.

A field that is not in the catalog is redacted, including its name. A field of class `keep` is kept
only if its value is in the field's vocabulary: one of an enumeration, or of a closed form such as
a currency. Any other value of it is redacted.

A request has the fields of its operation. An answer is walked by object type, not by path: where
the catalog says that an object may stand (`Field.types`), what stands there is looked at as the
type that it names, however deep it is. So a charge has the same fields in an answer of its own, in
a list, expanded in a refund, and in an error.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from itertools import takewhile
from urllib.parse import quote

from tokentape.pure.http.forms import Names, Path, join_name, split_name
from tokentape.pure.http.json_text import Json
from tokentape.pure.stripe.fields import (
    KEEP,
    Field,
    Located,
    check,
    field_of,
    normal_value,
)
from tokentape.pure.stripe.kinds import NEVER_ANSWERED
from tokentape.pure.stripe.outlines import FieldNode, Outlines, is_position, located
from tokentape.pure.stripe.routes import Route

CATALOG_FILES = ("headers.csv", "requests.txt", "answers.txt", "routes.csv")
"""The texts that the catalog is read from, in this order."""
_ERROR = "error"
_NAMELESS = frozenset({"answer", _ERROR})
"""Types that no object names: they have no field `object`."""
_ANSWER = Field("object_id", types=frozenset({"answer"}))
"""What an answer is: an object that names its type, or else one with an error in it."""
_TEXT = Field("text")


@dataclass(frozen=True)
class Catalog:
    """The fields of requests and answers, and the headers of both."""

    requests: Outlines
    """By operation, such as `POST /v1/customers/{}`."""
    answers: Outlines
    """By object type."""
    request_headers: Mapping[str, Field]
    response_headers: Mapping[str, Field]
    lists: Mapping[str, frozenset[str]]
    """Closed vocabularies for several fields: countries, currencies."""
    id_names: frozenset[str] = frozenset()
    """What the API calls the ids in paths: errors name them as they name fields."""
    may_be_kept: Callable[[str], bool] = bool
    """Tells a value that may be kept in a field that its user keeps (`redact.keep`)."""

    def request_field(self, operation: str, path: Path) -> Located:
        """Find a field of an operation's requests by its path.

        Of an operation without a name, which the catalog does not have, only the names are known,
        those of any field.
        """
        if not operation:
            return self._any_field(path)
        return located(self.requests.tree(operation), path, self.lists["currency"], numbered=True)

    def _any_field(self, path: Path) -> Located:
        names = (name in self.words or is_position(name) for name in path)
        depth = sum(takewhile(bool, names))
        return Located(_TEXT if depth == len(path) else None, depth)

    def answer_field(self, object_type: str, path: Path) -> Located:
        """Find a field by the type of the object that it is in, and its path in that object.

        Positions in lists are blank. Of an unknown type nothing is known; a blank type is that of
        an answer as a whole.
        """
        if not object_type and not path:
            return Located(_ANSWER, 0)
        return located(self.answers.tree(object_type), path, self.lists["currency"])

    def answer_type(self, members: Mapping[str, Json], route: Route | None) -> str:
        """Return the type of an answer: what it names, or else what the operation answers with."""
        if "object" in members or _ERROR in members or route is None:
            return self.object_type(_ANSWER, members)
        expected = route.answer.partition(":")[0]
        return expected if expected in self.answers else ""

    def object_type(self, field: Field | None, members: Mapping[str, Json]) -> str:
        """Return the type of an object that stands in a field; blank where none may stand."""
        if field is None or not field.types:
            return ""
        name = members.get("object")
        if isinstance(name, str) and self._is_shown(name):
            return name
        (only, *others) = field.types
        return only if not others and only in self.answers else ""

    def _is_shown(self, object_type: str) -> bool:
        """Tell whether this is a type that its objects name, also once they are redacted.

        A user may have the name redacted: `redact.fields`.
        """
        tree = None if object_type in _NAMELESS else self.answers.tree(object_type)
        name = tree.members.get("object") if tree else None
        return tree is not None and (name is None or name.field is None or name.field.kind == KEEP)

    def names(self, operation: str) -> Names:
        """Return the usual spellings of the fields that are in no list and not named by users."""
        return self.requests.derived(operation, _spellings) or {}

    def normal_form(self, field: Field, value: str) -> str | None:
        """Return the normal form of a value that may be kept, or None where it may not."""
        if field.anything:
            return value if self.may_be_kept(value) else None
        return normal_value(field, value, self) if field.kind == KEEP or field.values else None

    @cached_property
    def words(self) -> frozenset[str]:
        """Every name of the API."""
        return self.requests.names() | self.answers.names() | self.id_names

    @cached_property
    def error_codes(self) -> frozenset[str]:
        """The codes of errors."""
        definition = self.answer_field(_ERROR, ("code",)).field
        return frozenset() if definition is None else definition.values


def _spellings(tree: FieldNode) -> Names:
    paths = (path for path in _plain_paths(tree))
    plain = {join_name(path): path for path in paths}
    encoded = {quote(name): path for name, path in plain.items()}
    return plain | encoded


def _plain_paths(node: FieldNode, path: Path = ()) -> Iterable[Path]:
    for name, member in node.members.items():
        if name[0] not in "[*~":
            own = (*path, name)
            if member.field is not None:
                yield own
            yield from _plain_paths(member, own)


@lru_cache(maxsize=2)
def read_catalog(headers: str, requests: str, answers: str, routes: str = "") -> Catalog:
    """Read the catalog: the outlines of `outlines`, the routes, and a table of headers and lists.

    The table is CSV: side, path, class, values, source. Raises ValueError with the line of an
    unknown side, class, slot or form.
    """
    sides: dict[str, dict[str, Field]] = {"request header": {}, "response header": {}}
    lists: dict[str, frozenset[str]] = {}
    rows = csv.DictReader(headers.splitlines())
    for row in rows:
        side, name = row["side"], row["path"]
        try:
            check("side", side, {"list", *sides})
            if side == "list":
                lists[name] = frozenset(row["values"].split("|"))
            else:
                sides[side][name] = field_of(row["class"], row["values"])
        except ValueError as error:
            raise ValueError(f"headers.csv:{rows.line_num}: {error}") from None
    request_headers, response_headers = sides.values()
    outlines = (Outlines(requests), Outlines(answers))
    id_names = frozenset(re.findall(r"\{(\w+)\}", routes))
    return Catalog(*outlines, request_headers, response_headers, lists, id_names)


def extended(
    catalog: Catalog,
    keep: Iterable[str],
    fields: Mapping[str, str],
    may_be_kept: Callable[[str], bool] = bool,
) -> Catalog:
    """Return the catalog with additional fields of the user, in requests and responses."""
    readable = {dotted(name): Field(KEEP, anything=True) for name in keep}
    sent = readable | {dotted(name): Field(kind) for name, kind in fields.items()}
    answered = readable | {
        dotted(name): Field("text" if kind in NEVER_ANSWERED else kind)
        for name, kind in fields.items()
    }
    return replace(
        catalog,
        requests=catalog.requests.extended(sent),
        answers=catalog.answers.extended(answered),
        may_be_kept=may_be_kept,
    )


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
