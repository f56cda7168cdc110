"""An upstream that repeats all it hears, in every place that an answer has."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import cycle
from random import Random

from tokentape.errors import UnreadableBody
from tokentape.pure.http.forms import Pairs, join_name, query_pairs, request_pairs
from tokentape.pure.http.messages import Headers, Request, Response
from tokentape.pure.stripe.cards import digits

from tests.laws.pipeline import NOW, Answer


def parrot(seed: int, statuses: Sequence[int]) -> Answer:
    """Return an upstream that answers with these statuses in turn."""
    random, turn = Random(seed), cycle(statuses)

    def made(prefix: str) -> str:
        return f"{prefix}_{random.getrandbits(90):x}"

    def answer(request: Request) -> Response:
        pairs = _heard(request)
        document = {
            **{f"unknown {join_name(path)}": value for path, value in pairs},
            "id": made("tok"),
            "object": "token",
            "created": NOW + random.randrange(10**6),
            "client_ip": made("ip"),
            "card": _card(pairs) | {"id": made("card"), "fingerprint": made("x")},
            "error": _error(pairs, made("req")),
            "numbers": [random.random(), random.randrange(10**18), [None, True]],
        }
        headers = (("Request-Id", made("req")), ("Content-Type", "application/json"))
        body = json.dumps(document, ensure_ascii=False).encode("utf-8", "replace")
        return Response(next(turn), (*headers, *_echoed(request, pairs)), body)

    return answer


def _heard(request: Request) -> Pairs:
    try:
        return (*query_pairs(request.target), *request_pairs(request))
    except UnreadableBody:
        return ((("body",), request.body.decode("latin-1")),)


def _card(pairs: Pairs) -> dict[str, object]:
    values = {path[-1]: value for path, value in pairs if path[0] == "card"}
    number = digits(values.get("number", ""))
    return {
        **values,
        "last4": number[-4:],
        "iin": number[:6],
        "metadata": {join_name(path): value for path, value in pairs},
        "brand": values.get("name"),
        "exp_year": values.get("cvc"),
        "networks": [value for _, value in pairs],
        "wallet": {"type": "".join(value for _, value in pairs), "deep": [dict(values)]},
    }


def _error(pairs: Pairs, request_id: str) -> dict[str, object]:
    names = [join_name(path) for path, _ in pairs] or [""]
    said = [value for _, value in pairs] or [""]
    return {
        "param": names[-1],
        "code": said[0],
        "doc_url": f"https://stripe.com/docs/error-codes/{said[0]}",
        "message": f"Received unknown parameters: {', '.join(names)}",
        "user_message": f"Invalid string: {said[-1]}",
        "type": f"No such token: '{said[0]}'",
        "request_log_url": f"https://dashboard.stripe.com/{said[0]}/logs/{request_id}?t=123",
        "source": {"number": said},
    }


def _echoed(request: Request, pairs: Pairs) -> Headers:
    """Return headers that repeat headers and values, as far as a header can."""
    lines = [*((f"X-{name}", value) for name, value in request.headers), *request.headers]
    lines += [("Stripe-Version", "; ".join(value for _, value in pairs))]
    return tuple(
        (name, value) for name, value in lines if value.isprintable() and name != "Content-Encoding"
    )
