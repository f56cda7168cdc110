"""What a client gets that meets a fault: the command line, which reads faults, does without."""

from __future__ import annotations

from collections.abc import Mapping

from tokentape.pure.http.messages import Headers, Response, json_response

NO_ANSWER = Response(0)
"""Stands for none: the port closes the connection instead."""

_LIMITED: Headers = (
    ("Stripe-Rate-Limited-Reason", "global-rate"),
    ("Stripe-Should-Retry", "true"),
)
_ERRORS: Mapping[str, tuple[dict[str, str], Headers]] = {
    "429": (
        {
            "code": "rate_limit",
            "doc_url": "https://stripe.com/docs/error-codes/rate-limit",
            "message": "Request rate limit exceeded.",
            "type": "invalid_request_error",
        },
        _LIMITED,
    ),
    "500": ({"message": "An unknown error occurred.", "type": "api_error"}, ()),
    "502": ({"message": "An unknown error occurred.", "type": "api_error"}, ()),
}
"""docs.stripe.com/rate-limits, docs.stripe.com/error-low-level. The texts are not confirmed, and
clients look only at code and type. A 429 is tried again where the header says so."""


def fault_response(kind: str) -> Response:
    """Return what a client gets that meets a fault of this kind."""
    if kind not in _ERRORS:
        return NO_ANSWER
    error, headers = _ERRORS[kind]
    lines = (("Request-Id", "req_injected"), ("Tokentape-Result", "injected"), *headers)
    return json_response({"error": error}, int(kind), lines)
