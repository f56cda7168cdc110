"""Card numbers: digits of a known brand, of a length it has, with a right check digit.

There are two ways to look. A cassette has few digits of its own, so there the search is strict:
digits with anything but letters between them, over line ends too. Other text has ids, hashes and
tables, so there it is careful: a number stands alone, in one piece or in groups as printed on
cards; what is odder is a number only after a word that speaks of cards.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence

from stdnum import luhn

from tokentape.pure.leak_check.decodings import bytewise
from tokentape.pure.stripe.kinds import brand

_DIGIT = re.compile(rb"[0-9]")
_NO_DIGIT = re.compile(rb"[^0-9]+")


def _is_card_number(digits: bytes, public: Collection[str] = ()) -> bool:
    number = digits.decode("ascii")
    name, lengths = brand(number)
    known = name != "unknown" and len(number) in lengths and number not in public
    return known and luhn.is_valid(number)


_APART = bytewise(rb"[0-9](?:[^0-9A-Za-z]*[0-9]){12,}")
_MANY = 1_000
"""More digits in a row have no place in a cassette: they are not searched, they are a finding."""


def any_card_number(text: bytes) -> Iterator[int]:
    """Yield where card numbers begin, strictly: one for each row of digits."""
    for row in _APART.finditer(text):
        digits = _NO_DIGIT.sub(b"", row[0])
        first = 0 if len(digits) > _MANY else _first(digits)
        if first is not None:
            yield row.start() + [digit.start() for digit in _DIGIT.finditer(row[0])][first]


def _first(digits: bytes) -> int | None:
    for start in range(len(digits) - 12):
        _, lengths = brand(digits[start : start + 4].decode("ascii"))
        if any(_is_card_number(digits[start : start + length]) for length in lengths):
            return start
    return None


_ALONE = bytewise(rb"[0-9]{14,16}|[0-9]{17,}")
_PRINTED = bytewise(
    b"|".join(
        rb"[0-9]{4}%s(?:[0-9]{4}%s[0-9]{4}%s[0-9]{4}|[0-9]{6}%s[0-9]{4,5})" % ((gap,) * 4)
        for gap in (b" {1,2}", b"-", b"_", rb"\.", rb"\+")
    )
)
_USUAL = frozenset({14, 15, 16})
"""Lengths of cards in use; longer and shorter ones are rare, and ids of such lengths are not."""


def lone_card_number(text: bytes, public: Collection[str]) -> Iterator[int]:
    """Yield where card numbers begin, carefully; `public` ones (digits only) are none."""
    for pattern, part_of_more in ((_ALONE, _LONGER), (_PRINTED, _TABLE)):
        for found in pattern.finditer(text):
            digits = _NO_DIGIT.sub(b"", found[0])
            if len(digits) in _USUAL and _is_card_number(digits, public):
                before, after = _around(text, *found.span())
                if not part_of_more.search(before + b"\n" + after) and not _ID.search(before):
                    yield found.start()


_NEAR = 64
"""Bytes on either side of a number that tell what it is."""
_LONGER = re.compile(rb"(?:[A-Za-z0-9]|[0-9]\.)\n|\n(?:[A-Za-z0-9]|\.[0-9])")
_TABLE = re.compile(
    rb"(?:[A-Za-z0-9.]|(?=[A-F]{0,5}[0-9])[0-9A-F]{4,6}[ +-])\n"
    rb"|\n(?:[A-Za-z0-9]|[ .+-](?=[A-F]{0,5}[0-9])[0-9A-F]{4,6})"
)
_ID = re.compile(
    rb"(?:\b(?:id|ID|ts)|_id|_ID|[a-z]I[dD]|time|stamp|hash|seq|seed|isbn|ean|gtin|imei|offset|nonce)"
    rb"[\"']?\s*[:=]\s*[\"']?$|[A-Z]{2}[0-9]{2} $"
)
"""The name of an id or time, or the beginning of an IBAN, right before a number."""


def _around(text: bytes, start: int, end: int) -> tuple[bytes, bytes]:
    """Return what stands near a number in its line."""
    before = text[max(start - _NEAR, 0) : start].rpartition(b"\n")[2]
    return before, text[end : end + _NEAR].partition(b"\n")[0]


_LOOSE = bytewise(rb"[0-9](?:[ .+_/-]?[0-9]){12,}")
_GROUP = re.compile(rb"[0-9]+")
_OF_CARDS = re.compile(
    rb"(?i)card|visa|amex|discover|diners|jcb|unionpay|\b(?:pan|cc)\b|[\"'\[]number[\"'\]]"
)


def named_card_number(text: bytes, public: Collection[str]) -> Iterator[int]:
    """Yield where card numbers in unusual groups or lengths begin, after a word for cards."""
    for found in _LOOSE.finditer(text):
        before, after = _around(text, *found.span())
        if _OF_CARDS.search(before) and not _LONGER.search(before + b"\n" + after):
            groups = list(_GROUP.finditer(found[0]))
            for first, group in enumerate(groups):
                if _begins_card_number(groups[first : first + 19], public):
                    yield found.start() + group.start()


def _begins_card_number(groups: Sequence[re.Match[bytes]], public: Collection[str]) -> bool:
    digits = b""
    for group in groups:
        digits += group[0]
        if len(digits) > 12 and _is_card_number(digits, public):
            return True
    return False
