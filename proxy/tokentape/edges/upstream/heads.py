"""Heads of requests to send on, and of answers that came back; no I/O."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import chain

from tokentape.errors import UpstreamFailure
from tokentape.pure.http.messages import Headers, Request, without_hop_by_hop

_MADE_ANEW = frozenset({"host", "content-length", "expect"})
"""Headers that are made anew for this hop, and Expect, which the server has met already."""
_DECODABLE = frozenset({"gzip", "deflate", "identity"})
_OFTEN_BODILESS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
"""Methods whose requests need no Content-Length to say that they have no body (RFC 9110 §8.6)."""
_ENDS = re.compile(r"[\r\n\0]")
_CONTROLS = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")


def sent_on(request: Request, *, path: str, host: str, pseudonym: str) -> bytes:
    """Return a request as it goes to `host`, its target below `path`.

    Raises ValueError for what HTTP/1.1 has no way to say.
    """
    lines = [f"{request.method} {path}{request.target} HTTP/1.1", f"Host: {host}"]
    via, codings = [], []
    for name, value in without_hop_by_hop(request.headers):
        match name.lower():
            case "via":
                via.append(value)
            case "accept-encoding":
                codings.append(value)
            case lower if lower not in _MADE_ANEW:
                lines.append(f"{name}: {value}")
    if codings:
        lines.append(f"Accept-Encoding: {_decodable(codings)}")
    lines.append(f"Via: {', '.join((*via, f'1.1 {pseudonym}'))}")
    if request.body or request.method not in _OFTEN_BODILESS:
        lines.append(f"Content-Length: {len(request.body)}")
    if _ENDS.search("".join(lines)):
        raise ValueError("a line of the head does not end where it should")
    return "\r\n".join((*lines, "", "")).encode() + request.body


def _decodable(lines: Iterable[str]) -> str:
    """Return Accept-Encoding without the codings that the cassette could not decode."""
    asked = [part.strip() for line in lines for part in line.split(",")]
    kept = [part for part in asked if part.partition(";")[0].strip().lower() in _DECODABLE]
    return ", ".join(kept) or "identity"


def came_back(lines: Sequence[tuple[bytes, bytes]]) -> Headers:
    """Return the headers of an answer that travel on.

    Raises UpstreamFailure for what aiohttp's parser, which is lenient with answers, lets through
    and what must not split ours.
    """
    if _CONTROLS.search(b"".join(chain.from_iterable(lines))):
        raise UpstreamFailure(502, "its answer has a header that may not be passed on")
    headers = [
        (name.decode("utf-8", "surrogateescape"), value.decode("utf-8", "surrogateescape"))
        for name, value in lines
    ]
    return without_hop_by_hop(tuple(headers))
