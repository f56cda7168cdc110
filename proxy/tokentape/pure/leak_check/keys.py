"""Stripe's keys and secrets by their shape, and Basic credentials.

The shapes are those of Stripe's documentation and CLI. In a cassette, everything with such a shape
is a finding. In other text it must be a separate word and look random, because documentation
contains examples such as `sk_test_...`; a word with the length of a live key is always a finding.
A key that line ends break counts if it is as long as real ones are.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Callable, Iterator
from itertools import accumulate

from tokentape.pure.leak_check.findings import CLIENT, CREDENTIALS, STRIPE_KEY, WEBHOOK
from tokentape.pure.leak_check.patterns import LINE_END, bytewise

Finder = tuple[str, Callable[[bytes], Iterator[int]]]
"""A kind of secret, and what yields the offsets at which such secrets begin in a text."""


def _matches(kind: str, pattern: bytes, group: int = 0) -> Finder:
    compiled = bytewise(b"(?i)" + pattern)
    return kind, lambda text: (match.start(group) for match in compiled.finditer(text))


def _random_looking(kind: str, pattern: bytes) -> Finder:
    compiled = bytewise(b"(?:^|[^A-Za-z0-9])" + pattern)
    return kind, lambda text: (
        match.start(1) for match in compiled.finditer(text) if _looks_random(match[1])
    )


def _looks_random(part: bytes) -> bool:
    return len(set(part)) > 2 and (len(part) >= 20 or re.search(rb"[0-9]", part) is not None)


_BREAK = b"(?:%s)?" % LINE_END


def _breakable(word: bytes) -> bytes:
    """Return a pattern for a word that a line end may break anywhere."""
    return _BREAK.join(b"%c" % character for character in word)


def _one_of(*words: bytes) -> bytes:
    return b"(?:%s)" % b"|".join(map(_breakable, words))


_KEY_PREFIX = _BREAK.join(
    (
        _one_of(b"sk", b"rk", b"pk", b"ek", b"uk", b"rkcs"),
        b"_(?:%s%s)?" % (_BREAK, _breakable(b"org_")),
        _one_of(b"test", b"live", b"prod"),
        b"_",
    )
)
_SHORTEST_KEY = 24
"""Characters after the prefix of the shortest keys and webhook secrets that Stripe makes."""
_LINE_ENDS = re.compile(LINE_END)
_AFTER_NAMES = frozenset({b"_", b"-", b"=", b":", b"(", b"["})
"""What follows the word on the next line if that is a name, and no key's rest."""


def _broken(kind: str, prefix: bytes, alphabet: bytes) -> Finder:
    """Return what finds secrets that line ends break: part of a key alone looks like an example."""
    character = b"[%s]" % alphabet
    compiled = bytewise(
        b"(?:^|[^A-Za-z0-9])(%s)(%s%s(?:%s%s){%d,})"
        % (prefix, _BREAK, character, _BREAK, character, _SHORTEST_KEY - 1)
    )

    def find(text: bytes) -> Iterator[int]:
        for match in compiled.finditer(text):
            first, *rest = _LINE_ENDS.split(match[2])
            is_name = text[match.end() : match.end() + 1] in _AFTER_NAMES
            if rest and len(first) < _SHORTEST_KEY and not is_name:
                whole = b"".join(rest)
            elif not rest and _LINE_ENDS.search(match[1]):
                whole = first
            else:
                continue
            if _has_digit_and_letter(whole):
                yield match.start(1)

    return kind, find


def _has_digit_and_letter(part: bytes) -> bool:
    return bool(re.search(rb"[0-9]", part) and re.search(rb"[A-Za-z]", part))


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
    _matches(STRIPE_KEY, rb"(?-i:(?:^|[^A-Za-z0-9])([srp]k_(?:org_)?live_[A-Za-z0-9]{24}))", 1),
    _broken(STRIPE_KEY, _KEY_PREFIX, rb"A-Za-z0-9"),
    _broken(WEBHOOK, _breakable(b"whsec_"), rb"A-Za-z0-9+/"),
    _random_looking(WEBHOOK, rb"whsec_([A-Za-z0-9+/]{16,})"),
    _random_looking(CLIENT, rb"[a-z]{2,10}_[A-Za-z0-9]{14,}_secret_([A-Za-z0-9]{14,})"),
    (CREDENTIALS, _basic_credentials),
)
