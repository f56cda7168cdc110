"""The proxy's error responses, in the shape of Stripe's errors, which every client can read.

https://docs.stripe.com/api/errors. `Stripe-Should-Retry: false` keeps the official clients from
retrying a refused request. It is left out if the upstream failed: clients may retry then, as they
would without a proxy.
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
    """Return an error response; `result` is the value of Tokentape-Result.

    A blank `code` is left out. `code` and `message` reach the client unchanged.
    """
    error = ({"code": code} if code else {}) | {"message": message, "type": type}
    no_retry = ("Stripe-Should-Retry", "false")
    return _error_response(status, error, (no_retry, ("Tokentape-Result", result), *headers))


def upstream_failed(status: int, message: str) -> Response:
    """Return the response to a request that the upstream did not answer."""
    error = {"code": "upstream_failed", "message": message, "type": "api_connection_error"}
    return _error_response(status, error, (("Tokentape-Result", "forwarded"),))


def _error_response(status: int, error: dict[str, str], headers: Headers) -> Response:
    body = json.dumps({"error": error}, indent=2) + "\n"
    return Response(status, (("Content-Type", "application/json"), *headers), body.encode())
