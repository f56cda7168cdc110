"""Answers byte for byte as Stripe writes them: order of fields, line ends, headers.

JSON is indented by two spaces and ends with a line end; with that, the recorded bodies have the
Content-Length that was recorded with them. An object has its id first, then its type, then its
fields in alphabetical order.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from tokentape.mock.keys import Key
from tokentape.mock.refusals import Refusal
from tokentape.pure.http.messages import Headers, Request, Response

LATEST_VERSION = "2026-10-28.endive"
"""Answers a request that names no version: the API version of stripe-python 16.1.0."""

_VERSION = re.compile(r"20[0-9]{2}-[0-9]{2}-[0-9]{2}(?:\.[a-z]{1,20})?", re.ASCII)

# Recorded with every answer of 2025 and 2026, a 401 too. Left out: headers of the web server, and
# those that Stripe's own routing adds.
_ALWAYS: Headers = (
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
_ON_ERRORS: Headers = (("Content-Language", "en-us"), ("X-Content-Type-Options", "nosniff"))


@dataclass(frozen=True, slots=True)
class Call:
    """A request with a key that was accepted: `id` is its req_…, `time` in unix seconds."""

    request: Request
    key: Key
    id: str
    time: int


def success(call: Call, found: Mapping[str, object]) -> Response:
    """Answer with an object."""
    return Response(200, _headers(call), _document(found))


def refused(call: Call, refusal: Refusal) -> Response:
    """Answer with an error, and where its request can be looked up."""
    mode = "" if call.key.live else "test/"
    log = f"https://dashboard.stripe.com/{mode}logs/{call.id}?t={call.time}"
    body = _document({"error": {**_error(refusal), "request_log_url": log}})
    return Response(refusal.status, _headers(call) + _ON_ERRORS, body)


def unauthorized(refusal: Refusal) -> Response:
    """Answer a request without an accepted key: no account, so no request id and no version."""
    challenge = (("Www-Authenticate", 'Bearer realm="Stripe"'),)
    return Response(refusal.status, _ALWAYS + challenge, _document({"error": _error(refusal)}))


def replayed(call: Call, first: Response) -> Response:
    """Answer once more what a POST with this Idempotency-Key got first."""
    headers = ((name, call.id if name == "Request-Id" else value) for name, value in first.headers)
    return replace(first, headers=(*headers, ("Idempotent-Replayed", "true")))


def _error(refusal: Refusal) -> dict[str, object]:
    """Return the fields of an error; one that says nothing is left out, never null."""
    code = refusal.code
    doc_url = f"https://stripe.com/docs/error-codes/{code.replace('_', '-')}" if code else ""
    optional = {"code": code, "decline_code": refusal.decline_code, "doc_url": doc_url}
    fields: dict[str, object] = {name: value for name, value in optional.items() if value}
    if refusal.param is not None:
        fields["param"] = refusal.param
    return {**fields, "message": refusal.message, "type": refusal.type}


def _headers(call: Call) -> Headers:
    sent = call.request.header
    asked = sent("stripe-version") or ""
    echoed = [("Stripe-Account", sent("stripe-account"))]
    own = [
        ("Request-Id", call.id),
        ("Stripe-Version", asked if _VERSION.fullmatch(asked) else LATEST_VERSION),
    ]
    if call.request.method == "POST":
        echoed.append(("Idempotency-Key", sent("idempotency-key")))
        own += [("Original-Request", call.id), ("Stripe-Should-Retry", "false")]
    return (*_ALWAYS, *((name, value) for name, value in echoed if value), *own)


def _document(fields: Mapping[str, object]) -> bytes:
    text = json.dumps(_ordered(fields), indent=2, ensure_ascii=False)
    # What came in as broken UTF-8 goes back as a question mark.
    return f"{text}\n".encode("utf-8", "replace")


def _ordered(value: object) -> object:
    if not isinstance(value, Mapping):
        return value
    return {name: _ordered(value[name]) for name in sorted(value, key=_place)}


def _place(name: str) -> tuple[int, str]:
    return {"id": 0, "object": 1}.get(name, 2), name
