"""One value through redaction: by its public name, only by its class, or as a variable."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from dataclasses import field as field_
from functools import lru_cache
from urllib.parse import quote_plus

from tokentape.pure.http.forms import Path, join_name
from tokentape.pure.notation.placeholders import UNNUMBERED, Placeholder, whole
from tokentape.pure.notation.redacted import Redacted, UnknownName, joined
from tokentape.pure.stripe.catalog import Catalog
from tokentape.pure.stripe.fields import KEEP, Field, Located
from tokentape.pure.stripe.kinds import (
    CLASS_ONLY,
    ID_KINDS,
    ID_PREFIXES,
    KINDS,
    SLOTS,
    Secret,
    guard,
    id_kind,
    same,
    secret,
)
from tokentape.pure.stripe.phrases import Phrases
from tokentape.pure.stripe.published import Published
from tokentape.pure.stripe.routes import RouteMatch, Routes
from tokentape.pure.stripe.times import SENT

MOST_REMEMBERED = 200
"""Values that are no secret, remembered with what they become, for each field."""
BEHIND_ID = "_secret_"
"""What stands between an object's id and the rest of its client secret."""
_UNIFORM = frozenset(
    kind
    for kind in KINDS.keys() - CLASS_ONLY - ID_KINDS - {"dob", "object_id", "time"}
    if not guard(kind, "") and same(kind, " -") == " -"
)
"""Kinds without classes, of which each spelling is another value."""
JOINT, _CHOSEN = "\x1f", "\x1e"


@dataclass(frozen=True, slots=True, repr=False)
class RequestField:
    """A field of requests, and what it takes to redact its values."""

    name: Redacted
    field: str = field_(repr=False)
    """Which field it is, list positions aside: equal values are the same only within one."""
    vocabulary: Field | None
    """What the catalog knows of values that may be kept; None where none may."""
    kind: str
    """What a value is that may not be kept."""
    slot: str = ""
    """The part of such a value that is sent here."""
    remembered: dict[str, Redacted] = field_(default_factory=dict, compare=False)
    """Whole entries by value: values of a closed vocabulary or published ones, no secrets."""
    uniform: str = ""
    """The entry of any value that is not remembered; blank where that is not known beforehand."""
    key: str = ""
    """How the keys of these variables begin."""
    unknown: UnknownName | None = None
    """Its name, if the API does not know it."""

    def entry(self, value: Redacted) -> Redacted:
        """Return the field with a redacted value."""
        return Redacted(f"{self.name.text}={value.text}", self.name.secrets + value.secrets)


@dataclass(frozen=True, slots=True)
class Values:
    """What redaction knows of the API and its public values."""

    catalog: Catalog
    published: Published
    phrases: Phrases
    routes: Routes
    this_year: int
    """The year by which a card's expiry is past or future."""
    fields: Mapping[str, Mapping[Path, RequestField]] = field_(
        init=False, repr=False, compare=False
    )
    """Every field that a request may have, by its operation and its path."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "fields", _Operations(self))

    def operation_at(self, method: str, path: str) -> RouteMatch | None:
        """Return the operation at a path, if it can be recorded and replayed.

        An answer that is no JSON, a PDF, cannot.
        """
        match = self.routes.at(method, path)
        return match if match and match.route.answer else None

    def any_operation_at(self, method: str, path: str) -> RouteMatch | None:
        """Return the operation at a path, or else one that the catalog does not have."""
        return self.operation_at(method, path) or self.routes.unlisted(method, path)

    def redacted(self, kind: str, text: str, field: str, slot: str = "") -> Redacted:
        """Redact one sensitive value of a field, or the part of it that `slot` names."""
        if kind == "object_id":
            kind = id_kind(text)
        if kind in CLASS_ONLY:
            return Redacted(_notation(kind, "", guard(kind, text, this_year=self.this_year), slot))
        name = self.published.name(kind, text)
        if name is not None:
            return Redacted(_notation(kind, "", name, slot))
        # A guard stands only with the whole value: a part of it says no more.
        notation = _notation(kind, UNNUMBERED, "" if slot else guard(kind, text), slot)
        return Redacted(notation, (secret(kind, text, field),))

    def variable(self, value: Secret, of_class: str) -> Redacted:
        """Redact a value as a variable with a class of its kind, or none."""
        return Redacted(_notation(value.kind, UNNUMBERED, of_class, ""), (value,))

    def client_secret(self, text: str, field: str) -> Redacted:
        """Redact the client secret of an object: its id, and what makes it a secret."""
        head, _, tail = text.partition(BEHIND_ID)
        if not tail or id_kind(head) not in ID_PREFIXES:
            return self.redacted("client_secret", text, field)
        pieces = (self.redacted(id_kind(head), head, field), Redacted(BEHIND_ID))
        return joined((*pieces, self.redacted("client_secret", tail, field)))

    def name(self, operation: str, path: Path) -> Redacted:
        """Redact a field's name: the API's names as they are, what follows as one variable."""
        return self.fields[operation][path].name

    def part(self, number: Redacted, slot: str) -> tuple[Redacted, str]:
        """Return a part of a redacted number, redacted, and the text of that part."""
        placeholder, notation = _sliced(number.text, slot)
        if placeholder is None:
            return number, ""
        text = (
            number.secrets[0].text
            if number.secrets
            else self.published.value(placeholder.kind, placeholder.name) or ""
        )
        return Redacted(notation, number.secrets), SLOTS[placeholder.kind][slot](text)


class _Operations(dict[str, Mapping[Path, RequestField]]):
    """The fields of each operation that was looked up before."""

    def __init__(self, values: Values) -> None:
        super().__init__()
        self._values = values

    def __missing__(self, operation: str) -> Mapping[Path, RequestField]:
        fields = self[operation] = _Fields(self._values, operation)
        return fields


class _Fields(dict[Path, RequestField]):
    """Fields looked up before: only of the API's own names, so they are few and no secret."""

    def __init__(self, values: Values, operation: str) -> None:
        super().__init__()
        self._values, self._operation = values, operation

    def __missing__(self, path: Path) -> RequestField:
        located = self._values.catalog.request_field(self._operation, path)
        depth = _named_depth(path, located)
        name = self._name(path, depth, located)
        field = _request_field(name, path, located)
        if depth < len(path):
            unknown = UnknownName(join_name(path), join_name(path[: depth + 1]), name)
            return replace(field, unknown=unknown)
        if located.depth == len(path) and not located.free:
            field = self[path] = _prepared(field, self._values.published)
        return field

    def _name(self, path: Path, depth: int, located: Located) -> Redacted:
        """Redact a name. What the API does not know is one name: brackets in it are its content."""
        pieces = [
            self._values.redacted("field", segment, field_name(path[:position], located))
            if position in located.free
            else Redacted(quote_plus(segment))
            for position, segment in enumerate(path[:depth])
        ]
        if depth < len(path):
            rest, around = _rest(path, depth), field_name(path[:depth], located)
            pieces.append(self._values.redacted("field", rest, around))
        text = join_name(piece.text for piece in pieces)
        return Redacted(text, tuple(secret for piece in pieces for secret in piece.secrets))


def _named_depth(path: Path, located: Located) -> int:
    """Return how many segments the API names, or lets users name, in a path that it knows.

    `located` is of the path, or of a longer one.
    """
    return located.depth if located.depth >= len(path) else min((located.depth, *located.free))


def _rest(path: Path, depth: int) -> str:
    """Return what follows the segments that the API names, as one name.

    >>> _rest(("card", "x", "y"), 1), _rest(("x", "y"), 0)
    ('x][y', 'x[y]')
    """
    return "][".join(path[depth:]) if depth else join_name(path)


def sent_time(text: str, field: str) -> Redacted:
    """Redact a time that a client sent from its clock: one variable for each field, of any value.

    At replay the clock shows another time: so none tells two requests apart.
    """
    key = secret("time", "", field).key
    return Redacted(_notation("time", UNNUMBERED, SENT, ""), (Secret("time", key, text),))


@lru_cache(maxsize=1024)
def _sliced(number: str, slot: str) -> tuple[Placeholder | None, str]:
    placeholder = whole(number)
    if placeholder is None:
        return None, number
    name = "" if placeholder.number else placeholder.name
    return placeholder, str(replace(placeholder, name=name, slot=slot))


def field_name(path: Path, located: Located) -> str:
    """Return which field a path is: its segments without positions in lists of the API.

    Names that users chose are marked, so that none is ever taken for a name of the API. What the
    API does not know is one name.
    """
    segments, depth = [], _named_depth(path, located)
    for position, segment in enumerate(path[:depth]):
        if position in located.free:
            segments.append(_CHOSEN + segment)
        elif segment and not segment.isdigit():
            segments.append(segment)
    if depth < len(path):
        segments.append(_CHOSEN + _rest(path, depth))
    return JOINT.join(segments)


def typed_name(object_type: str, field: str) -> str:
    """Return which field a field of an object is, wherever the object stands."""
    return f"{object_type}{JOINT}{field}"


def in_object(field: str) -> str:
    """Return a field of a response without the type of the object that it is in."""
    return field.partition(JOINT)[2]


def last_name(field: str) -> str:
    """Return the last segment of what `field_name` returned."""
    return field.rpartition(JOINT)[2]


def is_chosen(field: str) -> bool:
    """Tell whether the last segment is a name that a user chose, or that the API does not know."""
    return last_name(field).startswith(_CHOSEN)


def _request_field(name: Redacted, path: Path, located: Located) -> RequestField:
    definition, field = located.field, field_name(path, located)
    if definition is None:
        return RequestField(name, field, None, "text")
    if definition.slot:  # the parts of a date of birth are one value, of the field around them
        return RequestField(name, field_name(path[:-1], located), None, "dob", definition.slot)
    kind = definition.kind if definition.kind in KINDS else "text"
    keeps = definition.kind == KEEP or definition.anything or bool(definition.values)
    return RequestField(name, field, definition if keeps else None, kind)


def _prepared(field: RequestField, published: Published) -> RequestField:
    """Return a field with what all its variables have in common, and with all its other values."""
    if field.vocabulary is not None or field.slot or field.kind not in _UNIFORM:
        return field
    notations = {text: name for (kind, text), name in published.names.items() if kind == field.kind}
    remembered = {
        text: field.entry(Redacted(_notation(field.kind, "", name, "")))
        for text, name in notations.items()
    }
    remembered[""] = field.entry(Redacted(""))
    variable = Redacted(_notation(field.kind, UNNUMBERED, "", ""))
    key = secret(field.kind, "", field.field).key
    uniform = field.entry(variable).text
    return replace(field, uniform=uniform, key=key, remembered=remembered)


@lru_cache(maxsize=1024)
def _notation(kind: str, number: str, name: str, slot: str) -> str:
    return str(Placeholder(kind, number, name, slot))
