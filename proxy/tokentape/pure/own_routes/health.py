"""The tool's own routes, under /_tokentape/ and nowhere else: health.

They answer programs on this machine, not web pages: a page that a browser loaded from elsewhere
may reach a loopback port, under a name of its own (DNS rebinding) or across sites.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from tokentape.pure.http.messages import Headers, Request, Response
from tokentape.pure.stripe.refusals import refusal

PREFIX = "/_tokentape/"
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "[::1]"})


def is_own(target: str) -> bool:
    """Tell whether a target is one of the tool's own."""
    return target.startswith(PREFIX)


def barred(request: Request, host: str) -> Response | None:
    """Return the refusal of a request that may be a web page's; the server is at `host`."""
    sent = request.header("host") or ""
    asked_for = sent if sent.endswith("]") else sent.rpartition(":")[0] or sent
    if asked_for.lower() not in {*_LOOPBACK, host}:
        return refusal(403, "foreign_host", "This route answers under its own address alone.")
    if request.header("origin") or request.header("sec-fetch-site") not in (None, "none"):
        return refusal(403, "cross_site", "This route does not answer web pages.")
    return None


def answer(request: Request, host: str, health: Mapping[str, object]) -> Response:
    """Answer a request to an own route of the server at `host`; `health` is what it tells."""
    refused = barred(request, host)
    if refused is not None:
        return refused
    if request.target.partition("?")[0] != PREFIX + "health":
        return refusal(404, "unknown_route", f"The own routes of tokentape are: {PREFIX}health.")
    if request.method not in ("GET", "HEAD"):
        return refusal(405, "method_not_allowed", "This route takes GET.")
    return told(health)


def told(content: Mapping[str, object], status: int = 200, headers: Headers = ()) -> Response:
    """Return an answer in JSON, for this reader alone."""
    own: Headers = (("Content-Type", "application/json"), ("Cache-Control", "no-store"))
    return Response(status, own + headers, (json.dumps(content, indent=2) + "\n").encode())
