"""Reads plain requests, which are nearly all; no I/O.

A plain request is in ASCII, names no header twice, and has no header that changes how it is read or
what follows it. Anything that is not perfectly in order is left to aiohttp. Whatever is read by
this module, aiohttp reads the same: `tests/laws/test_plain_requests.py`.
"""

from __future__ import annotations

import re

from tokentape.edges.server.framing import Whole
from tokentape.pure.http.messages import Request

_HEAD = re.compile(
    rb"(GET|POST|DELETE) (/[!-\"$-~]*) HTTP/1\.1\r\n"
    rb"((?:[A-Za-z0-9!#$%&'*+.^_`|~-]+:[\t -~]*\r\n)+)\r\n"
)
_NOT_PLAIN = frozenset({"expect", "te", "trailer", "upgrade"})


def plain_request(whole: Whole) -> Request | None:
    """Return the request that these bytes are, or None if it is not plain."""
    match = _HEAD.match(whole.data)
    if match is None or whole.body is None or not whole.strict:
        return None
    lines = [line.partition(":") for line in match[3].decode("ascii")[:-2].split("\r\n")]
    headers = tuple([(name, value.strip(" \t")) for name, _, value in lines])
    fields = {name.lower(): value for name, value in headers}
    if len(fields) < len(headers) or "host" not in fields or not _NOT_PLAIN.isdisjoint(fields):
        return None
    if fields.get("connection", "keep-alive").lower() != "keep-alive":
        return None
    return Request(match[1].decode(), match[2].decode(), headers, whole.body)
