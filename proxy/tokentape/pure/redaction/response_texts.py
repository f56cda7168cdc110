"""A text of a response through redaction: what a client sent, what Stripe made, what it says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from operator import attrgetter

from tokentape.pure.http.forms import split_name
from tokentape.pure.http.json_text import Json
from tokentape.pure.notation.placeholders import Placeholder, escape
from tokentape.pure.notation.redacted import Redacted, RedactedRequest, joined
from tokentape.pure.redaction.echoes import Echo
from tokentape.pure.redaction.requests import redacted_path
from tokentape.pure.redaction.response_fields import ResponseField
from tokentape.pure.redaction.values import Values, sent_time
from tokentape.pure.stripe.fields import KEEP
from tokentape.pure.stripe.kinds import ID_PREFIXES, NEVER_ANSWERED, SLOTS, Secret, guard, id_kind
from tokentape.pure.stripe.phrases import CLOSED
from tokentape.pure.stripe.places import ECHO, Place, in_message, in_response
from tokentape.pure.stripe.times import time_class

_UNKNOWN_PARAMETER = "parameter_unknown"
_PARAMETER_CODES = (_UNKNOWN_PARAMETER, "parameter_invalid_")
"""How the codes of errors begin that name a parameter as it was sent, docs.stripe.com/error-codes.
In others Stripe names a field of its own, if only by its last segment: `number` of a card."""
_NO_KIND = frozenset({KEEP, "hash", "text", "json", "path", "time"}) | NEVER_ANSWERED
"""Classes whose values are texts of no kind."""
_WHOLE, _HEAD = attrgetter("whole"), attrgetter("head")
_MESSAGE = "message"
"""The field that the slots of a message stand in."""


@dataclass(slots=True, repr=False)
class ResponseTexts:
    """Redacts the texts of one response."""

    values: Values
    request: RedactedRequest
    numbers: Mapping[str, Redacted]
    """By kind, the card and account numbers of which the response may show a part."""
    echo: Echo
    owner: str
    """The id of the nearest object around that has one: its times are no other's."""
    present: int
    """When the response was given, in seconds since 1970."""
    error_code: Json
    """Of an error: it tells whose name stands in `param`."""

    def text(self, field: ResponseField, value: str) -> Redacted:
        """Redact a text as the class of its field says."""
        definition = field.definition
        if definition is None:
            return self.value("text", value, field.name)
        if definition.kind == "message":
            return self._message(value, field)
        if definition.form == "param":
            unknown = self.error_code == _UNKNOWN_PARAMETER
            return self._unknown_names(value) if unknown else self._sent_name(value)
        if definition.kind == "client_secret":
            return self.values.client_secret(value, field.name)
        if definition.kind == "path" and (path := redacted_path(value, self.values)):
            return path
        if definition.form == "requirement":
            return self._requirement(value, field)
        if definition.slot:
            return self._part(definition.kind, definition.slot, value, field)
        kind = "text" if definition.kind in _NO_KIND else definition.kind
        return self.value(kind, value, field.name, in_response(definition))

    def _requirement(self, text: str, field: ResponseField) -> Redacted:
        """Redact what an account still has to tell of a person: `person_1.address.city`."""
        person, mark, name = text.partition(".")
        kind = id_kind(person)
        if kind not in ID_PREFIXES or not self._is_name(name, field):
            return self.value("text", text, field.name)
        return joined((self.values.redacted(kind, person, field.name), Redacted(mark + name)))

    def _is_name(self, text: str, field: ResponseField) -> bool:
        definition = field.definition
        return bool(definition and self.values.catalog.normal_form(definition, text))

    @property
    def repeats_name(self) -> bool:
        """Whether `param` of this error is a name as it was sent, whatever that is."""
        return isinstance(self.error_code, str) and self.error_code.startswith(_PARAMETER_CODES)

    def time(self, value: int, field: str, name: str) -> Redacted:
        """Redact a time: the same one wherever a field of an object shows it, in its class.

        That two fields or two objects have one time says nothing: a second is chance. `name` is
        the last one of the field.
        """
        of_class = time_class(value, self.present)
        key = f"time|0||{of_class}|{len(self.owner)}|{self.owner}|{field}"
        time = Secret("time", key, str(value))
        sent = self.echo.of_time(time, name)
        if sent is not None:
            return sent_time(time.text, sent.field)
        return self.values.variable(time, of_class)

    def value(self, kind: str, value: str, field: str, place: Place = ECHO) -> Redacted:
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
            return self.value("text", text, field.name)
        first, *literals = (Redacted(escape(literal)) for literal in reading.literals)
        pairs = zip(slots, literals, strict=True)
        return joined([first, *(piece for pair in pairs for piece in pair if piece)])

    def _slot(self, kind: str, value: str) -> Redacted | None:
        if kind in CLOSED:
            return Redacted(escape(value))
        match kind:
            case "masked_key":
                return self._quoted("key", "masked", value)
            case "idempotency_key":
                return self._quoted("idempotency_key", "", value)
            case "time":
                return self.time(int(value), _MESSAGE, _MESSAGE) if value.isdigit() else None
            case "id" | "made_id":
                return self.value("object_id", value, _MESSAGE, in_message(kind))
            case "path":
                return redacted_path(value, self.values) or self.value("text", value, _MESSAGE)
            case "field":
                return self._sent_name(value)
            case "fields":
                return self._unknown_names(value)
            case "expand":  # of all fields that may hold the same text
                return self.value("text", value, "expand")
            case _:
                return self.value("text", value, _MESSAGE)

    def _sent_name(self, text: str) -> Redacted:
        """Redact the name of a field of the request, by what the request's operation knows."""
        unknown = (name for name in self.request.unknown_names if name.whole == text)
        own = next(unknown, None)
        return own.redacted if own else self.values.name(self.request.operation, split_name(text))

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
        name = self.values.name(self.request.operation, split_name(text))
        return self.values.redacted("field", text, "") if name.secrets else name

    def _quoted(self, kind: str, slot: str, value: str) -> Redacted | None:
        """Redact what a message quotes of the key that was sent; None if it quotes another."""
        sent = self.request.live.get(kind)
        if sent is None or value != (SLOTS[kind][slot](sent.text) if slot else sent.text):
            return None
        return Redacted(str(Placeholder(kind, name=guard(kind, sent.text), slot=slot)))
