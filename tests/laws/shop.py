"""An upstream with objects that change: each POST makes one, a POST to its id updates it."""

from __future__ import annotations

import json
from itertools import count
from typing import Any
from urllib.parse import urlencode

from tokentape.pure.http.forms import request_pairs
from tokentape.pure.http.messages import Request, Response

HEADERS = (("Authorization", "Bearer sk_test_" + "a" * 24),)
JSON = (("Content-Type", "application/json"),)
TOKENS = "/v1/tokens"


def post(token: str = "", **card: str) -> Request:
    """Return a request that makes an object, or updates one."""
    body = urlencode({f"card[{name}]": value for name, value in card.items()})
    return Request("POST", f"{TOKENS}/{token}" if token else TOKENS, HEADERS, body.encode())


def get(token: str) -> Request:
    return Request("GET", f"{TOKENS}/{token}", HEADERS)


def card(response: Response) -> dict[str, Any]:
    """Return the card of an answer, with the id of its object."""
    document = json.loads(response.body)
    return {"id": document["id"], **document["card"]}


class Shop:
    """A few objects in memory."""

    def __init__(self) -> None:
        self._cards: dict[str, dict[str, str]] = {}
        self._numbers = count(1)

    def __call__(self, request: Request) -> Response:
        token = request.target.removeprefix(TOKENS).strip("/")
        if not token:
            token = f"tok_{next(self._numbers):020}"
            self._cards[token] = {}
        self._cards[token] |= {path[-1]: value for path, value in request_pairs(request)}
        document = {"id": token, "object": "token", "card": self._cards[token]}
        return Response(200, JSON, json.dumps(document).encode())
