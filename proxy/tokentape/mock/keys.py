"""API keys: where a client sends its key, and the mode and permissions that the key implies."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass

from tokentape.errors import UnreadableBody
from tokentape.mock.api_errors import invalid_request
from tokentape.pure.http.forms import query_pairs, request_pairs
from tokentape.pure.http.messages import Request
from tokentape.pure.stripe.kinds import masked

_KEY = re.compile(r"(sk|rk|pk|sk_org)_(?:test_[A-Za-z0-9_-]+|(live)_[A-Za-z0-9]{8,})", re.ASCII)
"""Any key with the form of a test key will do: nobody's is checked."""


@dataclass(frozen=True, slots=True, repr=False)
class Key:
    """A well-formed key. The mock has no accounts, so it accepts every well-formed key."""

    text: str
    live: bool
    publishable: bool
    """Whether anyone may see the key: then responses have no fingerprint and no metadata."""


def read_key(request: Request) -> Key:
    """Return the API key of a request. Raises ApiError (401) for a missing or malformed key."""
    header = request.header("authorization")
    text = _key_parameter(request) if header is None else _authorization_key(header)
    if not text:
        raise invalid_request(
            "You did not provide an API key. You need to provide your API key in the "
            "Authorization header, using Bearer auth (e.g. 'Authorization: Bearer "
            "YOUR_SECRET_KEY'). See https://stripe.com/docs/api#authentication for details, or "
            "we can help at https://support.stripe.com/.",
            status=401,
        )
    match = _KEY.fullmatch(text)
    if match is None:
        raise invalid_request(f"Invalid API Key provided: {masked(text)}", status=401)
    return Key(text, live=match[2] is not None, publishable=match[1] == "pk")


def _authorization_key(header: str) -> str:
    """Return the key of an Authorization header: Bearer, or Basic's user name (RFC 7617)."""
    scheme, _, credentials = header.strip().partition(" ")
    if scheme.lower() == "bearer":
        return credentials.strip()
    if scheme.lower() != "basic":
        return ""
    try:
        return base64.b64decode(credentials, validate=True).decode().partition(":")[0]
    except (binascii.Error, ValueError):
        return ""


def _key_parameter(request: Request) -> str:
    """Return the form or query field `key`, where browsers put a publishable key."""
    try:
        pairs = (*request_pairs(request), *query_pairs(request.target))
    except UnreadableBody:
        return ""
    return dict(pairs).get(("key",), "")
