"""Look-alike characters: other digits, full-width letters and invisible characters."""

from __future__ import annotations

import unicodedata

import re2

# Format characters and combining marks are invisible; the listed ones are letters and symbols that
# are blank: Hangul fillers, the blank Braille cell.
_INVISIBLE = re2.compile(rb"[\p{Mn}\p{Me}\p{Cf}\x{115f}\x{1160}\x{2800}\x{3164}\x{ffa0}]+")
_DIGIT = re2.compile(rb"[^\P{Nd}0-9]")
# Tags (U+E0020 to U+E007E) spell ASCII without showing it.
_TAG = re2.compile(rb"[\x{e0020}-\x{e007e}]")
_TAGS_BEGIN = 0xE0000


def plain(text: bytes) -> bytes:
    """Replace look-alikes in UTF-8 text with plain characters; lines and other bytes stay.

    >>> plain("\uff14\u0662 caf\u00e9".encode()).decode()
    '42 café'
    """
    if text.isascii():
        return text
    folded = unicodedata.normalize("NFKC", text.decode("utf-8", "surrogateescape"))
    text = folded.encode("utf-8", "surrogateescape")
    text = _TAG.sub(lambda tag: b"%c" % (ord(tag[0].decode()) - _TAGS_BEGIN), text)
    text = _INVISIBLE.sub(b"", text)
    return bytes(_DIGIT.sub(lambda digit: b"%d" % unicodedata.digit(digit[0].decode()), text))
