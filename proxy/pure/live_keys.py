"""Whether a request carries a key of Stripe's live mode, anywhere in it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import unquote_plus

from proxy.errors import UnreadableBody
from proxy.pure.forms import plain_body, request_pairs
from proxy.pure.messages import Request
from proxy.pure.redact.requests import basic_credentials

_LIVE = re.compile(r"(?:sk|rk|pk|ek|uk|rkcs)_(?:org_)?live_|oak_live_")


def has_live_key(request: Request) -> bool:
    """Tell whether a live key stands in the target, a header (Basic decoded too) or the body."""
    return any(_LIVE.search(text) for text in _texts(request))


def _texts(request: Request) -> Iterator[str]:
    for _, value in request.headers:
        yield value
        yield basic_credentials(value) or ""
    for text in (request.target, _body(request)):
        yield text
        yield unquote_plus(text)
    yield from _fields(request)


def _body(request: Request) -> str:
    try:
        return plain_body(request).decode("latin-1")
    except UnreadableBody:
        return request.body.decode("latin-1")


def _fields(request: Request) -> Iterator[str]:
    """Yield names and values as a server reads them: JSON may escape any character of a key."""
    try:
        for path, value in request_pairs(request):
            yield from (*path, value)
    except UnreadableBody:
        return
