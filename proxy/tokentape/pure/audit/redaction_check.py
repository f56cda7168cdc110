"""Whether an interaction contains only what redaction can write.

A cassette from a pull request is hostile until it has been checked. Each literal in it must be in
the catalog's vocabulary. Each placeholder must be valid, and of a kind that redaction writes in its
place (`stripe.places`): replay puts the client's own values into placeholders, and `verify` sends
some of them. Anything else might be a secret or move one, and is reported by its position, never by
its value.

Equal parts are checked only once. Interactions that differ only in the numbers of their variables
have one outline and one result: a number cannot make a part invalid, except that a name may then
occur twice in one JSON object. And whether a field, or a leaf of a response body, is valid depends
only on its path.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from functools import lru_cache, partial
from itertools import count
from typing import NamedTuple
from urllib.parse import quote_plus, unquote_plus

import orjson

from tokentape.pure.audit.problems import BODY, Problem
from tokentape.pure.audit.suggestions import suggested
from tokentape.pure.cassette.model import (
    MAX_ANSWER_VARIABLES,
    OUTLINES_CACHED,
    Interaction,
    Texts,
)
from tokentape.pure.http.forms import MAX_ANSWER_DEPTH, Path, split_name
from tokentape.pure.http.json_text import Json
from tokentape.pure.notation.placeholders import Placeholder, numbered, parts, whole
from tokentape.pure.redaction import Redactor
from tokentape.pure.redaction.requests import FORM
from tokentape.pure.redaction.values import BEHIND_ID, Values
from tokentape.pure.stripe import phrases, places
from tokentape.pure.stripe.fields import Field
from tokentape.pure.stripe.kinds import KINDS
from tokentape.pure.stripe.places import Place
from tokentape.pure.stripe.routes import Route, RouteMatch

_BEARER = "Bearer "
_BAD_JSON = f"{BODY}, which is no JSON or repeats a name,"
_TOO_DEEP = f"{BODY}, which is nested too deeply,"

_NEEDLESS_ESCAPE = re.compile(r"(?<!\\)(?:\\\\)*\\u00(?:[2-6][0-9a-f]|7[0-9a-e])", re.IGNORECASE)
"""Escapes of printable ASCII in JSON, which could hide a placeholder; redaction writes none."""
_QUERY = re.compile(r"\?(?!\}\})")
"""What begins a query: a variable that is not numbered has the same character."""
_AS_WRITTEN = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE


def is_valid_placeholder(placeholder: Placeholder, values: Values) -> bool:
    """Tell whether kind, class or public name, and slot of a placeholder exist."""
    kind = KINDS.get(placeholder.kind)
    if kind is None or (placeholder.slot and placeholder.slot not in kind.slots):
        return False
    if placeholder.number:  # the class of a whole value is written, never that of its part
        guarded = bool(kind.guards) and not placeholder.slot
        guard_is_valid = placeholder.name in kind.guards if guarded else not placeholder.name
        return not kind.class_only and guard_is_valid
    named = values.published.value(placeholder.kind, placeholder.name) is not None
    return named or placeholder.name in kind.classes


class Spot(NamedTuple):
    """A place in an answer."""

    route: Route | None
    owner: str = ""
    """The type of the object; blank for the answer as a whole."""
    path: Path = ()
    """In that object, positions blank."""


class RedactionCheck:
    """Reports the positions in interactions that hold what redaction would not have written."""

    def __init__(self, redactor: Redactor) -> None:
        self._values, self._catalog = redactor.values, redactor.values.catalog
        self._match_headers = redactor.match_headers
        cached = lru_cache(OUTLINES_CACHED, typed=True)
        self._outline_problems = cached(self._check_outline)
        self._field_is_valid = cached(self._field)
        self._request_header_is_valid = cached(self._request_header)
        self._response_header_is_valid = cached(self._response_header)
        self._node_problem = cached(self._check_node)

    def problems(self, interaction: Interaction) -> tuple[Problem, ...]:
        """Return the positions of unredacted values in an interaction."""
        if len(interaction.response_variables) > MAX_ANSWER_VARIABLES:
            return (Problem(f"{BODY}, of more than {MAX_ANSWER_VARIABLES:,} variables,"),)
        problems, may_have_repeats = self._outline_problems(interaction.outline)
        if may_have_repeats and not problems and _has_repeats(interaction.texts.text):
            return (Problem(_BAD_JSON),)
        return problems

    def _check_outline(self, texts: Texts) -> tuple[tuple[Problem, ...], bool]:
        """Return the problems of an outline, and whether names may repeat once it has numbers."""
        match = self._with_ids(self._values.any_operation_at(texts.method, texts.path), texts.path)
        route = match.route if match else None
        problems = list(self._problems_outside_body(texts, route))
        try:
            document, may_have_repeats = _read_body(texts.text)
        except (ValueError, RecursionError):
            return (*problems, Problem(_BAD_JSON)), False
        if "\\" in texts.text and _NEEDLESS_ESCAPE.search(texts.text):
            problems.append(Problem(f"{BODY}, where it escapes what needs no escape,"))
        if texts.text:
            self._check_body(document, Spot(route), problems, 0, named=False)
        return tuple(problems), may_have_repeats

    def _problems_outside_body(self, texts: Texts, route: Route | None) -> Iterator[Problem]:
        operation = route.operation if route else ""
        if route is None:
            yield self._problem("the uri's path", texts.path)
        for label, fields in (("query field", texts.query), ("request field", texts.body)):
            for number, field in enumerate(fields, 1):
                if not self._field_is_valid(operation, field):
                    name = field.partition("=")[0]
                    is_plain = "{{" not in name and self._name(operation, name)
                    shown = f", {name}" if is_plain else ""
                    yield self._problem(f"{label} {number}{shown}", field)
        for name, value in texts.request_headers:
            if not self._request_header_is_valid(name, value):
                shown = f", {name}" if name in self._catalog.request_headers else ""
                yield self._problem(f"a request header{shown}", value)
        for name, value in texts.response_headers:
            if not self._response_header_is_valid(name, value):
                shown = f", {name}" if name in self._catalog.response_headers else ""
                yield self._problem(f"a response header{shown}", value)

    def _problem(self, position: str, text: Json) -> Problem:
        """Make a problem of what stands in a position."""
        if not isinstance(text, str):
            return Problem(position)
        is_valid = partial(is_valid_placeholder, values=self._values)
        return Problem(position, suggested(text, self._values.published, is_valid))

    def _check_body(
        self, value: Json, spot: Spot, problems: list[Problem], depth: int, *, named: bool
    ) -> None:
        """Add the positions of unredacted values in a JSON value of a response body."""
        is_container = isinstance(value, (dict, list))
        if depth > MAX_ANSWER_DEPTH:
            problems.append(Problem(_TOO_DEEP))
            return
        problem = self._node_problem(spot, None if is_container else value, named, is_container)
        route, owner, path = spot
        if problem:
            text = path[-1] if is_container and path else value
            problems.append(self._problem(f"{BODY}, at {problem}", text))
        elif isinstance(value, dict):
            field = self._catalog.answer_field(owner, path).field
            object_type = (
                self._catalog.object_type(field, value)
                if owner
                else self._catalog.answer_type(value, route)
            )
            owner, path = (object_type, ()) if object_type else (owner, path)
            for name, item in value.items():
                inner = Spot(route, owner, (*path, name))
                self._check_body(item, inner, problems, depth + 1, named=True)
        elif isinstance(value, list):
            inner = Spot(route, owner, (*path, ""))
            for item in value:
                self._check_body(item, inner, problems, depth + 1, named=False)

    def _check_node(self, spot: Spot, leaf: Json, named: object, is_container: object) -> str:
        """Return where a name or a leaf of a response body is not redacted, or "".

        `named` is for the members of objects, whose name is the last segment of the path.
        """
        route, owner, path = spot
        operation = route.operation if route else ""
        located = self._catalog.answer_field(owner, path)
        is_position = bool(named) and not path[-1]
        is_of_api = located.depth == len(path) and not is_position
        named_by_api = is_of_api and len(path) - 1 not in located.free
        if named and not named_by_api and not self._may_stand(path[-1], places.NAME):
            return "a field whose name is not known and not redacted"
        if is_container:
            return "" if is_of_api else "a field that is not known and not redacted"
        if self._leaf(operation, located.field, leaf):
            return ""
        words = self._catalog.words
        shown = (name if name in words else "…" for name in path if name)
        return ".".join((owner, *shown) if owner else shown)

    def _with_ids(self, match: RouteMatch | None, path: str) -> RouteMatch | None:
        """Return the operation at a path if its ids are redacted, or None."""
        if match is None or match.route.path(match.ids) != path:
            return None
        return match if all(map(self._id, match.route.ids, match.ids)) else None

    def _id(self, field: Field, text: str) -> bool:
        """Tell whether an id in a path is a placeholder, or of the vocabulary that it has."""
        return self._value(field, text, text, places.in_request(field))

    def _field(self, operation: str, text: str) -> bool:
        """Tell whether `name=value` has the API's names and vocabulary, or placeholders."""
        name, equals, value = text.partition("=")
        field = self._catalog.request_field(operation, _path(name)).field
        place = places.in_request(field)
        valid = value == "" or self._value(field, unquote_plus(value), value, place)
        return bool(equals) and self._name(operation, name) and valid

    def _request_header(self, name: str, text: str) -> bool:
        """Tell whether a header may be kept, and its value is in its vocabulary."""
        field = self._catalog.request_headers.get(name)
        if field is None and name not in self._match_headers:
            return False
        place = places.in_request(field)
        if place == places.KEY:
            return text.startswith(_BEARER) and self._may_stand(text[len(_BEARER) :], place)
        return text == FORM or self._value(field, text, text, place)

    def _response_header(self, name: str, text: str) -> bool:
        """Tell whether a header may be kept, and its value is in its vocabulary."""
        field = self._catalog.response_headers.get(name)
        if field is None:
            return False
        return self._value(field, text, text, places.in_response_header(field))

    def _leaf(self, operation: str, field: Field | None, value: Json) -> bool:
        if value is None or value == "":
            return True
        if isinstance(value, str):
            return self._text(operation, field, value)
        if field is None:
            return False
        if isinstance(value, bool):
            return field.anything or field.form == "bool"
        return self._catalog.normal_form(field, str(value)) is not None

    def _name(self, operation: str, name: str) -> bool:
        """Tell whether the segments of a field's name are the API's, or placeholders."""
        path = _path(name)
        located = self._catalog.request_field(operation, path)
        return all(
            self._may_stand(written, places.NAME)
            if position >= located.depth or position in located.free
            else written == quote_plus(segment)
            for position, (segment, written) in enumerate(zip(path, split_name(name), strict=True))
        )

    def _value(self, field: Field | None, plain: str, written: str, place: Place) -> bool:
        if "{{" in written:
            is_secret = field is not None and field.kind == "client_secret"
            return self._may_stand(written, place) or (is_secret and self._client_secret(written))
        return field is not None and self._catalog.normal_form(field, plain) == plain

    def _may_stand(self, text: str, place: Place) -> bool:
        """Tell whether a text is a placeholder that may stand in a place."""
        placeholder = whole(text)
        return (
            placeholder is not None
            and (placeholder.kind, placeholder.slot) in place
            and is_valid_placeholder(placeholder, self._values)
        )

    def _text(self, operation: str, field: Field | None, value: str) -> bool:
        if self._may_stand(value, places.in_response_leaf(field)):
            return True
        if field is None:
            return False
        if field.kind == "message":
            reading = self._values.phrases.read(value)
            slots = reading.slots if reading else ()
            return reading is not None and all(self._slot(operation, *slot) for slot in slots)
        if field.kind == "client_secret":
            return self._client_secret(value)
        if field.kind == "path":
            return self._list_path(value)
        if field.form == "requirement" and "}}." in value:
            person, _, name = value.partition("}}.")
            is_name = self._catalog.normal_form(field, name) is not None
            return is_name and self._may_stand(person + "}}", places.ID)
        if field.form == "param" and self._name(operation, value):
            return True
        try:
            pieces = list(parts(value))
        except ValueError:
            return False
        plain = pieces[0] if len(pieces) == 1 else None
        return isinstance(plain, str) and self._catalog.normal_form(field, plain) is not None

    def _list_path(self, text: str) -> bool:
        """Tell whether a text is the path of a list, with what it is of redacted."""
        path, *queries = _QUERY.split(text, maxsplit=1)
        match = self._with_ids(self._values.operation_at("GET", path), path)
        if match is None:
            return False
        fields = (field for query in queries for field in query.split("&"))
        return all(self._field(match.route.operation, field) for field in fields)

    def _client_secret(self, text: str) -> bool:
        """Tell whether a text is an object's id, and what makes it a secret, as placeholders."""
        head, mark, tail = text.partition(BEHIND_ID)
        pieces = ((head, places.ID), (tail, places.CLIENT_SECRET))
        return bool(mark) and all(self._may_stand(*piece) for piece in pieces)

    def _slot(self, operation: str, kind: str, value: str) -> bool:
        if kind in ("field", "fields"):
            return all(self._name(operation, name) for name in value.split(", "))
        is_kept = kind in phrases.CLOSED or (kind == "path" and self._list_path(value))
        return is_kept or self._may_stand(value, places.in_message(kind))


def _path(name: str) -> Path:
    """Return the path of a field's name as it is written: its segments are percent-encoded."""
    return tuple(map(unquote_plus, split_name(name)))


def _read_body(text: str) -> tuple[Json, bool]:
    """Read the body of an outline as JSON.

    Returns also whether names may repeat once the variables in them have their numbers. Raises
    ValueError or RecursionError for invalid JSON.
    """
    if not text:
        return None, False
    with suppress(orjson.JSONDecodeError, orjson.JSONEncodeError):
        document = orjson.loads(text)
        if orjson.dumps(document, option=_AS_WRITTEN).decode() == text:  # so no name repeats
            return document, False
    renumbered = numbered(text, (("", number) for number in count(1)))
    return json.loads(renumbered, object_pairs_hook=_without_repeats), True


def _has_repeats(text: str) -> bool:
    try:
        json.loads(text, object_pairs_hook=_without_repeats)
    except ValueError:
        return True
    return False


def _without_repeats(members: list[tuple[str, Json]]) -> dict[str, Json]:
    """Return an object's members. Raises ValueError for a repeated key, which hides a value."""
    document = dict(members)
    if len(document) < len(members):
        raise ValueError("a key occurs twice")
    return document
