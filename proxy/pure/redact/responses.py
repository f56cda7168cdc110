"""An answer through the door: its headers by allowlist, its JSON leaf by leaf.

What repeats a value of the request becomes that request's variable, so that at replay the live
client reads its own value. What Stripe made up (ids, times) becomes a variable of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import orjson

from proxy.errors import UnreadableBody
from proxy.pure.catalog import KEEP, Field, Located
from proxy.pure.forms import media_type, plain_body, split_name
from proxy.pure.json_text import Json, JsonWriter
from proxy.pure.kinds import SLOTS, Secret, guard
from proxy.pure.messages import Response
from proxy.pure.placeholders import Placeholder, escape
from proxy.pure.redact.values import Values
from proxy.pure.sealed import Sealed, SealedRequest, SealedResponse, joined


def sealed_response(
    raw: Response, values: Values, asked: SealedRequest, numbers: Mapping[str, Sealed]
) -> SealedResponse:
    """Seal an answer. Raises UnreadableBody for a body that is no JSON, or for a bad status."""
    if not 200 <= raw.status <= 599:
        raise UnreadableBody("the status is none that an answer can have")
    body = plain_body(raw)
    if not body:
        sealed = Sealed("")
    else:
        document = _parsed(body)
        owner = str(document.get("id", "")) if isinstance(document, dict) else ""
        request_id = raw.header("request-id") or ""
        given_away = _given_away(asked)
        answer = _Answer(values, asked, numbers, owner or request_id, given_away)
        answer.node(document, (), values.located(()))
        sealed = answer.writer.sealed()
    return SealedResponse(raw.status, tuple(_headers(raw, values)), sealed)


def _parsed(body: bytes) -> Json:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        raise UnreadableBody("the answer is no JSON") from None


def _given_away(asked: SealedRequest) -> frozenset[str]:
    """Return the CVC and keys that came in, but for what a field of its own vocabulary says too."""
    said = {entry.text.partition("=")[2] for entry in (*asked.query, *asked.body)}
    return frozenset(one.text for one in asked.live.values()) - said


def _dumped(value: Json) -> str:
    try:
        return orjson.dumps(value).decode()
    except orjson.JSONEncodeError:
        raise UnreadableBody("the answer is nested too deeply") from None


def _headers(raw: Response, values: Values) -> Iterator[tuple[str, Sealed]]:
    names = {name.lower(): name for name in values.catalog.response_headers}
    for key, text in sorted(raw.headers, key=lambda line: line[0].lower()):
        name = names.get(key.lower(), "")
        known = values.catalog.response_headers.get(name)
        value = media_type(text) if name == "Content-Type" else text
        if known is None:
            continue
        if known.kind == "object_id":
            yield name, values.sealed("object_id", value)
        elif values.catalog.kept(known, value) is not None:
            yield name, Sealed(escape(value))


_NO_KIND = frozenset({KEEP, "hash", "text", "json", "time"})
"""Classes whose texts are looked up in the request first: they may repeat any kind of value."""


@dataclass(frozen=True, slots=True)
class _Answer:
    """The walk over one answer."""

    values: Values
    asked: SealedRequest
    numbers: Mapping[str, Sealed]
    owner: str = field(repr=False)
    given_away: frozenset[str] = field(repr=False)
    """Texts that are not kept: see `_given_away`."""
    writer: JsonWriter = field(default_factory=JsonWriter)

    def node(self, value: Json, path: tuple[str, ...], located: Located) -> None:
        """Write one node of the document at `path`, sealed."""
        if located.known < len(path):
            self._unknown(value)
        elif isinstance(value, dict):
            self._object(value, path)
        elif isinstance(value, list):
            self._list(value, path)
        else:
            self._leaf(value, located.field)

    def _object(self, members: Mapping[str, Json], path: tuple[str, ...]) -> None:
        with self.writer.block("{", "}", empty=not members):
            for key, value in members.items():
                here = (*path, key)
                located = self.values.located(here)
                known = located.known == len(here) and len(path) not in located.free
                self.writer.key(Sealed(escape(key)) if known else self.values.sealed("field", key))
                self.node(value, here, located)

    def _list(self, items: list[Json], path: tuple[str, ...]) -> None:
        with self.writer.block("[", "]", empty=not items):
            for index, value in enumerate(items):
                self.writer.item()
                here = (*path, str(index))
                self.node(value, here, self.values.located(here))

    def _leaf(self, value: Json, known: Field | None) -> None:
        if value is None or value == "":
            self.writer.raw("null" if value is None else '""')
        elif known is not None and self._kept(known, value):
            self._literal(value)
        elif isinstance(value, str):
            self.writer.text(self._text(known, value))
        elif known is not None and known.kind == "time" and type(value) is int:
            self.writer.text(self._time(value))
        elif known is not None and known.kind in ("exp_month", "exp_year") and type(value) is int:
            self.writer.text(self.values.sealed(known.kind, str(value)))
        else:
            self._unknown(value)

    def _literal(self, value: Json) -> None:
        if isinstance(value, str):
            self.writer.text(Sealed(escape(value)))
        else:
            self.writer.raw(orjson.dumps(value).decode())

    def _kept(self, known: Field, value: Json) -> bool:
        if isinstance(value, bool):
            return known.anything or known.form == "bool"
        if isinstance(value, (str, int)):
            plain = self.values.catalog.kept(known, str(value)) is not None
            return plain and str(value) not in self.given_away
        return known.anything

    def _unknown(self, value: Json) -> None:
        """Write what nobody vouches for: a text as one, anything else with its whole inside."""
        if value is None:
            self.writer.raw("null")
        elif isinstance(value, str):
            self.writer.text(self._echo(value))
        else:
            self.writer.text(self.values.sealed("json", _dumped(value)))

    def _text(self, known: Field | None, value: str) -> Sealed:
        kind = known.kind if known else "text"
        if kind == "message":
            return self._message(value)
        if known is not None and known.form == "param":
            return self.values.name(split_name(value))
        if known is not None and known.slot:
            return self._part(kind, known.slot, value)
        if kind in _NO_KIND:
            return self._echo(value)
        return self.values.sealed(kind, value)

    def _time(self, value: int) -> Sealed:
        """Seal a time. Two objects made within a second have two times: a second is chance."""
        same = f"{self.owner}|{value}"
        return Sealed("{{time.?}}", (Secret("time", same, str(value)),))

    def _echo(self, value: str) -> Sealed:
        """Seal a text; if it repeats a value of the request, as that very variable."""
        for entry in (self.asked.path, *self.asked.query, *self.asked.body):
            for one in entry.secrets:
                if one.text == value and one.kind not in ("dob", "field"):
                    return self.values.sealed(one.kind, value)
        return self.values.sealed("text", value)

    def _part(self, kind: str, slot: str, value: str) -> Sealed:
        """Seal a part of a number, such as its last four digits, as that number's part."""
        number = self.numbers.get(kind)
        if number is not None:
            part, reads = self.values.part(number, slot)
            if reads == value:
                return part
        return self.values.sealed("last4", value)

    def _message(self, text: str) -> Sealed:
        reading = self.values.phrases.read(text)
        if isinstance(reading, str):
            return Sealed(escape(reading))
        slots = [] if reading is None else [self._slot(*slot) for slot in reading.slots()]
        if reading is None or None in slots:
            return self._echo(text)
        pieces = [Sealed(escape(reading.phrase.literals[0]))]
        for slot, text_after in zip(slots, reading.phrase.literals[1:], strict=True):
            pieces += [slot or Sealed(""), Sealed(escape(text_after))]
        return joined(pieces)

    def _slot(self, kind: str, value: str) -> Sealed | None:
        if kind == "masked_key":
            return self._live("key", "masked", value)
        if kind == "idempotency_key":
            return self._live("idempotency_key", "", value)
        if kind == "time":
            return self._time(int(value)) if value.isdigit() else None
        if kind == "id":
            return self.values.sealed("object_id", value)
        if kind in ("field", "fields"):
            return joined((self.values.name(split_name(name)) for name in value.split(", ")), ", ")
        return self._echo(value)

    def _live(self, kind: str, slot: str, value: str) -> Sealed | None:
        """Seal what a message quotes of the key that came in; None if it quotes another."""
        one = self.asked.live.get(kind)
        if one is None:
            return None
        quoted = SLOTS[kind][slot](one.text) if slot else one.text
        name = guard(kind, one.text)
        return Sealed(str(Placeholder(kind, name=name, slot=slot))) if quoted == value else None
