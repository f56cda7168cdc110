"""Whether a request carries a key of Stripe's live mode, anywhere in it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import unquote_plus

from tokentape.errors import UnreadableBody
from tokentape.pure.http.forms import MAX_REQUEST, plain_body, request_pairs
from tokentape.pure.http.messages import Request
from tokentape.pure.redaction.requests import basic_credentials

_LIVE = re.compile(r"(?:sk|rk|pk|ek|uk|rkcs)_(?:org_)?live_|oak_live_")
_SPELLINGS = (b"live_", b"%6", b"%76", b"%5F", b"%5f", b"\\", b"\0")
"""What stands in a body that holds `live_`: that very word, one of its letters percent-encoded, an
escape of JSON or of a quoted name, or the zeros of UTF-16 and UTF-32, which JSON may come in."""


def has_live_key(request: Request) -> bool:
    """Tell whether a live key stands in the target, a header (Basic decoded too) or the body."""
    text = "\n".join(_texts(request))
    return "live_" in text and _LIVE.search(text) is not None  # the first check is far faster


def _texts(request: Request) -> Iterator[str]:
    for _, value in request.headers:
        yield value
        yield from basic_credentials(value)
    yield request.target
    yield unquote_plus(request.target)
    try:
        body = plain_body(request, MAX_REQUEST)
    except UnreadableBody:
        body = request.body
    if any(spelling in body for spelling in _SPELLINGS):
        text = body.decode("latin-1")
        yield text
        yield from _fields(request) or (unquote_plus(text),)


def _fields(request: Request) -> list[str]:
    """Return names and values as a server reads them: JSON may escape any character of a key.

    Nothing for a body that cannot be read.
    """
    try:
        pairs = request_pairs(request)
    except UnreadableBody:
        return []
    return [text for path, value in pairs for text in (*path, value)]
