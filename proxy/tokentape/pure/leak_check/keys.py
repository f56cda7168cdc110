"""Stripe's keys and secrets by their shape, and Basic credentials.

The shapes are those of Stripe's documentation and CLI. In a cassette whatever has one is a secret;
elsewhere it must stand alone and look random, since documentation has `sk_test_...` and the like;
what is as long as a live key counts as one even so.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Callable, Iterator

from tokentape.pure.leak_check.decodings import Pattern, bytewise

Finder = Callable[[bytes], Iterator[int]]
"""Yields the offsets of what it finds in a text."""


def _any(pattern: bytes) -> Finder:
    compiled = bytewise(b"(?i)" + pattern)
    return lambda text: (found.start() for found in compiled.finditer(text))


def _alone(pattern: bytes) -> Finder:
    return _any(rb"(?-i:(?:^|[^A-Za-z0-9])%s)" % pattern)


def _random(pattern: bytes) -> Finder:
    compiled = bytewise(b"(?:^|[^A-Za-z0-9])" + pattern)
    return lambda text: (
        found.start(1) for found in compiled.finditer(text) if _looks_random(found[1])
    )


def _looks_random(part: bytes) -> bool:
    return len(set(part)) > 2 and (len(part) >= 20 or re.search(rb"[0-9]", part) is not None)


any_key = _any(
    rb"(?:sk|rk|pk|ek|uk|rkcs)_(?:org_)?(?:test|live|prod)_[A-Za-z0-9_]{8,}"
    rb"|\boak_[A-Za-z0-9_]{8,}"
)
lone_key = _random(
    rb"(?:(?:[srpeu]k|rkcs)_(?:org_)?(?:test|live|prod)_|oak_(?:test_|live_)?)([A-Za-z0-9]{10,})"
)
lone_live_key = _alone(rb"[srp]k_(?:org_)?live_[A-Za-z0-9]{24}")
any_webhook_secret = _any(rb"whsec_[A-Za-z0-9+/=_-]{8,}")
lone_webhook_secret = _random(rb"whsec_([A-Za-z0-9+/]{16,})")
any_client_secret = _any(rb"[a-z]{2,10}_[A-Za-z0-9]{8,}_secret_[A-Za-z0-9]{8,}")
lone_client_secret = _random(rb"[a-z]{2,10}_[A-Za-z0-9]{14,}_secret_([A-Za-z0-9]{14,})")

_BASIC: Pattern = bytewise(rb"(?i)\bbasic[ +\t]+([A-Za-z0-9+/_-]{6,})")


def basic_credentials(text: bytes) -> Iterator[int]:
    """Yield where a user and a password stand in base64 after `Basic` (RFC 7617 §2)."""
    for found in _BASIC.finditer(text):
        token = found[1].translate(bytes.maketrans(b"-_", b"+/"))
        plain = binascii.a2b_base64(token + b"A" * (-len(token) % 4)).rstrip(b"\0")
        if b":" in plain and plain.isascii() and plain.decode().isprintable():
            yield found.start(1)
