"""Requests and responses as they came over the wire, whole and frozen.

Their `repr` shows nothing of what they hold, so that a log line, a traceback or a failing
assertion cannot give it away.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from functools import lru_cache
from http import HTTPStatus
from typing import NamedTuple

Headers = tuple[tuple[str, str], ...]
"""Header lines in wire order, names as they came; values are UTF-8 with surrogate escapes."""

HOP_BY_HOP = frozenset(
    {
        *("connection", "keep-alive", "proxy-authenticate", "proxy-authorization"),
        *("proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"),
    }
)
"""Headers that end at this hop: RFC 9110 §7.6.1, and Proxy-Connection, which clients still send."""


class Request(NamedTuple):
    """A request: `target` in origin form, percent-encoded as it came; `body` still encoded."""

    method: str
    target: str
    headers: Headers = ()
    body: bytes = b""

    def __repr__(self) -> str:
        return f"<Request, {len(self.headers)} headers>"

    def header(self, name: str) -> str | None:
        """Return the first value of header `name`, whatever its case, or None."""
        return _first(self.headers, name)


class Response(NamedTuple):
    """A response; `body` still encoded."""

    status: int
    headers: Headers = ()
    body: bytes = b""
    echo: Headers = ()
    """Header lines, before the others, that depend on the request."""
    final: object | None = None
    """Set if the same request gets this response from now on. The handler gets it back each time
    that the response is repeated without it."""

    def __repr__(self) -> str:
        return f"<Response {self.status}, {len(self.headers)} headers>"

    @property
    def lines(self) -> Headers:
        """All header lines."""
        return (*self.echo, *self.headers)

    def header(self, name: str) -> str | None:
        """Return the first value of header `name`, whatever its case, or None."""
        return _first(self.lines, name)


def _first(headers: Headers, name: str) -> str | None:
    wanted = name.lower()
    for key, value in headers:
        if key.lower() == wanted:
            return value
    return None


def without_hop_by_hop(headers: Headers) -> Headers:
    """Return the headers except hop-by-hop ones and those that Connection names."""
    names = [key.lower() for key, _ in headers]
    barred = HOP_BY_HOP
    if "connection" in names:
        lines = (value for key, value in headers if key.lower() == "connection")
        barred |= {token.strip().lower() for line in lines for token in line.split(",")}
    return tuple([line for name, line in zip(names, headers, strict=True) if name not in barred])


_NEW_PHRASES = {
    413: "Content Too Large",
    416: "Range Not Satisfiable",
    422: "Unprocessable Content",
}
"""Phrases of RFC 9110 that Python has only since 3.13."""


def reason_phrase(status: int) -> str:
    """Return the standard reason phrase of a status (RFC 9110 §15), without apostrophes."""
    if status in _NEW_PHRASES:
        return _NEW_PHRASES[status]
    try:
        return HTTPStatus(status).phrase.replace("'", "")
    except ValueError:
        return "Unknown"


def given_at(response: Response) -> int | None:
    """Return when a response says that it was given (Date, RFC 9110 §6.6.1), in seconds, or None.

    >>> given_at(Response(200, (("Date", "Sat, 28 Nov 2026 10:00:00 GMT"),)))
    1795860000
    """
    return _seconds(response.header("date") or "")


@lru_cache(maxsize=2)
def _seconds(date: str) -> int | None:
    try:
        return int(parsedate_to_datetime(date).timestamp())
    except (ValueError, OverflowError):
        return None


def json_response(
    content: Mapping[str, object], status: int = 200, headers: Headers = ()
) -> Response:
    """Return a response in JSON, indented by two spaces."""
    body = json.dumps(content, indent=2) + "\n"
    return Response(status, (("Content-Type", "application/json"), *headers), body.encode())
