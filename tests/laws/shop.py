"""An upstream with customers that change: each POST makes one, a POST to its id updates it."""

from __future__ import annotations

import json
from itertools import count
from typing import Any
from urllib.parse import urlencode

from tokentape.pure.http.forms import request_pairs
from tokentape.pure.http.messages import Request, Response

HEADERS = (("Authorization", "Bearer sk_test_" + "a" * 24),)
JSON = (("Content-Type", "application/json"),)
CUSTOMERS = "/v1/customers"


def post(customer: str = "", **values: str) -> Request:
    """Return a request that makes a customer, or updates one; `address_city` is in its address."""
    fields = {
        f"address[{name.removeprefix('address_')}]" if name.startswith("address_") else name: value
        for name, value in values.items()
    }
    target = f"{CUSTOMERS}/{customer}" if customer else CUSTOMERS
    return Request("POST", target, HEADERS, urlencode(fields).encode())


def get(customer: str) -> Request:
    return Request("GET", f"{CUSTOMERS}/{customer}", HEADERS)


def shown(response: Response) -> dict[str, Any]:
    """Return what an answer shows of a customer, in the names of `post`."""
    document = json.loads(response.body)
    address = document.get("address", {})
    own = {name: document[name] for name in ("id", "name") if name in document}
    return own | {f"address_{name}": value for name, value in address.items()}


class Shop:
    """A few customers in memory."""

    def __init__(self) -> None:
        self._customers: dict[str, dict[str, Any]] = {}
        self._numbers = count(1)

    def __call__(self, request: Request) -> Response:
        customer = request.target.removeprefix(CUSTOMERS).strip("/")
        if not customer:
            customer = f"cus_{next(self._numbers):014}"
            self._customers[customer] = {}
        values = self._customers[customer]
        for path, value in request_pairs(request):
            part = values if len(path) == 1 else values.setdefault("address", {})
            part[path[-1]] = value
        document = {"id": customer, "object": "customer", **values}
        return Response(200, JSON, json.dumps(document).encode())
