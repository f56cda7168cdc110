"""An upstream that repeats all it hears, in every place that an answer has."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import cycle
from random import Random

from tokentape.errors import UnreadableBody
from tokentape.pure.http.forms import Pairs, Path, join_name, query_pairs, request_pairs
from tokentape.pure.http.messages import Headers, Request, Response
from tokentape.pure.stripe.cards import digits

from tests.laws.pipeline import CATALOG, NOW, REDACTOR, Answer, dated


def parrot(seed: int, statuses: Sequence[int], *, in_vocabularies: bool = True) -> Answer:
    """Return an upstream that answers with these statuses in turn.

    `in_vocabularies`: it repeats values also where the API has a closed vocabulary, and words of
    the request's vocabularies where it has none. Stripe does not: such an answer says by itself
    that a value is a word of the API, and which, or takes a word for a person who is called so.
    """
    random, turn = Random(seed), cycle(statuses)
    card, error = (_card, _error) if in_vocabularies else (_plain_card, _plain_error)

    def made(prefix: str, mark: str = "_") -> str:
        return f"{prefix}{mark}{random.getrandbits(90):x}"

    def answer(request: Request) -> Response:
        pairs, present = _heard(request), NOW + random.randrange(10**6)
        if not in_vocabularies:
            pairs = tuple(pair for pair in pairs if not _is_word(request, *pair))
        document = {
            **{f"unknown {join_name(path)}": value for path, value in pairs},
            "id": made("tok"),
            "object": "token",
            "created": present + LIFETIMES[len(pairs) % len(LIFETIMES)] + random.randrange(20),
            "client_ip": made("ip", "-"),
            "card": card(pairs) | {"id": made("card"), "fingerprint": made("x", "-")},
            "error": error(pairs, made("req")),
            "numbers": [random.random(), random.randrange(10**18), [None, True]],
        }
        headers = (*dated(present), ("Request-Id", made("req")), *_JSON)
        body = json.dumps(document, ensure_ascii=False).encode("utf-8", "replace")
        echoed = _echoed(request, pairs if in_vocabularies else ())
        return Response(next(turn), (*headers, *echoed), body)

    return answer


LIFETIMES = (0, -3 * 86_400, 600, 86_400, 14 * 86_400, 30 * 86_400, 365 * 86_400)
_JSON = (("Content-Type", "application/json"),)


def _heard(request: Request) -> Pairs:
    try:
        return (*query_pairs(request.target), *request_pairs(request))
    except UnreadableBody:
        return ((("body",), request.body.decode("latin-1")),)


def _is_word(request: Request, name: Path, value: str) -> bool:
    match = REDACTOR.match(request)
    definition = CATALOG.request_field(match.route.operation if match else "", name).field
    return definition is not None and CATALOG.normal_form(definition, value) is not None


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
        "wallet": {"type": "+".join(value for _, value in pairs), "deep": [dict(values)]},
    }


def _plain_card(pairs: Pairs) -> dict[str, object]:
    """Return a card whose members all have the API's names."""
    card = _card(pairs)
    return {name: card[name] for name in ("last4", "iin", "metadata", "wallet")}


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


def _plain_error(pairs: Pairs, request_id: str) -> dict[str, object]:
    """Return an error that repeats values only where the API has no vocabulary."""
    error = _error(pairs, request_id)
    return {name: error[name] for name in ("message", "user_message", "source")}


def _echoed(request: Request, pairs: Pairs) -> Headers:
    """Return headers that repeat headers and values, as far as a header can."""
    lines = [*((f"X-{name}", value) for name, value in request.headers), *request.headers]
    lines += pairs and [("Stripe-Version", "; ".join(value for _, value in pairs))]
    return tuple(
        (name, value) for name, value in lines if value.isprintable() and name != "Content-Encoding"
    )
