"""An upstream for all of /v1, made from the catalog: objects that calls make, change and show.

Which fields an answer has, and which words of the API, follows from the shape of the call alone;
what Stripe makes up (ids, times, texts) from a seed. What was sent comes back in the field of the
same name, as with Stripe: not where the API has a vocabulary in the answer alone, which would say
by itself what was sent, and no whole card number, key or CVC. `parrot` does all of that.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from random import Random
from string import ascii_letters, digits
from typing import Any

from hypothesis import strategies as st
from tokentape.errors import UnreadableBody
from tokentape.pure.http.forms import Path, join_name, query_pairs, request_pairs
from tokentape.pure.http.messages import Request, Response
from tokentape.pure.stripe.fields import KEEP, Field, Located
from tokentape.pure.stripe.kinds import ID_PREFIXES, NEVER_ANSWERED, SLOTS, id_kind
from tokentape.pure.stripe.normalise import normalised
from tokentape.pure.stripe.outlines import FieldNode, is_position
from tokentape.pure.stripe.routes import RouteMatch

from tests.laws.operations import api_traces, leaves, odd_api_traces
from tests.laws.parrot import LIFETIMES
from tests.laws.pipeline import CATALOG, NOW, PUBLISHED, REDACTOR, Answer, dated
from tests.laws.traffic import FORMS, Leaf, Trace, nested

_MADE_UP = 6
"""Fields of a new object that nobody sent."""
_LISTED = 3
"""Objects in a list, at most."""
_MESSAGES = ("Payment complete.", "Your card was declined.", "")
Sent = Mapping[Path, str]


@dataclass
class Thing:
    """An object of the API, and what is in it, by its path in an answer."""

    object_type: str
    id: str
    created: int
    values: dict[Path, Any] = field(default_factory=dict)
    numbers: dict[str, str] = field(default_factory=dict)
    """The card or account number that was sent for it, by kind."""
    deleted: bool = False

    def put(self, path: Path, value: Any) -> None:
        """Set a field, in place of what is around or within it."""
        for other in tuple(self.values):
            short = min(len(path), len(other))
            if path[:short] == other[:short]:
                del self.values[other]
        self.values[path] = value


@dataclass
class Refusal(Exception):
    """An error that a call is answered with."""

    status: int
    message: str
    members: Mapping[str, Any] = field(default_factory=dict)

    @property
    def document(self) -> Any:
        kind = "card_error" if self.status == 402 else "invalid_request_error"
        return {"error": {"message": self.message, "type": kind, **self.members}}


class Api:
    """Answers as Stripe would, as far as its catalog tells."""

    def __init__(self, seed: int) -> None:
        self._random = Random(f"api {seed}")
        self._things: dict[str, Thing] = {}
        self._present = NOW + 100_000 * (seed % 100)

    def __call__(self, request: Request) -> Response:
        self._present += self._random.randrange(60)
        status = 200
        try:
            document = self._answer(request)
        except Refusal as refusal:
            status, document = refusal.status, refusal.document
        lines = [("Request-Id", self._new_id("req")), ("Content-Type", "application/json")]
        key = request.header("idempotency-key") if request.method == "POST" else None
        if key is not None:
            lines += (("Idempotency-Key", key), ("Original-Request", lines[0][1]))
        return Response(
            status,
            (*dated(self._present), *lines),
            json.dumps(document, ensure_ascii=False).encode("utf-8", "replace"),
        )

    def _answer(self, request: Request) -> Any:
        path = request.target.partition("?")[0]
        match = REDACTOR.values.operation_at(request.method, path)
        if match is None:
            raise Refusal(404, f"Unrecognized request URL ({request.method}: {path}).")
        operation = match.route.operation
        sent = _sent(request, operation)
        places = {name: CATALOG.request_field(operation, name) for name in sent}
        turn = Random(f"{operation} {sorted(map(_known, sent, places.values()))}")
        self._refuse(sent, places, turn)
        around, _, types = match.route.answer.rpartition(":")
        object_type = turn.choice(types.split("|"))
        for definition, text in zip(match.route.ids, match.ids, strict=True):
            if definition.kind == "object_id" and id_kind(text) == "text":
                raise _no_such(object_type, text)
        expanded = [value.split(".")[-1] for name, value in sent.items() if name[0] == "expand"]
        if around:
            listed = self._listed(object_type, sent, turn)
            data = [self._shown(thing, expanded) for thing in listed[:_LISTED]]
            return {"object": around, "data": data, "has_more": False, "url": path}
        thing = self._meant(match, object_type, path, turn)
        thing.deleted |= request.method == "DELETE"
        if request.method == "POST":
            for name in sent:
                self._echo(thing, name, sent[name], places[name].field)
        return self._shown(thing, expanded)

    def _refuse(self, sent: Sent, places: Mapping[Path, Located], turn: Random) -> None:
        unknown = [join_name(name) for name in sent if places[name].depth < len(name)]
        if unknown:
            message = f"Received unknown parameter{'s' * (len(unknown) > 1)}: {', '.join(unknown)}"
            raise Refusal(400, message, {"code": "parameter_unknown", "param": unknown[0]})
        for name, value in sent.items():
            definition = places[name].field or Field("text")
            if definition.form == "integer" and CATALOG.normal_form(definition, value) is None:
                members = {"code": "parameter_invalid_integer", "param": join_name(name)}
                # Of a text that two fields hold, a message does not tell which one it quotes.
                is_only = [*sent.values()].count(value) == 1
                message = f"Invalid integer: {value}" if is_only else "Invalid array"
                raise Refusal(400, message, members)
            if "ecline" in (PUBLISHED.name(definition.kind, value) or ""):
                charge = self._shown(self._thing("charge", turn), [])
                members = {"code": "card_declined", "decline_code": "generic_decline"}
                raise Refusal(402, "Your card was declined.", {**members, "source": charge})

    def _meant(self, match: RouteMatch, object_type: str, path: str, turn: Random) -> Thing:
        """Return what a call is about: what its path names, or what it makes."""
        route, named = match.route, [self._things.get(text) for text in match.ids]
        own = [thing for thing in named if thing and thing.object_type == object_type]
        if own:
            return own[-1]
        if not route.pieces[-1]:
            if named[-1]:
                raise _no_such(object_type, match.ids[-1])
            return self._thing(object_type, turn, match.ids[-1])
        if route.method == "GET":  # the same one each time, such as the balance
            thing = self._things.get(path) or self._thing(object_type, turn)
            self._things[path] = thing
            return thing
        return self._thing(object_type, turn)

    def _listed(self, object_type: str, sent: Sent, turn: Random) -> Sequence[Thing]:
        """Return the objects of a type, but for those that a field of the call keeps out.

        Those with names for ids, such as coupons, are in no list: a name is one only in its field,
        so a replay makes another up where no request names the object.
        """
        listed = [
            thing
            for thing in {id(thing): thing for thing in self._things.values()}.values()
            if thing.object_type == object_type
            and id_kind(thing.id) != "text"
            and not thing.deleted
            and all(thing.values.get(name, value) == value for name, value in sent.items())
        ]
        return listed or [self._thing(object_type, turn)]

    def _thing(
        self, object_type: str, turn: Random, own_id: str = "", *, alone: bool = False
    ) -> Thing:
        """Make an object, with others that it shows, unless it is to stand `alone`."""
        definition = CATALOG.answer_field(object_type, ("id",)).field
        prefix = Random(object_type).choice((*ID_PREFIXES.values(), "zz"))
        made_id = self._new_id(prefix)
        if definition is not None and definition.kind != "object_id":  # a country, say
            made_id = FORMS[definition.form][0] if definition.form else self._letters(9)
        thing = Thing(object_type, own_id or made_id, self._present)
        self._things[thing.id] = thing
        fields = _leaves(object_type)
        for path, definition in turn.sample(fields, min(_MADE_UP, len(fields))):
            name = tuple("0" if segment == "[]" else segment for segment in path)
            free = (f"made {self._letters(9)}" if segment == "*" else segment for segment in name)
            filled = tuple("nzd" if segment == "~currency" else segment for segment in free)
            thing.put(filled, self._made(definition, thing, turn, alone=alone))
        return thing

    def _made(self, definition: Field, thing: Thing, turn: Random, *, alone: bool) -> Any:
        """Return what Stripe makes up for a field."""
        kind, kinds = definition.kind, (*ID_PREFIXES.values(), "zz")
        if kind == KEEP:
            words = (*FORMS.get(definition.form, ()), *sorted(definition.values))
            valid = [word for word in words if CATALOG.normal_form(definition, word) is not None]
            return typed(definition, turn.choice(valid or [""]))
        if definition.types == {"list"}:
            return {"object": "list", "data": [], "has_more": False, "url": "/v1/customers"}
        types = [name for name in sorted(definition.types) if name in CATALOG.answers]
        if types and not alone:
            return self._thing(turn.choice(types), turn, alone=True).id
        if definition.slot:
            number = thing.numbers.get(kind) or "".join(self._random.choices(digits, k=16))
            return SLOTS[kind][definition.slot](number)
        match kind:
            case "object_id":
                return self._new_id(turn.choice(kinds))
            case "time":
                return self._present + turn.choice(LIFETIMES) + self._random.randrange(20)
            case "client_secret":
                return f"{thing.id}_secret_{self._letters(25)}"
            case "risk_score":
                return turn.choice((5, 70, 90)) + self._random.randrange(5)
            case "path":
                return f"/v1/customers/{self._new_id('cus')}/sources"
            case "message":
                return turn.choice(_MESSAGES) or f"Made up {self._letters(9)}"
            case "hash":
                return {}
        return f"Made up {self._letters(20)}"

    def _echo(self, thing: Thing, name: Path, value: str, sent: Field | None) -> None:
        """Let an object have what was sent in a field of the same name."""
        if sent is None or value == "" or sent.kind in {*NEVER_ANSWERED, "dob", "hash"}:
            if sent is not None and sent.kind in ("card", "account_number"):
                thing.numbers[sent.kind] = value
            return
        place = tuple("" if is_position(segment) else segment for segment in name)
        located = CATALOG.answer_field(thing.object_type, place)
        shown = located.field
        if shown is None or located.depth < len(name) or shown.slot:
            return
        # A few words are in the catalog for requests alone, such as those of a product's tax_code:
        # a replay makes up what they are in answers.
        was, is_now = (CATALOG.normal_form(each, value) is not None for each in (sent, shown))
        if (sent.kind == KEEP) == (shown.kind == KEEP) and was == is_now:
            thing.put(name, typed(shown, value))

    def _shown(self, thing: Thing, expanded: Iterable[str]) -> Any:
        """Return an object as answers show it, what is to be expanded in it as objects."""
        fields = {"id": thing.id, "object": thing.object_type}
        fields |= {"deleted": True} if thing.deleted else {"created": thing.created}
        own = {
            name: value
            for name, value in fields.items()
            if CATALOG.answer_field(thing.object_type, (name,)).field
        }
        if thing.deleted:
            return own
        inside = [
            (name, self._shown(self._things[value], ()))
            if name[-1] in expanded and isinstance(value, str) and value in self._things
            else (name, value)
            for name, value in thing.values.items()
        ]
        return {**own, **(nested(inside) if inside else {})}

    def _new_id(self, prefix: str) -> str:
        return f"{prefix}_1{self._letters(22)}"

    def _letters(self, count: int) -> str:
        return "".join(self._random.choices(ascii_letters + digits, k=count))


Traffic = tuple[Trace, Callable[[int], Answer]]
"""A trace, and the upstream that it is for, by its seed."""
odd_api_traffic: st.SearchStrategy[Traffic] = st.tuples(odd_api_traces, st.just(Api))
api_traffic: st.SearchStrategy[Traffic] = st.tuples(api_traces, st.just(Api))
"""The same without fields that operations do not have."""


def _no_such(object_type: str, text: str) -> Refusal:
    message = f"No such {object_type}: '{text}'"
    if REDACTOR.values.phrases.read(message) is None:  # of some types it is not known
        message = f"No such object: '{text}'"
    return Refusal(404, message, {"code": "resource_missing", "param": "id"})


def _sent(request: Request, operation: str) -> Sent:
    try:
        body = request_pairs(request, CATALOG.names(operation))
        pairs = (*query_pairs(request.target), *body)
    except UnreadableBody:
        raise Refusal(400, "Invalid request") from None
    listed = normalised(pairs, CATALOG, operation, keep_blank=True)
    return {_whole(name, operation): value for name, value in listed}


def _whole(name: Path, operation: str) -> Path:
    """Return a name in which one that a user chose is one segment, brackets and all."""
    place = CATALOG.request_field(operation, name)
    start = min(place.free, default=len(name)) if place.depth < len(name) else len(name)
    return (*name[:start], "][".join(name[start:])) if start < len(name) else name


def _known(name: Path, place: Located) -> Path:
    """Return a name without what users chose in it."""
    return tuple("*" if n in place.free else one for n, one in enumerate(name[: place.depth]))


@cache
def _leaves(object_type: str) -> Sequence[Leaf]:
    own = ("id", "object", "created", "deleted")
    tree = CATALOG.answers.tree(object_type) or FieldNode()
    return tuple(leaf for leaf in leaves(tree) if leaf[0][0] not in own)


def typed(definition: Field, text: str) -> Any:
    """Return a text as JSON has it in a field: as a number, say."""
    if definition.form == "bool" and text.lower() in ("true", "false"):
        return text.lower() == "true"
    is_number = definition.form in ("integer", "month", "year") or definition.kind == "time"
    if is_number and text.lstrip("-").isdecimal() and text.isascii():
        return int(text)
    return text
