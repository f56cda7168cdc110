"""The proxy's error responses, in the shape of Stripe's errors, which every client can read.

https://docs.stripe.com/api/errors. `Stripe-Should-Retry: false` keeps the official clients from
retrying a refused request. It is left out if the upstream failed: clients may retry then, as they
would without a proxy.
"""

from __future__ import annotations

import json

from tokentape.pure.http.messages import Headers, Response, json_response


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
    lines = (("Stripe-Should-Retry", "false"), ("Tokentape-Result", result), *headers)
    return json_response({"error": error}, status, lines)


def reason(response: Response) -> tuple[int, str, str]:
    """Return the status, code and message of a refusal."""
    error = json.loads(response.body)["error"]
    return response.status, error["code"], error["message"]


def upstream_failed(status: int, message: str) -> Response:
    """Return the response to a request that the upstream did not answer."""
    error = {"code": "upstream_failed", "message": message, "type": "api_connection_error"}
    return json_response({"error": error}, status, (("Tokentape-Result", "forwarded"),))
