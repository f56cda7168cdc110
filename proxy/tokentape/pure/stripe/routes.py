"""The methods of Stripe's API, and the request targets that belong to its tokens."""

from __future__ import annotations

from urllib.parse import unquote

HOST = "api.stripe.com"
API = f"https://{HOST}"
"""The origin in every stored URI, whatever upstream was recorded."""
METHODS = frozenset({"GET", "POST", "DELETE"})
TOKENS = "/v1/tokens"
_MAX_ID = 255


def is_tokens(target: str) -> bool:
    """Tell whether a target (origin form) is /v1/tokens or /v1/tokens/{id}."""
    return target.partition("?")[0] == TOKENS or token_id(target) is not None


def token_id(target: str) -> str | None:
    """Return the decoded id of /v1/tokens/{id}, or None for any other target.

    An id with a slash or dot segments, which a server could resolve to another path (RFC 3986
    §5.2.4), gives None.

    >>> token_id("/v1/tokens/tok_%31?expand[]=card")
    'tok_1'
    >>> token_id("/v1/tokens/..")
    """
    head, _, last = target.partition("?")[0].rpartition("/")
    if head != TOKENS:
        return None
    text = unquote(last, errors="surrogateescape")
    invalid = text in ("", ".", "..") or "/" in text or "\\" in text or len(text) > _MAX_ID
    return None if invalid else text
