"""A response through redaction: its headers by allowlist, its JSON leaf by leaf.

What repeats a value of the request becomes that request's variable, so that at replay the live
client reads its own value. What Stripe made up (ids, times) becomes a new variable.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as field_
from operator import attrgetter, itemgetter

import orjson

from tokentape.errors import UnreadableBody
from tokentape.pure.http.forms import (
    MAX_ANSWER,
    Path,
    json_nodes,
    media_type,
    plain_body,
    split_name,
)
from tokentape.pure.http.json_text import Json, begun, enclosed, string
from tokentape.pure.http.messages import Response
from tokentape.pure.notation.placeholders import Placeholder, escape
from tokentape.pure.notation.redacted import Redacted, RedactedRequest, RedactedResponse, joined
from tokentape.pure.redaction.echoes import Echo
from tokentape.pure.redaction.response_fields import ResponseField
from tokentape.pure.redaction.values import (
    JOINT,
    MOST_REMEMBERED,
    Values,
    field_name,
    sent_time,
)
from tokentape.pure.stripe.catalog import KEEP, Field
from tokentape.pure.stripe.kinds import SLOTS, Secret, guard, secret
from tokentape.pure.stripe.places import ECHO, Place, in_message, in_response
from tokentape.pure.stripe.times import time_class

MAX_NODES = 50_000
"""Values of the largest answer, in JSON: a list of a hundred objects has some fifteen thousand."""
_LEAVES = frozenset({str, int, bool, type(None)})
_NO_KIND = frozenset({KEEP, "hash", "text", "json", "time"})
"""Classes whose values are texts of no kind."""
_WHOLE, _HEAD = attrgetter("whole"), attrgetter("head")
_UNKNOWN_PARAMETER = "parameter_unknown"
"""The error's code, docs.stripe.com/error-codes."""
_MESSAGE = "message"
"""The field that the slots of a message stand in."""


class ResponseRedactor:
    """Redacts responses, and remembers what in them is alike."""

    def __init__(self, values: Values) -> None:
        self._values = values
        self._root = ResponseField((), "", None, in_catalog=True)
        headers = values.catalog.response_headers
        self._definitions = {name.lower(): (name, field) for name, field in headers.items()}
        self._remembered: dict[tuple[str, str], tuple[str, Redacted]] = {}
        """Header lines of closed vocabularies, as they came and redacted."""

    def redacted(
        self,
        raw: Response,
        request: RedactedRequest,
        numbers: Mapping[str, Redacted],
        echoes: Mapping[Secret, Secret],
        present: int,
    ) -> RedactedResponse:
        """Redact a response. Raises UnreadableBody for a body that is no JSON or a bad status."""
        if not 200 <= raw.status <= 599:
            raise UnreadableBody("the status is none that an answer can have")
        headers, body = self._headers(raw), plain_body(raw, MAX_ANSWER)
        if not body:
            return RedactedResponse(raw.status, headers, Redacted(""))
        document = _parsed(body)
        owner, code = (raw.header("request-id") or "", 0), _error_code(document)
        echo = Echo(request, echoes)
        redaction = _Redaction(self._values, request, numbers, echo, owner, present, code)
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
    if json_nodes(body) > MAX_NODES:
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
        raise UnreadableBody("the answer is nested too deeply") from None


@dataclass(slots=True, repr=False)
class _Redaction:
    """The walk over one response. Returns text, and collects the secrets that belong to it."""

    values: Values
    request: RedactedRequest
    numbers: Mapping[str, Redacted]
    echo: Echo
    owner: tuple[str, int]
    """The id of the nearest object around, whose times are no other's, and how deep it lies."""
    present: int
    error_code: Json
    """Of an error: it tells whose name stands in `param`."""
    secrets: list[Secret] = field_(default_factory=list)

    def node(self, value: Json, field: ResponseField) -> str:
        """Return one node of the document, redacted."""
        if not field.in_catalog:
            return self._unknown(field, value)
        if isinstance(value, dict):
            return enclosed("{", self._members(value, field), "}", len(field.path))
        if isinstance(value, list):
            places = (self._child(field, str(n), is_member=False) for n in range(len(value)))
            items = [
                place.begin + self.node(item, place)
                for item, place in zip(value, places, strict=True)
            ]
            return enclosed("[", items, "]", len(field.path))
        return self._leaf(value, field)

    def _members(self, members: Mapping[str, Json], parent: ResponseField) -> list[str]:
        lines = []
        around = self.owner
        if isinstance(own_id := members.get("id"), str):
            self.owner = own_id, len(parent.path)
        for name, value in members.items():
            field = parent.members.get(name) or self._child(parent, name, is_member=True)
            kind = type(value)
            line = field.lines.get((kind, value)) if kind in _LEAVES else None
            lines.append(line or field.begin + self.node(value, field))
        self.owner = around
        return lines

    def _child(self, parent: ResponseField, name: str, *, is_member: bool) -> ResponseField:
        path = (*parent.path, name)
        located = self.values.catalog.locate_response(path)
        in_catalog = located.depth == len(path)
        begin = begun(len(path))
        if is_member:
            own = in_catalog and len(parent.path) not in located.free
            key = string(escape(name)) if own else self._written(self._user_name(name, parent))
            begin += f"{key}: "
        field = ResponseField(path, field_name(path, located), located.field, in_catalog, begin)
        if is_member and in_catalog and not located.free and not any(map(str.isdigit, path)):
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
            return self._written(self._text(field, value))
        if kind == "time" and type(value) is int:
            return self._written(self._time(value, field.path))
        if kind in ("exp_month", "exp_year") and type(value) is int:
            return self._written(self.values.redacted(kind, str(value), field.name))
        return self._unknown(field, value)

    def _written(self, redacted: Redacted) -> str:
        self.secrets += redacted.secrets
        return string(redacted.text)

    def _is_kept(self, definition: Field, value: Json) -> bool:
        if definition.kind != KEEP and not definition.anything:
            return False
        if isinstance(value, bool):
            return definition.anything or definition.form == "bool"
        if definition.form == "param" and self.error_code == _UNKNOWN_PARAMETER:
            return False  # it repeats a name that was sent, whatever that is
        if isinstance(value, (str, int)):
            return self.values.catalog.normal_form(definition, str(value)) is not None
        return definition.anything

    def _unknown(self, field: ResponseField, value: Json) -> str:
        """Return what nobody vouches for: a text as one, anything else with its whole inside."""
        if value is None:
            return "null"
        if isinstance(value, str):
            return self._written(self._value("text", value, field.name))
        return self._written(self.values.redacted("json", _dumped(value), field.name))

    def _text(self, field: ResponseField, value: str) -> Redacted:
        definition = field.definition
        if definition is None:
            return self._value("text", value, field.name)
        if definition.kind == "message":
            return self._message(value, field)
        if definition.form == "param":
            if self.error_code == _UNKNOWN_PARAMETER:
                return self._unknown_names(value)
            return self.values.name(split_name(value))
        if definition.slot:
            return self._part(definition.kind, definition.slot, value, field)
        kind = "text" if definition.kind in _NO_KIND else definition.kind
        return self._value(kind, value, field.name, in_response(definition))

    def _time(self, value: int, path: Path) -> Redacted:
        """Redact a time: the same one wherever a field of an object shows it, in its class.

        That two fields or two objects have one time says nothing: a second is chance.
        """
        owner, depth = self.owner
        of_class = time_class(value, self.present)
        key = f"time|0||{of_class}|{len(owner)}|{owner}|{JOINT.join(path[depth:])}"
        time = Secret("time", key, str(value))
        sent = self.echo.of_time(time, path[-1])
        if sent is not None:
            return sent_time(time.text, sent.field)
        return self.values.variable(time, of_class)

    def _value(self, kind: str, value: str, field: str, place: Place = ECHO) -> Redacted:
        """Redact a value of a field; if it repeats one of the request, as that very variable.

        `place` is what may stand there.
        """
        own = self.values.redacted(kind, value, field)
        sent = self.echo.of(own.secrets[0]) if own.secrets else None
        if sent is None or (sent.kind, "") not in place:
            return own
        return self.values.redacted(sent.kind, value, sent.field)

    def _part(self, kind: str, slot: str, value: str, field: ResponseField) -> Redacted:
        """Redact a part of a number, such as its last four digits, as that number's part."""
        number = self.numbers.get(kind)
        if number is not None:
            part, text = self.values.part(number, slot)
            if text == value:
                return part
        return self.values.redacted("last4", value, field.name)

    def _message(self, text: str, field: ResponseField) -> Redacted:
        reading = self.values.phrases.read(text)
        slots = [] if reading is None else [self._slot(*slot) for slot in reading.slots]
        if reading is None or None in slots:
            return self._value("text", text, field.name)
        first, *literals = (Redacted(escape(literal)) for literal in reading.literals)
        pairs = zip(slots, literals, strict=True)
        return joined([first, *(piece for pair in pairs for piece in pair if piece)])

    def _slot(self, kind: str, value: str) -> Redacted | None:
        match kind:
            case "masked_key":
                return self._quoted("key", "masked", value)
            case "idempotency_key":
                return self._quoted("idempotency_key", "", value)
            case "time":
                return self._time(int(value), (_MESSAGE,)) if value.isdigit() else None
            case "id":
                return self._value("object_id", value, _MESSAGE, in_message(kind))
            case "field":
                return self.values.name(split_name(value))
            case "fields":
                return self._unknown_names(value)
            case "expand":  # of all fields that may hold the same text
                return self._value("text", value, "expand")
            case _:
                return self._value("text", value, _MESSAGE)

    def _unknown_names(self, text: str) -> Redacted:
        """Redact what names the fields of the request that the API does not know.

        Stripe lists them in the order in which they were sent. The text is never taken apart to
        find them: a name may hold anything, the comma between two of them included.
        """
        names = self.request.unknown_names
        for form in (_WHOLE, _HEAD):
            distinct = {form(name): name.redacted for name in reversed(names)}
            if text in distinct:
                return distinct[text]
            in_order = dict.fromkeys(map(form, names))
            if text == ", ".join(in_order):
                return joined([distinct[name] for name in in_order], ", ")
        name = self.values.name(split_name(text))
        return self.values.redacted("field", text, "") if name.secrets else name

    def _quoted(self, kind: str, slot: str, value: str) -> Redacted | None:
        """Redact what a message quotes of the key that was sent; None if it quotes another."""
        sent = self.request.live.get(kind)
        if sent is None or value != (SLOTS[kind][slot](sent.text) if slot else sent.text):
            return None
        return Redacted(str(Placeholder(kind, name=guard(kind, sent.text), slot=slot)))
