"""Whether a request carries a key of Stripe's live mode, anywhere in it."""

from __future__ import annotations

import re
from urllib.parse import unquote_plus

from proxy.errors import UnreadableBody
from proxy.pure.forms import plain_body
from proxy.pure.messages import Request
from proxy.pure.redact.requests import api_key

_LIVE = re.compile(r"(?:sk|rk|pk|ek|uk|rkcs)_(?:org_)?live_|oak_live_")


def has_live_key(request: Request) -> bool:
    """Tell whether a live key stands in the target, a header (Basic decoded too) or the body."""
    texts = [request.target, *(value for _, value in request.headers), _body(request)]
    texts += [api_key(value) for name, value in request.headers if name.lower() == "authorization"]
    return any(_LIVE.search(view) for text in texts for view in (text, unquote_plus(text)))


def _body(request: Request) -> str:
    try:
        return plain_body(request).decode("latin-1")
    except UnreadableBody:
        return request.body.decode("latin-1")
