"""Which request targets are the tokens API. Everything else is outside."""

from __future__ import annotations

from urllib.parse import unquote

TOKENS = "/v1/tokens"

_MAX_ID = 255


def is_tokens(target: str) -> bool:
    """Tell whether a target (origin form) is /v1/tokens or /v1/tokens/{id}."""
    return target.partition("?")[0] == TOKENS or token_id(target) is not None


def token_id(target: str) -> str | None:
    """Return the decoded id of /v1/tokens/{id}, or None for any other target.

    An id that would lead elsewhere once a server resolves it (a slash, dot segments: RFC 3986
    §5.2.4) is none.
    """
    head, _, last = target.partition("?")[0].rpartition("/")
    if head != TOKENS:
        return None
    text = unquote(last, errors="surrogateescape")
    elsewhere = text in ("", ".", "..") or "/" in text or "\\" in text or len(text) > _MAX_ID
    return None if elsewhere else text
