"""Responses byte for byte as Stripe writes them: order of fields, line ends, headers.

JSON is indented by two spaces and ends with a line feed; written so, the recorded bodies have the
Content-Length that was recorded with them. An object has its id first, then its type, then its
other fields in alphabetical order.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

from tokentape.mock.api_errors import UNSUPPORTED, ApiError
from tokentape.mock.keys import Key
from tokentape.pure.http.messages import Headers, Request, Response

LATEST_VERSION = "2026-10-28.endive"
"""The API version of a request that names none: that of stripe-python 16.1.0."""

_VERSION = re.compile(r"20[0-9]{2}-[0-9]{2}-[0-9]{2}(?:\.[a-z]{1,20})?", re.ASCII)

# Recorded with every response of 2025 and 2026, also 401. Left out: headers of the web server, and
# those that Stripe's own routing adds.
_COMMON_HEADERS: Headers = (
    ("Content-Type", "application/json"),
    ("Access-Control-Allow-Credentials", "true"),
    ("Access-Control-Allow-Methods", "GET, HEAD, PUT, PATCH, POST, DELETE"),
    ("Access-Control-Allow-Origin", "*"),
    (
        "Access-Control-Expose-Headers",
        (
            "Request-Id, Stripe-Manage-Version, Stripe-Should-Retry, "
            "X-Stripe-External-Auth-Required, X-Stripe-Privileged-Session-Required"
        ),
    ),
    ("Access-Control-Max-Age", "300"),
    ("Cache-Control", "no-cache, no-store"),
    ("Strict-Transport-Security", "max-age=63072000; includeSubDomains; preload"),
    ("Vary", "Origin"),
)
_NOT_AGAIN: Headers = (("Stripe-Should-Retry", "false"),)
_ERROR_HEADERS: Headers = (("Content-Language", "en-us"), ("X-Content-Type-Options", "nosniff"))


@dataclass(frozen=True, slots=True)
class Call:
    """A request with an accepted key: `id` is its request id (req_…), `time` is in Unix seconds."""

    request: Request
    key: Key
    id: str
    time: int


def success(call: Call, stripe_object: Mapping[str, object]) -> Response:
    """Return a response with an object."""
    return Response(200, _headers(call), _json_body(stripe_object))


def failure(call: Call, error: ApiError) -> Response:
    """Return a response with an error, and the address of the request in Stripe's dashboard."""
    mode = "" if call.key.live else "test/"
    log = f"https://dashboard.stripe.com/{mode}logs/{call.id}?t={call.time}"
    body = _json_body({"error": {**error_fields(error), "request_log_url": log}})
    headers = _headers(call) + _ERROR_HEADERS
    if error.status == 501 and call.request.method != "POST":  # clients would try again
        headers += _NOT_AGAIN
    return Response(error.status, headers, body)


def unauthorized(error: ApiError) -> Response:
    """Return the response to a request without an accepted key.

    Such a request has no account, so the response has no request id and no version.
    """
    challenge = (("Www-Authenticate", 'Bearer realm="Stripe"'),)
    return Response(
        error.status, _COMMON_HEADERS + challenge, _json_body({"error": error_fields(error)})
    )


def replayed(call: Call, first: Response) -> Response:
    """Return the first response to this Idempotency-Key, for a repeated POST."""
    headers = ((name, call.id if name == "Request-Id" else value) for name, value in first.headers)
    return first._replace(headers=(*headers, ("Idempotent-Replayed", "true")))


def error_fields(error: ApiError) -> dict[str, object]:
    """Return the fields of an error; an empty field is left out, never null."""
    code = error.code
    documented = code not in ("", UNSUPPORTED)
    doc_url = f"https://stripe.com/docs/error-codes/{code.replace('_', '-')}" * documented
    optional = {"code": code, "decline_code": error.decline_code, "doc_url": doc_url}
    fields: dict[str, object] = {name: value for name, value in optional.items() if value}
    if error.param is not None:
        fields["param"] = error.param
    return {**fields, **error.details, "message": error.message, "type": error.type}


def _headers(call: Call) -> Headers:
    header = call.request.header
    version = header("stripe-version") or ""
    echoed = [("Stripe-Account", header("stripe-account"))]
    generated = [
        ("Request-Id", call.id),
        ("Stripe-Version", version if _VERSION.fullmatch(version) else LATEST_VERSION),
    ]
    if call.request.method == "POST":
        echoed.append(("Idempotency-Key", header("idempotency-key")))
        generated += [("Original-Request", call.id), ("Stripe-Should-Retry", "false")]
    return (*_COMMON_HEADERS, *((name, value) for name, value in echoed if value), *generated)


def _json_body(fields: Mapping[str, object]) -> bytes:
    text = json.dumps(_in_stripes_order(fields), indent=2, ensure_ascii=False)
    # Bytes that were not UTF-8 in the request come back as question marks.
    return f"{text}\n".encode("utf-8", "replace")


def _in_stripes_order(value: object) -> object:
    if isinstance(value, list):
        return [_in_stripes_order(item) for item in value]
    if not isinstance(value, Mapping):
        return value
    return {name: _in_stripes_order(value[name]) for name in sorted(value, key=_sort_key)}


def _sort_key(name: str) -> tuple[int, str]:
    return {"id": 0, "object": 1}.get(name, 2), name
