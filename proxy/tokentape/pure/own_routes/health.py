"""tokentape's own routes, all under /_tokentape/: health.

They are for programs on this machine, not for web pages: a page from elsewhere in a browser can
send requests to a loopback port, with its own host name (DNS rebinding) or across sites.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from tokentape.pure.http.messages import Headers, Request, Response
from tokentape.pure.stripe.refusals import refusal

PREFIX = "/_tokentape/"
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "[::1]"})


def is_own(target: str) -> bool:
    """Tell whether a target is one of tokentape's own."""
    return target.startswith(PREFIX)


def barred(request: Request, host: str) -> Response | None:
    """Return the refusal of a request that a web page may have sent; the server is at `host`."""
    sent = request.header("host") or ""
    name = sent if sent.endswith("]") else sent.rpartition(":")[0] or sent
    if name.lower() not in {*_LOOPBACK, host}:
        return refusal(403, "foreign_host", "This route answers only under its own address.")
    if request.header("origin") or request.header("sec-fetch-site") not in (None, "none"):
        return refusal(403, "cross_site", "This route does not answer web pages.")
    return None


def answer(request: Request, host: str, health: Mapping[str, object]) -> Response:
    """Answer a request to an own route of the server at `host` with `health`."""
    refused = barred(request, host)
    if refused is not None:
        return refused
    if request.target.partition("?")[0] != PREFIX + "health":
        return refusal(404, "unknown_route", f"The own routes of tokentape are: {PREFIX}health.")
    if request.method not in ("GET", "HEAD"):
        return refusal(405, "method_not_allowed", "This route takes GET.")
    return json_response(health)


def json_response(
    content: Mapping[str, object], status: int = 200, headers: Headers = ()
) -> Response:
    """Return a response in JSON that must not be cached."""
    common: Headers = (("Content-Type", "application/json"), ("Cache-Control", "no-store"))
    return Response(status, common + headers, (json.dumps(content, indent=2) + "\n").encode())
