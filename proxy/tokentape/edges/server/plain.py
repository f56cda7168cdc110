"""The fast way from bytes to a request, for the plain ones, which are nearly all; no I/O.

A plain request is to the tokens API or an own route, in ASCII, and has no header that changes how
it is framed or what follows it. Anything else, and anything that is not perfectly in order, is left
to `reader`. Whatever is read here, aiohttp's parser reads the same:
`tests/laws/test_plain_requests.py`.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from tokentape.pure.http.messages import Headers

_HEAD = re.compile(
    rb"(GET|POST|DELETE) (/(?:v1/tokens|_tokentape/)[!-\"$-~]*) HTTP/1\.1\r\n"
    rb"((?:[A-Za-z0-9!#$%&'*+.^_`|~-]+:[\t -~]*\r\n)+)\r\n"
)
_FRAMING = frozenset({"expect", "te", "trailer", "transfer-encoding", "upgrade"})


class Plain(NamedTuple):
    """A plain request's head, and where in the bytes its body begins and ends."""

    method: str
    target: str
    headers: Headers
    body: int
    end: int

    def __repr__(self) -> str:
        return "<Plain>"


def plain_head(data: bytes) -> Plain | None:
    """Return the head that these bytes begin with, or None if it is not whole and plain."""
    match = _HEAD.match(data)
    if match is None:
        return None
    lines = [line.partition(":") for line in match[3].decode("ascii")[:-2].split("\r\n")]
    headers = tuple([(name, value.strip(" \t")) for name, _, value in lines])
    length = _length({name.lower(): value for name, value in headers}, len(headers))
    if length is None:
        return None
    begin = match.end()
    return Plain(match[1].decode(), match[2].decode(), headers, begin, begin + length)


def _length(fields: dict[str, str], lines: int) -> int | None:
    """Return how long the body is, or None for a head that is not plain."""
    if len(fields) < lines or "host" not in fields or not _FRAMING.isdisjoint(fields):
        return None
    if fields.get("connection", "keep-alive").lower() != "keep-alive":
        return None
    length = fields.get("content-length", "0")
    return int(length) if length.isdecimal() and len(length) < 10 else None
