"""Stripe's keys and secrets by their shape, and Basic credentials.

The shapes are those of Stripe's documentation and CLI. In a cassette, everything with such a shape
is a finding. In other text it must be a separate word and look random, because documentation
contains examples such as `sk_test_...`; a word with the length of a live key is always a finding.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Callable, Iterator
from itertools import accumulate

from tokentape.pure.leak_check.findings import CLIENT, CREDENTIALS, STRIPE_KEY, WEBHOOK
from tokentape.pure.leak_check.patterns import bytewise

Finder = tuple[str, Callable[[bytes], Iterator[int]]]
"""A kind of secret, and what yields the offsets at which such secrets begin in a text."""


def _matches(kind: str, pattern: bytes) -> Finder:
    compiled = bytewise(b"(?i)" + pattern)
    return kind, lambda text: (match.start() for match in compiled.finditer(text))


def _random_looking(kind: str, pattern: bytes) -> Finder:
    compiled = bytewise(b"(?:^|[^A-Za-z0-9])" + pattern)
    return kind, lambda text: (
        match.start(1) for match in compiled.finditer(text) if _looks_random(match[1])
    )


def _looks_random(part: bytes) -> bool:
    return len(set(part)) > 2 and (len(part) >= 20 or re.search(rb"[0-9]", part) is not None)


_BASIC = bytewise(
    rb"(?i)\bbasic[^A-Za-z0-9\n]{1,4}"
    rb"([A-Za-z0-9+/_-]+(?:[^A-Za-z0-9+/_\n-]{1,2}[A-Za-z0-9+/_-]+){0,7})"
)
_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/_-]+")
_STANDARD = bytes.maketrans(b"-_", b"+/")
_SHORTEST_WORD = 6
_SHORTEST_BROKEN = 16
"""Characters of the shortest credentials in one piece, and with foreign characters inside."""


def _basic_credentials(text: bytes) -> Iterator[int]:
    """Yield offsets of a user name and password in base64 after `Basic` (RFC 7617 §2).

    Lenient servers skip blanks and other characters that are not in the alphabet of base64.
    """
    for match in _BASIC.finditer(text):
        pieces = _NOT_BASE64.split(match[1])
        if _is_user_and_password(pieces[0], _SHORTEST_WORD) or any(
            _is_user_and_password(token, _SHORTEST_BROKEN) for token in accumulate(pieces)
        ):
            yield match.start(1)


def _is_user_and_password(token: bytes, shortest: int) -> bool:
    if len(token) < shortest:
        return False
    padded = token.translate(_STANDARD) + b"A" * (-len(token) % 4)
    plain = binascii.a2b_base64(padded).rstrip(b"\0")
    return b":" in plain and plain.isascii() and plain.decode().isprintable()


IN_CASSETTES: tuple[Finder, ...] = (
    _matches(
        STRIPE_KEY,
        rb"(?:sk|rk|pk|ek|uk|rkcs)_(?:org_)?(?:test|live|prod)_[A-Za-z0-9_]{8,}"
        rb"|\boak_[A-Za-z0-9_]{8,}",
    ),
    _matches(WEBHOOK, rb"whsec_[A-Za-z0-9+/=_-]{8,}"),
    _matches(CLIENT, rb"[a-z]{2,10}_[A-Za-z0-9]{8,}_secret_[A-Za-z0-9]{8,}"),
    (CREDENTIALS, _basic_credentials),
)
IN_TEXT: tuple[Finder, ...] = (
    _random_looking(
        STRIPE_KEY,
        rb"(?:(?:[srpeu]k|rkcs)_(?:org_)?(?:test|live|prod)_|oak_(?:test_|live_)?)"
        rb"([A-Za-z0-9]{10,})",
    ),
    _matches(STRIPE_KEY, rb"(?-i:(?:^|[^A-Za-z0-9])[srp]k_(?:org_)?live_[A-Za-z0-9]{24})"),
    _random_looking(WEBHOOK, rb"whsec_([A-Za-z0-9+/]{16,})"),
    _random_looking(CLIENT, rb"[a-z]{2,10}_[A-Za-z0-9]{14,}_secret_([A-Za-z0-9]{14,})"),
    (CREDENTIALS, _basic_credentials),
)
