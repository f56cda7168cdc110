"""A client for the built-in mock: requests in, answers out, no socket between."""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from tokentape.mock.upstream import MockStripe
from tokentape.pure.http.messages import Headers, Request, Response
from tokentape.pure.stripe.catalog import CATALOG_FILES, read_catalog

DATA = Path(__file__).parents[2] / "proxy" / "tokentape" / "data"
PUBLISHED = (DATA / "published.csv").read_text("utf-8")
CATALOG = read_catalog(*((DATA / name).read_text("utf-8") for name in CATALOG_FILES))

NOW = 1760380579  # 2025-10-13, the second of a recording


def read(name: str) -> str:
    return (DATA / name).read_text("utf-8")


SECRET = "sk_" + "test_" + "x" * 24
PUBLISHABLE = "pk_" + "test_" + "x" * 24
LIVE = "sk_" + "live_" + "x" * 24

VISA = {"card[number]": "4242424242424242", "card[exp_month]": "6", "card[exp_year]": "2050"}
US_BANK = {
    "bank_account[country]": "US",
    "bank_account[account_number]": "000123456789",
    "bank_account[routing_number]": "110000000",
}


class Counted:
    """Replaces randomness: each draw is the next number, with the requested length."""

    def __init__(self, start: int = 1) -> None:
        self._numbers = count(start)

    def __call__(self, length: int) -> str:
        return f"{next(self._numbers):0{length}d}"


class Client:
    def __init__(self, *, salt: int = 1, now: int = NOW) -> None:
        self.stripe = MockStripe(read, now=lambda: now, entropy=Counted(salt))

    def send(
        self,
        method: str,
        target: str,
        *,
        key: str = SECRET,
        headers: Headers = (),
        body: bytes = b"",
    ) -> Response:
        authorization = (("Authorization", f"Bearer {key}"),) if key else ()
        return self.stripe.answer(Request(method, target, (*authorization, *headers), body))

    def post(
        self, fields: Mapping[str, str], *, key: str = SECRET, headers: Headers = ()
    ) -> Response:
        return self.send(
            "POST", "/v1/tokens", key=key, headers=headers, body=urlencode(fields).encode()
        )

    def call(
        self,
        operation: str,
        fields: Mapping[str, object] | None = None,
        *,
        status: int = 200,
        key: str = SECRET,
        headers: Headers = (),
    ) -> Any:
        """Return what an operation, such as `POST /v1/charges`, answers; its error if it fails."""
        method, path = operation.split(" ")
        text = urlencode(fields or {})
        target = f"{path}?{text}" if method == "GET" and text else path
        body = text.encode() if method == "POST" else b""
        answer = self.send(method, target, key=key, headers=headers, body=body)
        assert answer.status == status, answer.body
        content = document(answer)
        return content["error"] if status >= 400 else content

    def get(self, token_id: str, *, key: str = SECRET, query: str = "") -> Response:
        return self.send("GET", f"/v1/tokens/{token_id}{query}", key=key)

    def token(self, fields: Mapping[str, str], *, key: str = SECRET) -> dict[str, Any]:
        answer = self.post(fields, key=key)
        assert answer.status == 200, answer.body
        return document(answer)

    def error(self, fields: Mapping[str, str], *, key: str = SECRET) -> dict[str, Any]:
        answer = self.post(fields, key=key)
        assert answer.status in (400, 402), answer.body
        error: dict[str, Any] = document(answer)["error"]
        return error


def document(answer: Response) -> dict[str, Any]:
    content = json.loads(answer.body)
    assert isinstance(content, dict)
    return content
