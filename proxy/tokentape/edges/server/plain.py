"""Reads plain heads, which are nearly all; no I/O.

A plain head is in ASCII, names no header twice, and has no header that changes how it is read or
what follows it. Anything that is not perfectly in order is left to aiohttp. Whatever is read by
this module, aiohttp reads the same: `tests/laws/test_plain_requests.py`.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from tokentape.pure.http.messages import Headers

_HEAD = re.compile(
    rb"(GET|POST|DELETE) (/[!-\"$-~]*) HTTP/1\.1\r\n"
    rb"((?:[A-Za-z0-9!#$%&'*+.^_`|~-]+:[\t -~]*\r\n)+)\r\n"
)
_NOT_PLAIN = frozenset({"expect", "te", "trailer", "upgrade"})
_MOST_DIGITS = 15


class PlainHead(NamedTuple):
    """A request's head."""

    method: str
    target: str
    headers: Headers
    length: int | None
    """Of the body, in bytes; None if it is chunked."""

    def __repr__(self) -> str:
        return "<PlainHead>"


def plain_head(data: bytes) -> PlainHead | None:
    """Return the head that these bytes are, or None if it is not plain."""
    match = _HEAD.fullmatch(data)
    if match is None:
        return None
    lines = [line.partition(":") for line in match[3].decode("ascii")[:-2].split("\r\n")]
    headers = tuple([(name, value.strip(" \t")) for name, _, value in lines])
    fields = {name.lower(): value for name, value in headers}
    if len(fields) < len(headers) or "host" not in fields or not _NOT_PLAIN.isdisjoint(fields):
        return None
    if fields.get("connection", "keep-alive").lower() != "keep-alive":
        return None
    length: int | None = None
    if "transfer-encoding" not in fields:
        digits = fields.get("content-length", "0")
        if not digits.isdecimal() or len(digits) > _MOST_DIGITS:
            return None
        length = int(digits)
    elif fields["transfer-encoding"].lower() != "chunked" or "content-length" in fields:
        return None
    return PlainHead(match[1].decode(), match[2].decode(), headers, length)
