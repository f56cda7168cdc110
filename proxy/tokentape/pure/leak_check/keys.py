"""Stripe's keys and secrets by their shape, and Basic credentials.

The shapes are those of Stripe's documentation and CLI. In a cassette, everything with such a shape
is a finding. In other text it must be a separate word and look random, because documentation
contains examples such as `sk_test_...`; a word with the length of a live key is always a finding.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Callable, Iterator

from tokentape.pure.leak_check.decodings import Pattern, bytewise

Finder = Callable[[bytes], Iterator[int]]
"""Yields the offsets of its matches in a text."""


def _matches(pattern: bytes) -> Finder:
    compiled = bytewise(b"(?i)" + pattern)
    return lambda text: (match.start() for match in compiled.finditer(text))


def _separate(pattern: bytes) -> Finder:
    return _matches(rb"(?-i:(?:^|[^A-Za-z0-9])%s)" % pattern)


def _random_looking(pattern: bytes) -> Finder:
    compiled = bytewise(b"(?:^|[^A-Za-z0-9])" + pattern)
    return lambda text: (
        match.start(1) for match in compiled.finditer(text) if _looks_random(match[1])
    )


def _looks_random(part: bytes) -> bool:
    return len(set(part)) > 2 and (len(part) >= 20 or re.search(rb"[0-9]", part) is not None)


keys_of_any_form = _matches(
    rb"(?:sk|rk|pk|ek|uk|rkcs)_(?:org_)?(?:test|live|prod)_[A-Za-z0-9_]{8,}"
    rb"|\boak_[A-Za-z0-9_]{8,}"
)
random_keys = _random_looking(
    rb"(?:(?:[srpeu]k|rkcs)_(?:org_)?(?:test|live|prod)_|oak_(?:test_|live_)?)([A-Za-z0-9]{10,})"
)
separate_live_keys = _separate(rb"[srp]k_(?:org_)?live_[A-Za-z0-9]{24}")
webhook_secrets = _matches(rb"whsec_[A-Za-z0-9+/=_-]{8,}")
random_webhook_secrets = _random_looking(rb"whsec_([A-Za-z0-9+/]{16,})")
client_secrets = _matches(rb"[a-z]{2,10}_[A-Za-z0-9]{8,}_secret_[A-Za-z0-9]{8,}")
random_client_secrets = _random_looking(rb"[a-z]{2,10}_[A-Za-z0-9]{14,}_secret_([A-Za-z0-9]{14,})")

_BASIC: Pattern = bytewise(rb"(?i)\bbasic[ +\t]+([A-Za-z0-9+/_-]{6,})")


def basic_credentials(text: bytes) -> Iterator[int]:
    """Yield offsets of a user name and password in base64 after `Basic` (RFC 7617 §2)."""
    for match in _BASIC.finditer(text):
        token = match[1].translate(bytes.maketrans(b"-_", b"+/"))
        plain = binascii.a2b_base64(token + b"A" * (-len(token) % 4)).rstrip(b"\0")
        if b":" in plain and plain.isascii() and plain.decode().isprintable():
            yield match.start(1)
