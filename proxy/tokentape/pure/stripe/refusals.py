"""Answers of our own in the shape of Stripe's errors, so that every client can read them.

https://docs.stripe.com/api/errors. `Stripe-Should-Retry: false` keeps the official clients from
sending a refused request again. Where an upstream failed it is left out: they try again then, as
they would have without a proxy in between.
"""

from __future__ import annotations

import json

from tokentape.pure.http.messages import Headers, Response


def refusal(
    status: int,
    code: str,
    message: str,
    *,
    type: str = "invalid_request_error",  # noqa: A002 - Stripe's name of it
    result: str = "refused",
    headers: Headers = (),
) -> Response:
    """Return an error answer; `result` is the value of Tokentape-Result, a blank `code` is none.

    `code` and `message` reach the client as they are.
    """
    error = ({"code": code} if code else {}) | {"message": message, "type": type}
    final = ("Stripe-Should-Retry", "false")
    return _answer(status, error, (final, ("Tokentape-Result", result), *headers))


def upstream_failed(status: int, message: str) -> Response:
    """Return the answer to a request that the upstream did not answer."""
    error = {"code": "upstream_failed", "message": message, "type": "api_connection_error"}
    return _answer(status, error, (("Tokentape-Result", "forwarded"),))


def _answer(status: int, error: dict[str, str], headers: Headers) -> Response:
    body = json.dumps({"error": error}, indent=2) + "\n"
    return Response(status, (("Content-Type", "application/json"), *headers), body.encode())
