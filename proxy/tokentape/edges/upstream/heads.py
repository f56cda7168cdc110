"""Heads of requests to send on, and of answers that came back; no I/O."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import chain

from tokentape.errors import UpstreamFailure
from tokentape.pure.http.messages import Headers, Request, without_hop_by_hop

_FOR_THIS_HOP = frozenset({"host", "content-length", "expect"})
"""Headers that are written again for this hop, and Expect, which the server has met already."""
_DECODABLE = frozenset({"gzip", "deflate", "identity"})
_OFTEN_BODILESS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
"""Methods whose requests need no Content-Length to say that they have no body (RFC 9110 §8.6)."""
_ENDS = re.compile(r"[\r\n\0]")
_CONTROLS = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")


def headers_sent_on(request: Request, pseudonym: str) -> Headers:
    """Return the headers of a request as they go on, Host aside.

    Lines of one name are spelled as the first of them: aiohttp takes two spellings for two values
    of which the last counts. Raises ValueError for what HTTP/1.1 has no way to say.
    """
    spelled: dict[str, str] = {}
    lines, via, codings = [], [], []
    for name, value in without_hop_by_hop(request.headers):
        match name.lower():
            case "via":
                via.append(value)
            case "accept-encoding":
                codings.append(value)
            case lower if lower not in _FOR_THIS_HOP:
                lines.append((spelled.setdefault(lower, name), value))
    if codings:
        lines.append(("Accept-Encoding", _decodable(codings)))
    lines.append(("Via", ", ".join((*via, f"1.1 {pseudonym}"))))
    if request.body or request.method not in _OFTEN_BODILESS:
        lines.append(("Content-Length", str(len(request.body))))
    if _ENDS.search("".join(chain.from_iterable(lines))):
        raise ValueError("a line of the head does not end where it should")
    return tuple(lines)


def _decodable(lines: Iterable[str]) -> str:
    """Return Accept-Encoding without the codings that the cassette could not decode."""
    codings = [part.strip() for line in lines for part in line.split(",")]
    left = [part for part in codings if part.partition(";")[0].strip().lower() in _DECODABLE]
    return ", ".join(left) or "identity"


def headers_sent_back(lines: Sequence[tuple[bytes, bytes]]) -> Headers:
    """Return the headers of an answer that travel on.

    Raises UpstreamFailure for what aiohttp, which is lenient with answers, lets through and what
    must not split ours.
    """
    if _CONTROLS.search(b"".join(chain.from_iterable(lines))):
        raise UpstreamFailure(502, "its answer has a header that may not be passed on")
    headers = [
        (name.decode("utf-8", "surrogateescape"), value.decode("utf-8", "surrogateescape"))
        for name, value in lines
    ]
    return without_hop_by_hop(tuple(headers))
