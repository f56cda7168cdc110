"""A whole checkout of 25 calls: recorded of one person, replayed to many, one call at a time."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from urllib.parse import urlencode

from bench.contests import Contender, Contest, Figures, Measure, NotRun
from bench.lab import Lab
from bench.load import P50, P99, RATE
from bench.passes import Client
from bench.replay import BARE
from bench.traffic import HEADERS, Request, raw

NAME = "checkout"
CASSETTE = "checkout"
MANY = "many people, a whole checkout each"


@dataclass(frozen=True)
class Call:
    """A request; `{customer}` in it is the id that the answer to the call of this name had."""

    name: str
    method: str
    path: str
    fields: str = ""
    status: int = 200


_INTENT = "amount=2000&currency=usd&customer={customer}&payment_method_types[]=card"
_LOOK = "/v1/customers/{customer}"
CALLS = (
    Call("token", "POST", "/v1/tokens", "card[number]=4242424242424242&card[exp_month]=12"
         "&card[exp_year]=2050&card[cvc]=314&card[name]=Ada {person}"),
    Call("customer", "POST", "/v1/customers", "source={token}&email=ada{person}@example.com"),
    Call("", "GET", _LOOK),
    Call("method", "POST", "/v1/payment_methods", "type=card&card[token]=tok_mastercard"
         "&billing_details[name]=Ada {person}"),
    Call("", "POST", "/v1/payment_methods/{method}/attach", "customer={customer}"),
    Call("", "GET", "/v1/payment_methods?customer={customer}&type=card"),
    Call("intent", "POST", "/v1/payment_intents", _INTENT),
    Call("", "POST", "/v1/payment_intents/{intent}/confirm", "payment_method={method}"),
    Call("", "GET", "/v1/payment_intents/{intent}"),
    Call("held", "POST", "/v1/payment_intents", _INTENT
         + "&payment_method={method}&confirm=true&capture_method=manual"),
    Call("", "POST", "/v1/payment_intents/{held}/capture", "amount_to_capture=1000"),
    Call("", "GET", "/v1/payment_intents/{held}"),
    Call("charge", "POST", "/v1/charges", "amount=900&currency=eur&customer={customer}"),
    Call("", "GET", "/v1/charges/{charge}"),
    Call("", "POST", "/v1/refunds", "charge={charge}&amount=500"),
    Call("", "GET", "/v1/charges/{charge}"),
    Call("", "POST", "/v1/refunds", "charge={charge}&amount=400"),
    Call("", "POST", "/v1/charges", "amount=500&currency=usd&source=tok_chargeDeclined", 402),
    Call("", "GET", "/v1/charges?customer={customer}&limit=1"),
    Call("", "GET", "/v1/charges?customer={customer}&starting_after={charge}"),
    Call("", "GET", "/v1/payment_intents?customer={customer}"),
    Call("", "GET", _LOOK),
    Call("", "DELETE", _LOOK),
    Call("", "GET", _LOOK),
    Call("", "GET", _LOOK),
)  # fmt: skip


def contest(lab: Lab, rounds: int) -> Contest:
    """Return people who come one after the other, beside the same bytes sent to bare aiohttp."""
    contenders = (
        Contender(MANY, partial(_session, lab), (BARE,)),
        Contender(BARE, partial(_bare, lab)),
    )
    question = "what does each call of a whole checkout take, whoever comes?"
    return Contest(NAME, question, contenders, rounds)


def _session(lab: Lab, stack: ExitStack) -> Measure:
    with lab.place.tokentape("record", CASSETTE) as server:
        _visits(server.url, 1, "recorded")
    server = stack.enter_context(lab.place.tokentape("replay", CASSETTE))
    return partial(_visits, server.url, lab.sizes.folder, "replayed")


def _bare(lab: Lab, stack: ExitStack) -> Measure:
    server = stack.enter_context(lab.place.module("reference"))
    return partial(_visits, server.url, lab.sizes.folder, "")


def _visits(url: str, people: int, result: str) -> Figures:
    """Let people through, one after the other. Raises NotRun for another answer than recorded."""
    start, milliseconds = time.perf_counter(), list[float]()
    with Client(url) as client:
        for person in range(people):
            milliseconds += _visit(client, f"{start}x{person}", result)
    seconds = time.perf_counter() - start
    milliseconds.sort()
    p50, p99 = (milliseconds[(len(milliseconds) - 1) * n // 100] for n in (50, 99))
    return {RATE: len(milliseconds) / seconds, P50: p50, P99: p99}


def _visit(client: Client, person: str, result: str) -> Iterator[float]:
    ids: dict[str, str] = {"person": person}
    for call in CALLS:
        text = raw(_request(call, ids))
        start = time.perf_counter()
        client.send(text)
        answer = client.receive()
        yield 1e3 * (time.perf_counter() - start)
        if result and (answer.status, answer.result) != (call.status, result):
            raise NotRun(f"{call.method} {call.path} was {answer.status} {answer.result}")
        if call.name:
            ids[call.name] = json.loads(answer.body)["id"] if result else f"id_{call.name}"


def _request(call: Call, ids: Mapping[str, str]) -> Request:
    pairs = (pair.partition("=") for pair in call.fields.format(**ids).split("&") if pair)
    body = urlencode({name: value for name, _, value in pairs}).encode()
    return Request(call.method, call.path.format(**ids), HEADERS if body else HEADERS[:1], body)
