"""An answer through redaction: its headers by allowlist, its JSON leaf by leaf.

What repeats a value of the request becomes that request's variable, so that at replay the live
client reads its own value. What Stripe made up (ids, times) becomes a variable of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as field_

import orjson

from tokentape.errors import UnreadableBody
from tokentape.pure.http.forms import Path, media_type, plain_body, split_name
from tokentape.pure.http.json_text import Json, begun, enclosed, string
from tokentape.pure.http.messages import Response
from tokentape.pure.notation.placeholders import Placeholder, escape
from tokentape.pure.notation.redacted import Redacted, RedactedRequest, RedactedResponse, joined
from tokentape.pure.redaction.echoes import Echo
from tokentape.pure.redaction.values import Values, field_name
from tokentape.pure.stripe.catalog import KEEP, Field
from tokentape.pure.stripe.kinds import SLOTS, Secret, guard, secret

_MOST_KEPT = 200
_LEAVES = frozenset({str, int, bool, type(None)})
_NO_KIND = frozenset({KEEP, "hash", "text", "json", "time"})
"""Classes whose values are texts of no kind."""
_MESSAGE = "message"
"""The field that the slots of a message stand in."""


@dataclass(frozen=True, slots=True, repr=False)
class Spot:
    """A place in answers: what the catalog knows of it, and what was met there before.

    Remembered are the API's own names, and values of its closed vocabularies: few, and no secret.
    """

    path: Path
    name: str
    """Which field it is, list positions aside."""
    field: Field | None
    known: bool
    """The API knows the whole path."""
    begin: str = ""
    """How its line begins, with its name."""
    inside: dict[str, Spot] = field_(default_factory=dict, repr=False)
    lines: dict[tuple[type, Json], str] = field_(default_factory=dict, repr=False)
    """Whole lines, by value and its type: `1` is not `true`."""

    def keep(self, value: Json, token: str) -> None:
        """Remember what a value comes to."""
        if len(self.lines) < _MOST_KEPT:
            self.lines[type(value), value] = self.begin + token


class Answers:
    """Redacts answers, and remembers what in them is alike."""

    def __init__(self, values: Values) -> None:
        self._values = values
        self._root = Spot((), "", None, known=True)
        known = values.catalog.response_headers
        self._names = {name.lower(): (name, field) for name, field in known.items()}
        self._kept: dict[tuple[str, str], tuple[str, Redacted]] = {}
        """Header lines that may be kept, as they came and redacted."""

    def redacted(
        self,
        raw: Response,
        asked: RedactedRequest,
        numbers: Mapping[str, Redacted],
        echoes: Mapping[Secret, Secret],
    ) -> RedactedResponse:
        """Redact an answer. Raises UnreadableBody for a body that is no JSON or a bad status."""
        if not 200 <= raw.status <= 599:
            raise UnreadableBody("the status is none that an answer can have")
        headers, body = self._headers(raw), plain_body(raw)
        if not body:
            return RedactedResponse(raw.status, headers, Redacted(""))
        document = _parsed(body)
        owner = str(document.get("id", "")) if isinstance(document, dict) else ""
        owner = owner or raw.header("request-id") or ""
        echo = Echo(asked, echoes)
        answer = _Answer(self._values, asked, numbers, echo, owner, _given_away(asked))
        redacted = Redacted(answer.node(document, self._root) + "\n", tuple(answer.secrets))
        return RedactedResponse(raw.status, headers, redacted, echo.new)

    def _headers(self, raw: Response) -> tuple[tuple[str, Redacted], ...]:
        lines = [
            found
            for line in raw.headers
            if (found := self._kept.get(line) or self._header(line)) is not None
        ]
        lines.sort(key=lambda line: line[0].lower())
        return tuple(lines)

    def _header(self, line: tuple[str, str]) -> tuple[str, Redacted] | None:
        name, known = self._names.get(line[0].lower(), ("", None))
        if known is None:
            return None
        value = media_type(line[1]) if name == "Content-Type" else line[1]
        if known.kind == "object_id":
            return name, self._values.redacted("object_id", value, name)
        if self._values.catalog.normal_form(known, value) is None:
            return None
        redacted = name, Redacted(escape(value))
        if len(self._kept) < _MOST_KEPT:
            self._kept[line] = redacted
        return redacted


def _parsed(body: bytes) -> Json:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        raise UnreadableBody("the answer is no JSON") from None


def _given_away(asked: RedactedRequest) -> frozenset[str]:
    """Return the CVC and keys that came in, but for what a field of its own vocabulary says too."""
    said = {entry.text.partition("=")[2] for entry in (*asked.query, *asked.body)}
    return frozenset(one.text for one in asked.live.values()) - said


def _dumped(value: Json) -> str:
    try:
        return orjson.dumps(value).decode()
    except orjson.JSONEncodeError:
        raise UnreadableBody("the answer is nested too deeply") from None


@dataclass(slots=True)
class _Answer:
    """The walk over one answer. Returns text, and collects the secrets that belong to it."""

    values: Values
    asked: RedactedRequest
    numbers: Mapping[str, Redacted]
    echo: Echo
    owner: str = field_(repr=False)
    given_away: frozenset[str] = field_(repr=False)
    """Texts that are not kept: see `_given_away`."""
    secrets: list[Secret] = field_(default_factory=list)

    def node(self, value: Json, spot: Spot) -> str:
        """Return one node of the document, redacted."""
        if not spot.known:
            return self._unknown(spot, value)
        if isinstance(value, dict):
            return enclosed("{", self._members(value, spot), "}", len(spot.path))
        if isinstance(value, list):
            items = [self._item(index, inside, spot) for index, inside in enumerate(value)]
            return enclosed("[", items, "]", len(spot.path))
        return self._leaf(value, spot)

    def _members(self, members: Mapping[str, Json], around: Spot) -> list[str]:
        lines = []
        for name, value in members.items():
            spot = around.inside.get(name) or self._spot(around, name)
            kind = type(value)
            line = spot.lines.get((kind, value)) if kind in _LEAVES else None
            if line is None or str(value) in self.given_away:
                line = spot.begin + self.node(value, spot)
            lines.append(line)
        return lines

    def _spot(self, around: Spot, name: str) -> Spot:
        path = (*around.path, name)
        located = self.values.catalog.locate_response(path)
        known = located.depth == len(path)
        own = known and len(around.path) not in located.free
        key = string(escape(name)) if own else self._said(self._user_name(name, around))
        field = field_name(path, located)
        spot = Spot(path, field, located.field, known, f"{begun(len(path))}{key}: ")
        if known and not located.free and not any(map(str.isdigit, path)):
            around.inside[name] = spot
        return spot

    def _item(self, index: int, value: Json, around: Spot) -> str:
        path = (*around.path, str(index))
        located = self.values.catalog.locate_response(path)
        known = located.depth == len(path)
        spot = Spot(path, field_name(path, located), located.field, known)
        return begun(len(path)) + self.node(value, spot)

    def _user_name(self, name: str, around: Spot) -> Redacted:
        """Redact a name that the API does not know, as the request's if that has it."""
        own = secret("field", name, around.name)
        return self.values.redacted("field", name, (self.echo.of_name(own) or own).field)

    def _leaf(self, value: Json, spot: Spot) -> str:
        known = spot.field
        if value is None or value == "":
            token = "null" if value is None else '""'
        elif known is not None and self._kept(known, value):
            token = string(escape(value)) if isinstance(value, str) else _dumped(value)
            if known.anything:  # whatever it holds
                return token
        else:
            return self._redacted(spot, value)
        spot.keep(value, token)
        return token

    def _redacted(self, spot: Spot, value: Json) -> str:
        known = spot.field
        if isinstance(value, str):
            return self._said(self._text(spot, value))
        if known is not None and known.kind == "time" and type(value) is int:
            return self._said(self._time(value))
        if known is not None and known.kind in ("exp_month", "exp_year") and type(value) is int:
            return self._said(self.values.redacted(known.kind, str(value), spot.name))
        return self._unknown(spot, value)

    def _said(self, redacted: Redacted) -> str:
        self.secrets += redacted.secrets
        return string(redacted.text)

    def _kept(self, known: Field, value: Json) -> bool:
        if known.kind != KEEP and not known.anything:
            return False
        if isinstance(value, bool):
            return known.anything or known.form == "bool"
        if isinstance(value, (str, int)):
            plain = self.values.catalog.normal_form(known, str(value)) is not None
            return plain and str(value) not in self.given_away
        return known.anything

    def _unknown(self, spot: Spot, value: Json) -> str:
        """Return what nobody vouches for: a text as one, anything else with its whole inside."""
        if value is None:
            return "null"
        if isinstance(value, str):
            return self._said(self._value("text", value, spot.name))
        return self._said(self.values.redacted("json", _dumped(value), spot.name))

    def _text(self, spot: Spot, value: str) -> Redacted:
        known = spot.field
        kind = known.kind if known else "text"
        if kind == "message":
            return self._message(value, spot)
        if known is not None and known.form == "param":
            return self.values.name(split_name(value))
        if known is not None and known.slot:
            return self._part(kind, known.slot, value, spot)
        return self._value("text" if kind in _NO_KIND else kind, value, spot.name)

    def _time(self, value: int) -> Redacted:
        """Redact a time. Two objects made within a second have two times: a second is chance."""
        same = f"{self.owner}|{value}"
        return Redacted("{{time.?}}", (Secret("time", f"time|0||{same}", str(value)),))

    def _value(self, kind: str, value: str, field: str) -> Redacted:
        """Redact a value of a field; if it repeats one of the request, as that very variable."""
        own = self.values.redacted(kind, value, field)
        echoed = self.echo.of(own.secrets[0]) if own.secrets else None
        return own if echoed is None else self.values.redacted(echoed.kind, value, echoed.field)

    def _part(self, kind: str, slot: str, value: str, spot: Spot) -> Redacted:
        """Redact a part of a number, such as its last four digits, as that number's part."""
        number = self.numbers.get(kind)
        if number is not None:
            part, reads = self.values.part(number, slot)
            if reads == value:
                return part
        return self.values.redacted("last4", value, spot.name)

    def _message(self, text: str, spot: Spot) -> Redacted:
        reading = self.values.phrases.read(text)
        slots = [] if reading is None else [self._slot(*slot) for slot in reading.slots]
        if reading is None or None in slots:
            return self._value("text", text, spot.name)
        pieces = [Redacted(escape(reading.literals[0]))]
        for slot, text_after in zip(slots, reading.literals[1:], strict=True):
            pieces += [slot or Redacted(""), Redacted(escape(text_after))]
        return joined(pieces)

    def _slot(self, kind: str, value: str) -> Redacted | None:
        if kind == "masked_key":
            return self._live("key", "masked", value)
        if kind == "idempotency_key":
            return self._live("idempotency_key", "", value)
        if kind == "time":
            return self._time(int(value)) if value.isdigit() else None
        if kind == "id":
            return self.values.redacted("object_id", value, _MESSAGE)
        if kind in ("field", "fields"):
            return joined((self.values.name(split_name(name)) for name in value.split(", ")), ", ")
        return self._value("text", value, _MESSAGE)

    def _live(self, kind: str, slot: str, value: str) -> Redacted | None:
        """Redact what a message quotes of the key that came in; None if it quotes another."""
        one = self.asked.live.get(kind)
        if one is None:
            return None
        quoted = SLOTS[kind][slot](one.text) if slot else one.text
        name = guard(kind, one.text)
        return Redacted(str(Placeholder(kind, name=name, slot=slot))) if quoted == value else None
