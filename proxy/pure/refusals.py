"""Answers of our own in the shape of Stripe's errors, so that every client can read them.

https://docs.stripe.com/api/errors. `Stripe-Should-Retry: false` keeps the official clients from
sending a refused request again.
"""

from __future__ import annotations

import json

from proxy.pure.messages import Headers, Response


def refusal(
    status: int,
    code: str,
    message: str,
    *,
    error_type: str = "invalid_request_error",
    result: str = "refused",
    headers: Headers = (),
) -> Response:
    """Return an error answer; `result` is the value of Tokentape-Result.

    `code` and `message` reach the client as they are: nothing that came over the wire goes in.
    """
    error = {"code": code, "message": message, "type": error_type}
    own: Headers = (
        ("Content-Type", "application/json"),
        ("Stripe-Should-Retry", "false"),
        ("Tokentape-Result", result),
    )
    body = json.dumps({"error": error}, indent=2) + "\n"
    return Response(status, own + headers, body.encode())
