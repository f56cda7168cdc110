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
    type: str = "invalid_request_error",  # noqa: A002 - Stripe's name of it
    result: str = "refused",
    headers: Headers = (),
) -> Response:
    """Return an error answer; `result` is the value of Tokentape-Result, a blank `code` is none.

    `code` and `message` reach the client as they are.
    """
    error = {"code": code} if code else {}
    error |= {"message": message, "type": type}
    own: Headers = (
        ("Content-Type", "application/json"),
        ("Stripe-Should-Retry", "false"),
        ("Tokentape-Result", result),
    )
    body = json.dumps({"error": error}, indent=2) + "\n"
    return Response(status, own + headers, body.encode())
