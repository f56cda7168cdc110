"""Strategies for traces: requests for tokens of all kinds, written in symbols, in any wire form."""

from __future__ import annotations

import base64
import csv
import gzip
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote, quote_plus

from hypothesis import strategies as st
from tokentape.pure.http.forms import Path, join_name, split_name
from tokentape.pure.http.messages import Request
from tokentape.pure.stripe.fields import KEEP, Field, field_of
from tokentape.pure.stripe.kinds import ID_PREFIXES, SLOTS

from tests.laws.pipeline import PUBLISHED, TOKENS_CSV
from tests.laws.worlds import LIVE_KEYS, SHAPES, Symbol

NO_ID = Symbol("tok", 99)
USUAL_KEY = Symbol("key", 0, SHAPES["key"][0])


@dataclass(frozen=True)
class Part:
    """A part of a secret: the year of a date of birth, say."""

    of: Symbol
    slot: str


@dataclass(frozen=True)
class Spaced:
    """A number as people write it, with a space or a dash after every four digits."""

    of: Symbol | str
    mark: str


@dataclass(frozen=True)
class IdOf:
    """An id that an earlier step of the trace was answered with; the symbol, if with none."""

    step: int
    else_: Symbol = NO_ID
    place: int = 0
    """Which of the ids in the answer; after the last comes the first again."""


Value = str | Symbol | Part | Spaced | IdOf
Name = tuple[Value, ...]
Fields = tuple[tuple[Name, Value], ...]
Fill = Callable[[Value], str]


@dataclass(frozen=True)
class Wire:
    """How fields are written."""

    media: str = "form"
    brackets: str = "[]"
    plus: bool = True
    positions: bool = True
    """Arrays as `a[0]`, else as `a[]`."""
    zipped: bool = False
    basic: bool = False
    """The key by Basic, as curl -u sends it, else by Bearer."""


@dataclass(frozen=True)
class Step:
    """One request of a trace."""

    fields: Fields = ()
    query: Fields = ()
    method: Value = "POST"
    key: Symbol | None = USUAL_KEY
    headers: tuple[tuple[str, Value], ...] = ()
    wire: Wire = Wire()
    path: str = "/v1/tokens"
    """With `{}` for each id."""
    ids: tuple[Value, ...] = ()


Trace = tuple[Step, ...]


def get(token: Value, **more: Any) -> Step:
    """Return a step that retrieves a token."""
    return Step(path="/v1/tokens/{}", ids=(token,), method="GET", **more)


def request(step: Step, fill: Fill) -> Request:
    """Write a step as a request."""
    if _has_longer_inner_arrays(step):  # a second `a[][b][]` is the next `a` to Rack, not its `b`
        step = replace(step, wire=replace(step.wire, positions=True))
    headers = [(name, fill(value)) for name, value in step.headers]
    if step.key is not None:
        headers.append(("Authorization", _authorization(fill(step.key), basic=step.wire.basic)))
    media, body = _body(step, fill)
    if media:
        headers.append(("Content-Type", media))
    if step.wire.zipped and body:
        headers.append(("Content-Encoding", "gzip"))
        body = gzip.compress(body, mtime=0)
    ids = (quote(fill(value), safe="", errors="surrogateescape") for value in step.ids)
    target = step.path.format(*ids)
    if step.query:
        target += "?" + _form(_pairs(step.query, fill), step.wire)
    return Request(fill(step.method), target, tuple(headers), body)


def _has_longer_inner_arrays(step: Step) -> bool:
    """Tell whether an array that stands in another one has more than one element."""
    positions = (
        [segment for segment in path[1:] if isinstance(segment, str) and segment.isdigit()]
        for path, _ in (*step.fields, *step.query)
    )
    return any({*inner} - {"0"} for _, *inner in filter(None, positions))


def _authorization(key: str, *, basic: bool) -> str:
    return "Basic " + base64.b64encode(f"{key}:".encode()).decode() if basic else f"Bearer {key}"


_Pairs = list[tuple[tuple[str, ...], str]]


def _pairs(fields: Fields, fill: Fill) -> _Pairs:
    return [(tuple(map(fill, name)), fill(value)) for name, value in fields]


def _body(step: Step, fill: Fill) -> tuple[str, bytes]:
    pairs = _pairs(step.fields, fill)
    if not pairs:
        return "", b""
    if step.wire.media == "json":
        return "application/json; charset=utf-8", json.dumps(nested(pairs)).encode()
    if step.wire.media == "multipart":
        return "multipart/form-data; boundary=XxX", _multipart(pairs, step.wire)
    if step.wire.media == "text":
        return "text/plain", "\n".join(value for _, value in pairs).encode("utf-8", "replace")
    return "application/x-www-form-urlencoded", _form(pairs, step.wire).encode()


def _form(pairs: _Pairs, wire: Wire) -> str:
    write = quote_plus if wire.plus else quote
    return "&".join(
        f"{_name(path, wire)}={write(value, safe='', errors='surrogateescape')}"
        for path, value in pairs
    )


def _name(path: tuple[str, ...], wire: Wire) -> str:
    opening, closing = ("[", "]") if wire.brackets == "[]" else ("%5B", "%5D")
    segments = [quote(one, safe="", errors="surrogateescape") for one in _placed(path, wire)]
    return segments[0] + "".join(f"{opening}{one}{closing}" for one in segments[1:])


def _placed(path: tuple[str, ...], wire: Wire) -> tuple[str, ...]:
    if wire.positions:
        return path
    return tuple("" if index and one.isdigit() else one for index, one in enumerate(path))


def nested(pairs: Sequence[tuple[tuple[str, ...], Any]]) -> Any:
    """Return what pairs of paths and values say in JSON; names that count up are of a list."""
    members: dict[str, list[tuple[tuple[str, ...], Any]]] = {}
    for (first, *rest), value in pairs:
        members.setdefault(first, []).append((tuple(rest), value))
    document = {
        name: inner[0][1] if inner[0][0] == () else nested(inner) for name, inner in members.items()
    }
    if all(name == str(place) for place, name in enumerate(document)):
        return list(document.values())
    return document


def _multipart(pairs: _Pairs, wire: Wire) -> bytes:
    lines = []
    for path, value in pairs:
        name = join_name(_placed(path, wire))
        for mark in '"\r\n':  # WHATWG HTML §4.10.21.8
            name = name.replace(mark, quote(mark))
        head = f'Content-Disposition: form-data; name="{name}"'
        lines += ["--XxX", head, "", value]
    return ("\r\n".join(lines) + "\r\n--XxX--\r\n").encode("utf-8", "surrogateescape")


Ids = Mapping[int, Sequence[str]]
"""The ids that the steps of a trace were answered with."""


def filled(value: Value, world: Callable[[Symbol], str], ids: Ids) -> str:
    """Return what a value is in a world, `ids` being those of the steps so far."""
    match value:
        case Symbol():
            return world(value)
        case Part(of, slot):
            return SLOTS[of.kind][slot](world(of))
        case Spaced(of, mark):
            number = of if isinstance(of, str) else world(of)
            return mark.join(number[start : start + 4] for start in range(0, len(number), 4))
        case IdOf(step, else_, place):
            made = ids.get(step)
            return made[place % len(made)] if made else world(else_)
    return value


# What the fields of the API may hold.

FORMS: Mapping[str, tuple[str, ...]] = {
    "bool": ("true", "false", "True"),
    "country": ("NZ", "US", "de", "JP"),
    "currency": ("nzd", "usd", "EUR", "jpy"),
    "decimal": ("12.5", "-0.50", "3", "1e-07"),
    "doc_url": ("https://stripe.com/docs/error-codes/card-declined",),
    "event": ("charge.succeeded", "*"),
    "expand": ("customer", "data.customer", "latest_charge.payment_intent"),
    "integer": ("-250", "0", "5", "2030", "4242"),
    "language": ("de", "en-GB"),
    "month": ("5", "05", "12", "13", "0"),
    "param": ("customer", "card[number]"),
    "pasted_fields": ("number", "number,cvc"),
    "percent": ("12.5", "25", "12.50"),
    "purpose_code": ("P0108",),
    "reason_number": ("10.4",),
    "requirement": ("individual.verification.document",),
    "tax_code": ("txcd_10000000",),
    "two_digits": ("05",),
    "version": ("2026-10-28.endive; pots_beta=v1", "2026-10-28.endive", "2024-06-20"),
    "word": ("some_new_word",),
    "year": ("2040", "50", "2001", "abcd"),
}
"""Values of each closed form, and some that nearly are."""
_ROWS = tuple(csv.DictReader(TOKENS_CSV.splitlines()))
_IDS = ("tok", "card_id", "cus", "file", "acct", "object_id", "btok")
_PUBLISHED: dict[str, list[str]] = {}
for (_kind, _), _value in PUBLISHED.values.items():
    _PUBLISHED.setdefault(_kind, []).append(_value)

numbers = st.sampled_from((0, 0, 0, 1, 2))


def symbols(kind: str) -> st.SearchStrategy[Symbol]:
    """Symbols of one kind: few, so that values come again."""
    kinds = st.sampled_from(_IDS) if kind == "object_id" else st.just(kind)
    shapes = st.sampled_from(SHAPES.get(kind, ("", "", "", "bytes") if kind == "name" else ("",)))
    return st.builds(Symbol, kinds, numbers, shapes)


def _kept(field: Field) -> st.SearchStrategy[Value]:
    words = st.sampled_from((*FORMS.get(field.form, ()), *sorted(field.values)))
    if field.form in ("country", "currency"):  # the built-in mock takes any in other letters
        return words
    return words | st.builds(Symbol, st.just("text"), numbers, st.just("off"))


def values(field: Field) -> st.SearchStrategy[Value]:
    """Draw what a field of a request may hold."""
    kind, slot = field.kind, field.slot
    if kind == KEEP:
        return _kept(field)
    if slot:
        return numbers.map(lambda number: Part(Symbol("dob", number, str(number)), slot))
    if kind == "hash":
        return st.just("")
    found: st.SearchStrategy[Value] = symbols(kind)
    if kind in ("card", "account_number"):
        found |= st.builds(Spaced, symbols(kind), st.sampled_from(" -"))
    if kind in _PUBLISHED:
        found |= st.sampled_from(_PUBLISHED[kind])
    if kind == "object_id":
        found |= made_ids | st.sampled_from(_PUBLISHED["tok"][:20])
    return found | st.just("")


made_ids = st.builds(IdOf, st.integers(0, 6), place=st.sampled_from((0, 0, 1, 2)))
_SEGMENTS: Mapping[str, st.SearchStrategy[Value]] = {
    "[]": st.just("0"),
    "*": st.builds(Symbol, st.just("text"), numbers, st.just("name")) | st.just("order_id"),
    "~currency": st.sampled_from(("nzd", "usd")),
}
Leaf = tuple[Path, Field]
"""A field and its path, as an outline has it."""
_LEAVES: Sequence[Leaf] = tuple(
    (
        tuple(segment or "[]" for segment in split_name(row["path"])),
        field_of(row["class"], row["values"]),
    )
    for row in _ROWS
    if row["side"] == "request"
)
_OF: Mapping[str, Sequence[Leaf]] = {
    first: tuple(leaf for leaf in _LEAVES if leaf[0][0] == first)
    for first in ("account", "bank_account", "card", "cvc_update", "person", "pii")
}
_BESIDE = tuple(leaf for leaf in _LEAVES if leaf[0][0] not in _OF)


def _field(leaf: Leaf) -> st.SearchStrategy[tuple[Name, Value]]:
    """Draw a field with places in arrays and names that users choose filled in."""
    path, field = leaf
    return st.tuples(st.tuples(*(_SEGMENTS.get(one, st.just(one)) for one in path)), values(field))


def some(leaves: st.SearchStrategy[Leaf], most: int) -> st.SearchStrategy[Fields]:
    """Draw some fields, with a second member for some arrays; none within another, or twice."""
    return st.lists(leaves.flatmap(_field), max_size=most).flatmap(_twice)


@st.composite
def _twice(draw: st.DrawFn, drawn: Sequence[tuple[Name, Value]]) -> Fields:
    found = dict(drawn)
    for name, value in tuple(found.items()):
        if "0" in name and draw(st.booleans()):
            inner = len(name) - name[::-1].index("0")  # of lists in one another
            found[(*name[: inner - 1], "1", *name[inner:])] = value
    return apart(found)


_ENOUGH: Mapping[str, st.SearchStrategy[Fields]] = {
    # What a token of this kind takes, so that most are made and not refused.
    "account": st.just(((("account", "business_type"), "company"),)),
    "bank_account": st.tuples(
        st.just((("bank_account", "country"), "US")),
        st.tuples(st.just(("bank_account", "routing_number")), symbols("routing_number")),
        st.tuples(
            st.just(("bank_account", "account_number")),
            symbols("account_number") | st.just("000123456789"),
        ),
    ),
    "card": st.tuples(
        st.tuples(
            st.just(("card", "number")),
            st.builds(Symbol, st.just("card"), numbers, st.sampled_from(("visa", "amex")))
            | st.sampled_from(("4242424242424242", "4000000000000002")),
        ),
        st.just((("card", "exp_month"), "5")),
        st.just((("card", "exp_year"), "2050")),
    ),
    "cvc_update": symbols("cvc").map(lambda one: ((("cvc_update", "cvc"), one),)),
    "person": symbols("name").map(lambda one: ((("person", "last_name"), one),)),
    "pii": symbols("id_number").map(lambda one: ((("pii", "id_number"), one),)),
}


@st.composite
def fields(draw: st.DrawFn) -> Fields:
    """Draw the fields of one token, no field twice."""
    kind = draw(st.sampled_from(tuple(_OF)))
    found = dict(draw(_ENOUGH[kind])) | dict(draw(some(st.sampled_from(_OF[kind]), 4)))
    found |= dict(draw(some(st.sampled_from(_BESIDE), 1)))
    return apart(found)


def apart(found: Mapping[Name, Value]) -> Fields:
    """Leave out a field that another one lies within, and have one date of birth."""
    kept = []
    for name, value in found.items():
        inside = any(len(other) > len(name) and other[: len(name)] == name for other in found)
        if not inside:
            kept.append((name, value))
    return tuple(kept)


any_symbol = st.sampled_from((*SHAPES, *ID_PREFIXES, "name", "text", "email", "phone")).flatmap(
    symbols
)
_unknown_names = st.tuples(
    st.sampled_from((None, "card", "person", "CARD", "metadata")),
    st.builds(Symbol, st.just("text"), numbers, st.just("name")),
).map(lambda pair: pair[1:] if pair[0] is None else pair)
unknown_fields: st.SearchStrategy[Fields] = st.lists(
    st.tuples(_unknown_names, any_symbol | st.just("")), max_size=2, unique_by=lambda one: one[0]
).map(tuple)
"""Fields that the API does not have, names and all; a value may be any secret."""

_header_text = st.builds(Symbol, st.just("text"), numbers, st.just("header"))
headers = st.lists(
    st.tuples(st.sampled_from(("Idempotency-Key", "User-Agent", "Cookie", "X-Mine")), _header_text)
    | st.tuples(st.just("Stripe-Account"), symbols("acct"))
    | st.tuples(st.just("Stripe-Version"), st.just("2026-10-28.endive") | _header_text),
    max_size=2,
    unique_by=lambda line: line[0],
).map(tuple)
wires = st.builds(
    Wire,
    st.sampled_from(("form", "form", "json", "multipart")),
    st.sampled_from(("[]", "%5B%5D")),
    st.booleans(),
    st.booleans(),
    st.booleans(),
    st.booleans(),
)
keys = st.sampled_from(SHAPES["key"]).map(lambda shape: Symbol("key", 0, shape))
_usual_key = st.just(USUAL_KEY)

posts = st.builds(Step, fields(), headers=headers, wire=wires, key=_usual_key | keys)
odd_posts = st.builds(
    lambda step, odd: replace(step, fields=(*step.fields, *odd)), posts, unknown_fields
)
gets = st.builds(
    lambda token, expand, key: get(token, query=expand, key=key),
    st.builds(IdOf, st.integers(0, 6)) | symbols("object_id") | st.just("tok_visa"),
    st.sampled_from(((), ((("expand", "0"), "card.customer"),))),
    _usual_key | keys,
)
strays = st.one_of(
    st.builds(Step, fields(), wire=st.just(Wire("text"))),
    st.builds(Step, fields(), method=st.builds(Symbol, st.just("text"), shape=st.just("method"))),
    st.builds(Step, fields(), path=st.sampled_from(("/v1/charges", "/v1/tokens/a/b"))),
    st.builds(
        Step, fields(), key=st.sampled_from(LIVE_KEYS).map(lambda one: Symbol("key", 1, one))
    ),
    st.builds(Step, fields(), key=st.none()),
)
"""Requests that are refused or cannot be recorded."""
all_steps = st.integers(0, 9).flatmap(
    lambda dice: posts if dice < 5 else gets if dice < 7 else odd_posts if dice < 9 else strays
)


@st.composite
def traces(draw: st.DrawFn, steps: st.SearchStrategy[Step], most: int = 7) -> Trace:
    """Draw a trace; some of its steps come again, as a retry does."""
    drawn = draw(st.lists(steps, min_size=1, max_size=most))
    again = draw(st.lists(st.sampled_from(drawn), max_size=2))
    return tuple(_looking_back(step, number) for number, step in enumerate((*drawn, *again)))


def uses(step: Step) -> frozenset[int]:
    """Return the steps whose ids a step names."""
    values = (*step.ids, *(value for _, value in (*step.fields, *step.query)))
    return frozenset(value.step for value in values if isinstance(value, IdOf))


def mapped(step: Step, change: Callable[[Value], Value]) -> Step:
    """Return a step with each of its ids and values changed."""
    fields, query = (
        tuple((name, change(value)) for name, value in part) for part in (step.fields, step.query)
    )
    return replace(step, fields=fields, query=query, ids=tuple(map(change, step.ids)))


def _looking_back(step: Step, number: int) -> Step:
    """Let a step use ids of earlier steps alone."""

    def back(value: Value) -> Value:
        ahead = isinstance(value, IdOf) and value.step >= number
        return value.else_ if ahead and isinstance(value, IdOf) else value

    return mapped(step, back)
