from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

import pytest
from tokentape.pure.http.forms import MAX_ANSWER, plain_body
from tokentape.pure.http.messages import Request, Response

from tests.recorders.forms import Said
from tests.upstreams import stripe
from tests.wire import SECRET, card, numbered

CARD = numbered("424242000000001")
API = "https://api.stripe.com"
KEY = ("Authorization", f"Bearer {SECRET}")
FORM = ("Content-Type", "application/x-www-form-urlencoded")
JSON = ("Content-Type", "application/json")
SERVED = [1, 2, 5]
"""The calls that tokentape serves, by number."""


def is_served(method: str, path: str) -> bool:
    return path.startswith("/v1/tokens")


def read_body(response: Response) -> Any:
    return json.loads(plain_body(response, MAX_ANSWER))


@pytest.fixture(scope="session")
def calls() -> list[Said]:
    """A token by form and by JSON, its retrieval; and two calls that cannot be imported."""
    answer = stripe()

    def said(method: str, target: str, content_type: tuple[str, str], body: str = "") -> Said:
        headers = (KEY, content_type) if body else (KEY,)
        request = Request(method, target, headers, body.encode())
        return Said(API, request, answer(request))

    created = said("POST", "/v1/tokens", FORM, urlencode(card(CARD, name="Jörg Müller")))
    again = {"card": {"number": CARD, "exp_month": 5, "exp_year": 2050, "cvc": "314"}}
    token = json.loads(created.response.body)["id"]
    return [
        created,
        said("POST", "/v1/tokens?expand[]=card", JSON, json.dumps(again)),
        said("GET", "/v1/no_such_resource/x", FORM),
        said("GET", "/v1/tokens", FORM)._replace(origin="https://example.com"),
        said("GET", f"/v1/tokens/{token}", FORM),
    ]
