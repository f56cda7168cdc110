"""Every operation and every object type of the catalog, once through everything.

A request with every field of its operation and an answer with every field of its object type, all
values made up, are recorded, looked for in the cassette, loaded, scanned and replayed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import count

import pytest
from tokentape.edges.settings import MatchSettings, RedactSettings
from tokentape.pure.audit.inspection import Inspector
from tokentape.pure.http.forms import Path, join_name
from tokentape.pure.http.messages import Request, Response
from tokentape.pure.stripe.fields import KEEP, Field
from tokentape.pure.stripe.outlines import FieldNode
from tokentape.pure.stripe.routes import Route
from tokentape.session import assembly

from tests.laws.pipeline import CATALOG, NOW, REDACTOR, Stage, replay
from tests.laws.traffic import FORMS
from tests.wire import numbered

ROUTES = [route for route in REDACTOR.values.routes if route.answer]
TYPES = [name for name in CATALOG.answers.owners() if name not in ("answer", "error", "list")]
INSPECTOR = Inspector(REDACTOR)
MARK = "Zq7Ohn"
"""Stands in every value that must not survive."""
HEADERS = (
    ("Authorization", "Bearer sk_" + "test_" + MARK * 4),
    ("Content-Type", "application/x-www-form-urlencoded"),
)
JSON = (("Content-Type", "application/json"), ("Request-Id", f"req_{MARK}1"))


class Values:
    """Makes values up, each another."""

    def __init__(self) -> None:
        self._numbers = count(1)

    def text(self) -> str:
        return f"{MARK} {next(self._numbers)} Straße"

    def object_id(self, prefix: str = "zz") -> str:
        return f"{prefix}_1{MARK}{next(self._numbers)}"

    def of(self, field: Field) -> str:
        """Return a value of a field, as it is written in a form."""
        if field.kind == KEEP:
            return FORMS[field.form][0] if field.form else min(field.values, default="")
        match field.kind:
            case "card":
                return numbered(f"453957{next(self._numbers):09}")
            case "cvc":
                return "739"
            case "dob":
                return {"day": "11", "month": "12", "year": "1903"}[field.slot]
            case "client_secret":
                return f"{self.object_id('pi')}_secret_{MARK}{next(self._numbers)}"
            case "path":
                return f"/v1/customers/{self.object_id('cus')}/sources"
            case "object_id":
                return self.object_id()
            case "time":
                return str(NOW + next(self._numbers))
        return self.text()


def pairs(node: FieldNode, values: Values, path: Path = ()) -> Iterator[tuple[str, str]]:
    """Yield each field of a request once, with a value."""
    if node.field is not None and node.field.kind != "hash" and not node.members:
        yield join_name(path), values.of(node.field)
    for name, member in node.members.items():
        segment = {"[]": "0", "*": f"{MARK} name", "~currency": "nzd"}.get(name, name)
        yield from pairs(member, values, (*path, segment))


def document(node: FieldNode, values: Values, *, depth: int = 0) -> object:
    """Return a JSON value with each field of an object once."""
    field, members = node.field, node.members
    if field is not None and field.types:
        (first, *_) = sorted(field.types)
        known = first if first in CATALOG.answers else "customer"
        return leaf(field, values) if depth > 3 else {"id": values.object_id(), "object": known}
    if "[]" in members:
        return [document(members["[]"], values, depth=depth + 1)]
    if members:
        names = {"*": f"{MARK} name", "~currency": "nzd"}
        return {
            names.get(name, name): document(member, values, depth=depth + 1)
            for name, member in members.items()
        }
    return {} if field is None or field.kind == "hash" else leaf(field, values)


def leaf(field: Field, values: Values) -> object:
    text = values.of(field)
    if field.form == "bool":
        return True
    if field.form in ("integer", "month", "year") or field.kind == "time":
        return int(text)
    return 12.5 if field.form == "decimal" else text


def recorded(route: Route, object_type: str) -> tuple[Request, str]:
    """Record a request with all fields, and an answer with all fields; return the cassette."""
    values = Values()
    node = CATALOG.requests.tree(route.operation) or FieldNode()
    form = "&".join(f"{name}={value}" for name, value in pairs(node, values)).replace(" ", "+")
    path = route.path(values.object_id() for _ in route.ids)
    target = path if route.method == "POST" else path + (f"?{form}" if form else "")
    body = form.encode() if route.method == "POST" else b""
    request = Request(route.method, target, HEADERS, body)
    answer = document(CATALOG.answers.tree(object_type) or FieldNode(), values)
    assert isinstance(answer, dict)
    if object_type in ("list", "search_result"):
        item = route.answer.partition(":")[2].split("|")[0]
        answer["data"] = [document(CATALOG.answers.tree(item) or FieldNode(), values)]
    response = Response(200, JSON, json.dumps(answer).encode())
    stage = Stage(answer=lambda _: response)
    got = stage.send(request)
    assert got.header("tokentape-result") == "recorded", stage.notices
    return request, stage.cassette


def assert_clean(request: Request, cassette: str) -> None:
    lines = [line for line in cassette.splitlines() if MARK in line or "Stra" in line]
    assert lines == []
    assert INSPECTOR.cassette(cassette.encode()) == ()
    again = replay(cassette)
    assert again.send(request).header("tokentape-result") == "replayed", again.notices


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.operation)
def test_an_operation_leaves_nothing_behind(route: Route) -> None:
    object_type, _, _ = route.answer.partition(":")
    assert_clean(*recorded(route, object_type.split("|")[0]))


@pytest.mark.parametrize("object_type", TYPES)
def test_an_object_leaves_nothing_behind(object_type: str) -> None:
    (route,) = (route for route in ROUTES if route.operation == "GET /v1/events/{}")
    request, cassette = recorded(route, object_type)
    assert_clean(request, cassette)
    assert f'"object": "{object_type}"' in cassette


def test_a_field_of_a_closed_vocabulary_is_kept() -> None:
    (route,) = (route for route in ROUTES if route.operation == "POST /v1/prices")
    _, cassette = recorded(route, "price")
    assert "currency=nzd" in cassette
    assert "currency_options[nzd][unit_amount]=-250" in cassette
    assert '"nzd": {' in cassette


@pytest.mark.parametrize(
    ("operation", "answer", "line"),
    [
        (
            "GET /v1/subscriptions/{}",
            {"object": "subscription", "items": {"object": "list", "data": [], "url": "URL"}},
            '"url": "/v1/subscription_items?subscription={{sub.1}}"',
        ),
        (
            "GET /v1/accounts/{}",
            {"object": "account", "requirements": {"past_due": ["person_1Zq7.address.city"]}},
            '"{{person.1}}.address.city"',
        ),
        (
            "GET /v1/accounts/{}",
            {"object": "account", "requirements": {"past_due": ["Ada Lovelace"]}},
            '"{{text.1}}"',
        ),
        (
            "GET /v1/payment_intents/{}",
            {"object": "payment_intent", "client_secret": "pi_1Zq7_secret_aB"},
            '"client_secret": "{{pi.1}}_secret_{{client_secret.1}}"',
        ),
        (
            "GET /v1/payment_intents/{}",
            {"object": "payment_intent", "client_secret": "secret"},
            '"client_secret": "{{client_secret.1}}"',
        ),
        (
            "GET /v1/charges/{}",
            {"object": "charge", "outcome": {"risk_score": 12, "type": "authorized"}},
            '"risk_score": "{{risk_score:normal}}"',
        ),
        (
            "GET /v1/charges/{}",
            {
                "object": "charge",
                "customer": {"id": "cus_1", "object": "customer", "deleted": True},
            },
            '"deleted": true',
        ),
        (
            "GET /v1/charges/{}",
            {"error": {"code": "x_y", "payment_intent": {"object": "payment_intent", "amount": 5}}},
            '"amount": 5',
        ),
        (
            "GET /v1/charges/{}",
            {"object": "bicycle", "status": "succeeded", "amount": 5},
            '"{{field.2}}": "{{text.2}}"',
        ),
        (
            "GET /v1/charges/{}",
            {"object": "charge", "metadata": {"object": "customer", "balance": 5}},
            '"{{field.2}}": "{{json.1}}"',
        ),
    ],
)
def test_what_stands_in_a_place_is_redacted_as_it_is(
    operation: str, answer: dict[str, object], line: str
) -> None:
    text = json.dumps(answer).replace("URL", "/v1/subscription_items?subscription=sub_1Zq7")
    method, path = operation.split(" ")
    request = Request(method, path.replace("{}", "zz_1Zq7"), HEADERS)
    stage = Stage(answer=lambda _: Response(200, JSON, text.encode()))
    assert stage.send(request).header("tokentape-result") == "recorded", stage.notices
    assert line in stage.cassette
    assert "Zq7" not in stage.cassette
    assert_clean(request, stage.cassette)


OTHERS = assembly.redactor(RedactSettings(), MatchSettings(), records_others=True)
FORM = f"name={MARK}&{MARK}=1&card[number]={MARK}"
BETA = Request("POST", f"/v1/pots/pot_1{MARK}/glaze", HEADERS, FORM.encode())


def test_an_operation_that_is_not_in_the_catalog_is_recorded_if_so_set() -> None:
    charge = {"object": "charge", "id": f"ch_1{MARK}", "status": "succeeded", MARK: MARK}
    response = Response(200, JSON, json.dumps(charge).encode())
    stage = Stage(answer=lambda _: response, redactor=OTHERS)
    assert stage.send(BETA).header("tokentape-result") == "recorded"
    assert "uri: https://api.stripe.com/v1/{{text.1}}/{{object_id.1}}/{{text.2}}" in stage.cassette
    assert "card[number]={{text.3}}&name={{text.4}}&{{field.1}}={{text.5}}" in stage.cassette
    assert '"status": "succeeded"' in stage.cassette
    assert any("no such operation in its catalog" in line for line in stage.shown)
    assert MARK not in stage.cassette
    assert INSPECTOR.cassette(stage.cassette.encode()) == ()
    again = replay(stage.cassette, redactor=OTHERS)
    assert again.send(BETA).header("tokentape-result") == "replayed"


@pytest.mark.parametrize(
    ("method", "path"),
    [("PUT", "/v1/pots"), ("GET", "/v2/pots"), ("GET", "/v1/pots/.."), ("GET", "/v1/" + "a/" * 20)],
)
def test_what_is_no_path_of_the_api_is_not_recorded_even_so(method: str, path: str) -> None:
    answer = Stage(redactor=OTHERS).send(Request(method, path, HEADERS))
    assert answer.header("tokentape-result") == "refused"
