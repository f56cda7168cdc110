"""Configurations with names as odd as they are accepted, and traffic for them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import quote_plus

from hypothesis import strategies as st
from tokentape.edges.settings import MatchSettings, RedactSettings, texts
from tokentape.pure.http.forms import join_name
from tokentape.pure.http.messages import Headers, Request, Response
from tokentape.pure.stripe.outlines import FieldNode

from tests.laws.operations import ROUTES, leaves, written
from tests.laws.pipeline import CATALOG, REDACTOR
from tests.laws.traffic import apart, nested

KEY = "sk_" + "test_" + "tokentape" * 3
PAN = "4000" + "0012" + "3456" + "7899"

ODD = (
    *("my plan", "Größe", "k[1]", "a=b&c", "{{name.1}}", "'", '"', "\\", "%41", "+", "#", "*", ""),
    *("0", "12", "null", "true", "no.1", "x" * 120, "{", "}}", "e\u0301", "\u202e", "\U0001f600"),
    *(
        "a, b",
        "a: b",
        "-",
        "\u2028",
        "id",
        "object",
        "number",
        "name",
        "message",
        "~",
        "a\tb",
        "\x7f",
    ),
)
"""Segments of names, most of which nobody would choose."""
PLACES = (
    *("{}", "card[{}]", "card[metadata][{}]", "person[metadata][{}]", "bank_account[metadata][{}]"),
    *("card.{}", "data[].{}", "{}[]", "{}[*]", "card[{}][a][b]", "metadata.{}", "error.{}"),
)
API_NAMES = (
    *("card[name]", "card[number]", "card[cvc]", "card[exp_year]", "card[address_city]", "card"),
    *("person[first_name]", "person[dob]", "person[dob][day]", "customer", "key", "expand[]"),
    *("bank_account[account_number]", "pii[id_number]", "card.last4", "error.message", "id"),
)
names = st.sampled_from(API_NAMES) | st.builds(
    str.format, st.sampled_from(PLACES), st.sampled_from(ODD)
)
header_names = st.sampled_from(
    (
        *("X_Tenant", "x-tenant", "X.Y", "*", "'", "null", "true", "123", "-", "~", "a" * 100),
        *("Idempotency-Key", "Authorization", "Cookie", "Stripe-Version", "stripe-account", "|"),
        *("Content-Type", "Content-Length", "User-Agent", "X Y", "", "x" * 101, "Request-Id", "!"),
    )
)


def accepted(hint: Any, text: str) -> bool:
    """Tell whether a configuration file may have a text."""
    with suppress(ValueError):
        texts.reader(hint)(text)
        return True
    return False


def _accepted(hint: Any, drawn: st.SearchStrategy[str], most: int) -> st.SearchStrategy[Any]:
    return st.lists(drawn.filter(lambda text: accepted(hint, text)), max_size=most).map(tuple)


@dataclass(frozen=True)
class Configuration:
    """What decides what is recorded."""

    redact: RedactSettings
    match: MatchSettings
    errors: bool

    @property
    def names(self) -> tuple[str, ...]:
        return (*self.redact.keep, *self.redact.fields, *self.match.ignore)


configurations = st.builds(
    Configuration,
    st.builds(
        RedactSettings,
        _accepted(texts.AnyField, names, 3),
        st.dictionaries(
            names.filter(lambda name: accepted(texts.AnyField, name)),
            st.sampled_from(texts.KINDS),
            max_size=3,
        ),
    ),
    st.builds(
        MatchSettings,
        st.sampled_from(("lenient", "strict")),
        _accepted(texts.HeaderName, header_names, 3),
        _accepted(texts.FormField, names, 2),
    ),
    st.booleans(),
)

VALUES = (
    *("", "Ada Lovelace", "Zoë 山田", "null", "true", "token", "card", "5", "05", "2030", "1e400"),
    *(
        PAN,
        "4242424242424242",
        "123",
        KEY,
        "tok_visa",
        "tok_1Zq7",
        "cus_1Zq7",
        "usd",
        "US",
        "12.50",
    ),
    *(
        "{{name.1}}",
        "{{open}}",
        "a, b",
        "x[y]",
        "\x00\x1f\x7f",
        "\udcff",
        "\u2028",
        "'",
        '"',
        "\\u0041",
    ),
    *("1700000000", "11", "x" * 300, "card[name]", "{{card:visa}}", "-0", " ", "000123456789"),
)
values = st.sampled_from(VALUES)


@st.composite
def requests(draw: st.DrawFn, configuration: Configuration) -> Request:
    """Draw a request for a token or to any operation.

    Its fields are those that the configuration names, those of the operation, and others.
    """
    any_route = draw(st.none() | st.sampled_from(ROUTES))
    own = _own_names(any_route.operation) if any_route else API_NAMES
    named = st.sampled_from(configuration.names or own) | st.sampled_from(own) | names
    fields = [(_bracketed(draw(named)), draw(values)) for _ in range(draw(st.integers(0, 5)))]
    headers = [("Authorization", f"Bearer {KEY}")] if draw(st.integers(0, 5)) else []
    line = st.tuples(st.sampled_from(_header_names(configuration)), _LINES)
    lines = draw(st.lists(line, max_size=3))
    headers += dict(lines).items()
    method = draw(st.sampled_from(("POST",) * 8 + ("DELETE",)))
    token = draw(st.sampled_from(("",) * 5 + ("/tok_1Abc", "/tok_visa", "/x%20y")))
    method = "GET" if token else method
    target = "/v1/tokens" + token
    if any_route:
        ids = (draw(st.sampled_from(_IDS_IN_PATHS)) for _ in any_route.ids)
        method, target = any_route.method, any_route.path(ids)
    if draw(st.integers(0, 3)) == 0:
        target += "?" + _form(fields[:1])
    if draw(st.integers(0, 4)) == 0:
        media, body = "application/json", json.dumps(dict(fields)).encode()
    else:
        media, body = "application/x-www-form-urlencoded", _form(fields).encode()
    return Request(method, target, (*headers, ("Content-Type", media)), body)


_IDS_IN_PATHS = (
    "cus_1Zq7abcdefgh",
    "zz_1Zq7",
    "x%20y",
    "null",
    "tok_visa",
    "usd",
    "%7B%7Bcus.1%7D%7D",
)


@cache
def _own_names(operation: str) -> Sequence[str]:
    """Return the names of an operation's fields, as a client writes them."""
    tree = CATALOG.requests.tree(operation) or FieldNode()
    return [join_name(written(path)) for path, _ in leaves(tree)] or API_NAMES


_LINES = st.sampled_from(("acme", "2024-06-20", "x y", "", "acct_1Zq7"))
_OF_THE_BODY = frozenset({"content-type", "content-length", "authorization", "idempotency-key"})


def _header_names(configuration: Configuration) -> Sequence[str]:
    names = (*configuration.match.headers, "Stripe-Version", "X-Other")
    return [name for name in names if name.lower() not in _OF_THE_BODY]


def _bracketed(name: str) -> str:
    """Return a name of a configuration as a request has it."""
    head, *rest = name.split(".") if "[" not in name.replace("[]", "") else [name]
    return head + "".join(f"[{segment}]" for segment in rest)


def _form(fields: Sequence[tuple[str, str]]) -> str:
    def quoted(text: str) -> str:
        return quote_plus(text, safe="[]", errors="surrogateescape")

    return "&".join(f"{quoted(name)}={quoted(value)}" for name, value in fields)


_scalars = values.filter(str.isprintable) | st.sampled_from(
    (None, True, False, 0, 5, -1, 2030, 10**18, 10**30, 0.5, -0.0, 1e22, 1e-7, 1.5e300)
)
_MEMBERS = (
    *("id", "object", "card", "bank_account", "metadata", "name", "last4", "created", "error"),
    *("message", "param", "code", "doc_url", "data", "exp_month", "type", "livemode", "email"),
)


def _documents(members: st.SearchStrategy[str]) -> st.SearchStrategy[Any]:
    return st.recursive(
        _scalars,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(members, inner, max_size=5),
        max_leaves=12,
    )


def _objects(types: Sequence[str]) -> st.SearchStrategy[Any]:
    """Draw objects of some types, with any values in their fields."""
    return st.sampled_from([name for name in types if name in CATALOG.answers]).flatmap(_object)


def _object(object_type: str) -> st.SearchStrategy[Any]:
    fields = [written(path) for path, _ in leaves(CATALOG.answers.tree(object_type) or FieldNode())]
    lines = st.lists(st.tuples(st.sampled_from(fields), _scalars), max_size=8)
    return lines.map(lambda pairs: {"object": object_type} | dict(nested(apart(dict(pairs)))))


@st.composite
def answers(
    draw: st.DrawFn, configuration: Configuration, number: int, request: Request
) -> Response:
    """Draw an answer; its Retry-After tells which one it is."""
    segments = [part for name in configuration.names for part in _segments(name)]
    members = st.sampled_from((*_MEMBERS, *ODD, *segments))
    match = REDACTOR.match(request)
    types = match.route.answer.rpartition(":")[2].split("|") if match else []
    document = draw(_documents(members) | _objects(types) if types else _documents(members))
    for name in configuration.names if isinstance(document, dict) else ():
        if draw(st.booleans()):
            _put(document, _segments(name), draw(_scalars))
    body = json.dumps(document, ensure_ascii=draw(st.booleans())).encode("utf-8", "replace")
    body = draw(st.sampled_from((body,) * 9 + _ODD_BODIES))
    status = draw(st.sampled_from((200, 200, 200, 400, 401, 402, 404, 429, 500, 304)))
    headers: Headers = (
        ("Retry-After", str(number)),
        ("Content-Type", "application/json"),
        ("Request-Id", draw(st.sampled_from(("req_1Zq7", "", "x y")))),
        ("Stripe-Version", draw(st.sampled_from(("2024-06-20", "x")))),
    )
    return Response(status, headers, body)


_ODD_BODIES = (
    *(b"", b" ", b"null", b'""', b"5", b"no JSON", b'"\\ud800"', b'{"id": "\\ud800"}', b"\xff"),
    *(b'{"card": {"exp_month": 1e400}}', b'{"id": "a", "id": "b"}', b"[" * 300 + b"]" * 300),
    b'{"livemode": 123456789012345678901234567890}',
)


def _segments(name: str) -> list[str]:
    return [part for part in name.replace("]", "[").replace(".", "[").split("[") if part]


@cache
def _names_of_ids() -> frozenset[str]:
    owners = map(CATALOG.answers.tree, CATALOG.answers.owners())
    fields = (leaf for owner in owners for leaf in leaves(owner or FieldNode()))
    return frozenset(written(path)[-1] for path, field in fields if field.kind == "object_id")


def has_ids(name: str) -> bool:
    """Tell whether a field that a configuration names may hold an id in an answer."""
    return _segments(name)[-1:] == ["id"] or not _names_of_ids().isdisjoint(_segments(name))


def _put(document: Any, path: Sequence[str], value: object) -> None:
    """Put a value where a configuration's name leads, if there is room."""
    *parents, last = path or [""]
    for name in parents:
        document = document.setdefault(name, {})
        if not isinstance(document, dict):
            return
    document[last] = value
