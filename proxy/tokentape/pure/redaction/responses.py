"""A response through redaction: its headers by allowlist, its JSON leaf by leaf.

What repeats a value of the request becomes that request's variable, so that at replay the live
client reads its own value. What Stripe made up (ids, times) becomes a new variable.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as field_
from operator import itemgetter

import orjson

from tokentape.errors import UnreadableBody
from tokentape.pure.http.forms import (
    MAX_ANSWER,
    MAX_ANSWER_DEPTH,
    has_more_nodes,
    media_type,
    plain_body,
)
from tokentape.pure.http.json_text import Json, begun, enclosed, string
from tokentape.pure.http.messages import Response
from tokentape.pure.notation.placeholders import escape
from tokentape.pure.notation.redacted import Redacted, RedactedRequest, RedactedResponse
from tokentape.pure.redaction.echoes import Echo, Story
from tokentape.pure.redaction.response_fields import ResponseField
from tokentape.pure.redaction.response_texts import ResponseTexts
from tokentape.pure.redaction.values import MOST_REMEMBERED, Values, field_name, typed_name
from tokentape.pure.stripe.fields import KEEP, Field
from tokentape.pure.stripe.kinds import ID_PREFIXES, Secret, id_kind, secret

MAX_NODES = 50_000
"""Values of the largest answer, in JSON: a list of a hundred objects has some fifteen thousand."""
_LEAVES = frozenset({str, int, float, bool, type(None)})
_TOO_DEEP = "the answer is nested too deeply"
_MOST_ROOTS = 300
"""Object types, each at a depth in an answer, whose fields are remembered."""


class ResponseRedactor:
    """Redacts responses, and remembers what in them is alike."""

    def __init__(self, values: Values) -> None:
        self._values = values
        definition = values.catalog.answer_field("", ()).field
        self._root = ResponseField("", (), 0, "", definition, in_catalog=True)
        self._roots: dict[tuple[str, int], ResponseField] = {}
        """By object type and depth: where the fields of an object begin."""
        headers = values.catalog.response_headers
        self._definitions = {name.lower(): (name, field) for name, field in headers.items()}
        self._remembered: dict[tuple[str, str], tuple[str, Redacted]] = {}
        """Header lines of closed vocabularies, as they came and redacted."""

    def redacted(
        self,
        raw: Response,
        request: RedactedRequest,
        story: Story,
        present: int,
        stories: Mapping[str, Story],
    ) -> RedactedResponse:
        """Redact a response. Raises UnreadableBody for a body that is no JSON or a bad status."""
        if not 200 <= raw.status <= 599:
            raise UnreadableBody("the status is none that an answer can have")
        headers, body = self._headers(raw), plain_body(raw, MAX_ANSWER)
        if not body:
            return RedactedResponse(raw.status, headers, Redacted(""))
        document = _parsed(body)
        owner, code = raw.header("request-id") or "", _error_code(document)
        echo = Echo(request, story)
        redaction = _Redaction(
            self._values, request, story.numbers, echo, owner, present, code, self._roots, stories
        )
        text = redaction.node(document, self._root) + "\n"
        redacted = Redacted(text, tuple(redaction.secrets))
        return RedactedResponse(raw.status, headers, redacted, echo.new)

    def _headers(self, raw: Response) -> tuple[tuple[str, Redacted], ...]:
        lines = [self._remembered.get(line) or self._header(line) for line in raw.headers]
        return tuple(sorted([line for line in lines if line is not None], key=itemgetter(0)))

    def _header(self, line: tuple[str, str]) -> tuple[str, Redacted] | None:
        name, definition = self._definitions.get(line[0].lower(), ("", None))
        if definition is None:
            return None
        value = media_type(line[1]) if name == "Content-Type" else line[1]
        if definition.kind == "object_id":
            return name, self._values.redacted("object_id", value, name)
        if self._values.catalog.normal_form(definition, value) is None:
            return None
        redacted = name, Redacted(escape(value))
        if len(self._remembered) < MOST_REMEMBERED:
            self._remembered[line] = redacted
        return redacted


def _parsed(body: bytes) -> Json:
    if has_more_nodes(body, MAX_NODES):
        raise UnreadableBody(f"the answer has more than {MAX_NODES:,} values")
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        raise UnreadableBody("the answer is no JSON") from None


def _error_code(document: Json) -> Json:
    error = document.get("error") if isinstance(document, dict) else None
    return error.get("code") if isinstance(error, dict) else None


def _dumped(value: Json) -> str:
    try:
        return orjson.dumps(value).decode()
    except orjson.JSONEncodeError:
        raise UnreadableBody(_TOO_DEEP) from None


@dataclass(slots=True, repr=False)
class _Redaction(ResponseTexts):
    """The walk over one response. Returns text, and collects the secrets that belong to it."""

    roots: dict[tuple[str, int], ResponseField]
    """What begins the fields of an object, by its type and depth."""
    stories: Mapping[str, Story]
    """What was sent for an object, by the key of its id."""
    secrets: list[Secret] = field_(default_factory=list)

    def node(self, value: Json, field: ResponseField) -> str:
        """Return one node of the document, redacted."""
        if not field.in_catalog:
            return self._unknown(field, value)
        if isinstance(value, dict):
            return self._object(value, field)
        if isinstance(value, list):
            place = self._child(field, "", is_member=False)
            items = [place.begin + self.node(item, place) for item in value]
            return enclosed("[", items, "]", field.depth)
        return self._leaf(value, field)

    def _object(self, members: Mapping[str, Json], field: ResponseField) -> str:
        """Return a hash: as the object that it is where the catalog says that one may stand."""
        catalog = self.values.catalog
        object_type = (
            catalog.object_type(field.definition, members)
            if field.depth
            else catalog.answer_type(members, self.request.route)
        )
        if not object_type:
            return enclosed("{", self._members(members, field), "}", field.depth)
        around, id_ = (self.owner, self.echo), members.get("id")
        if isinstance(id_, str) and id_:
            self.owner, self.echo = id_, self._echo_of(id_)
        lines = self._members(members, self._root_of(object_type, field.depth))
        self.owner, self.echo = around
        return enclosed("{", lines, "}", field.depth)

    def _echo_of(self, object_id: str) -> Echo:
        """Return what an object may repeat: what was sent for it, also where a list shows it."""
        kind = id_kind(object_id)
        story = self.stories.get(secret(kind, object_id).key) if kind in ID_PREFIXES else None
        return self.echo if story is None else self.echo.within(story)

    def _root_of(self, object_type: str, depth: int) -> ResponseField:
        root = self.roots.get((object_type, depth))
        if root is None:
            root = ResponseField(object_type, (), depth, object_type, None, in_catalog=True)
            if len(self.roots) < _MOST_ROOTS:
                self.roots[object_type, depth] = root
        return root

    def _members(self, members: Mapping[str, Json], parent: ResponseField) -> list[str]:
        lines = []
        for name, value in members.items():
            field = parent.members.get(name) or self._child(parent, name, is_member=True)
            kind = type(value)
            if kind in _LEAVES and field.in_catalog:
                line = field.lines.get((kind, value)) or field.begin + self._leaf(value, field)
            else:
                line = field.begin + self.node(value, field)
            lines.append(line)
        return lines

    def _child(self, parent: ResponseField, name: str, *, is_member: bool) -> ResponseField:
        path, depth = (*parent.path, name), parent.depth + 1
        if depth > MAX_ANSWER_DEPTH:
            raise UnreadableBody(_TOO_DEEP)
        located = self.values.catalog.answer_field(parent.owner, path)
        is_position = is_member and not name  # there is no such name
        in_catalog = located.depth == len(path) and not is_position
        begin = begun(depth)
        if is_member:
            own = in_catalog and len(parent.path) not in located.free
            key = string(escape(name)) if own else self._written(self._user_name(name, parent))
            begin += f"{key}: "
        full_name = typed_name(parent.owner, field_name(path, located))
        field = ResponseField(
            parent.owner, path, depth, full_name, located.field, in_catalog, begin
        )
        if is_member and in_catalog and not located.free:
            parent.members[name] = field
        return field

    def _user_name(self, name: str, parent: ResponseField) -> Redacted:
        """Redact a name that the API does not know, as the request's if that has it."""
        own = secret("field", name, parent.name)
        return self.values.redacted("field", name, (self.echo.of(own) or own).field)

    def _leaf(self, value: Json, field: ResponseField) -> str:
        definition = field.definition
        if value is None or value == "":
            token = "null" if value is None else '""'
        elif definition is not None and self._is_kept(definition, value):
            token = string(escape(value)) if isinstance(value, str) else _dumped(value)
            if definition.anything or definition.form == "param":  # not in each response
                return token
        else:
            return self._redacted(field, value)
        if len(field.lines) < MOST_REMEMBERED:
            field.lines[type(value), value] = field.begin + token
        return token

    def _redacted(self, field: ResponseField, value: Json) -> str:
        kind = field.definition.kind if field.definition else ""
        if isinstance(value, str):
            return self._written(self.text(field, value))
        if kind == "time" and type(value) is int:
            return self._written(self.time(value, field.name, field.path[-1]))
        if kind in ("exp_month", "exp_year", "risk_score") and type(value) is int:
            return self._written(self.values.redacted(kind, str(value), field.name))
        return self._unknown(field, value)

    def _written(self, redacted: Redacted) -> str:
        self.secrets += redacted.secrets
        return string(redacted.text)

    def _is_kept(self, definition: Field, value: Json) -> bool:
        if definition.kind != KEEP and not definition.anything and not definition.values:
            return False
        if isinstance(value, bool):
            return definition.anything or definition.form == "bool"
        if definition.form == "param" and self.repeats_name:
            return False
        if isinstance(value, (str, int, float)):
            return self.values.catalog.normal_form(definition, str(value)) is not None
        return definition.anything

    def _unknown(self, field: ResponseField, value: Json) -> str:
        """Return what nobody vouches for: a text as one, anything else with its whole inside."""
        if value is None:
            return "null"
        if isinstance(value, str):
            return self._written(self.value("text", value, field.name))
        return self._written(self.values.redacted("json", _dumped(value), field.name))
