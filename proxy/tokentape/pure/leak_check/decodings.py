"""Decodings: escapes by line, base64 and hex at any position, compressed data.

Each decoding takes a text and yields pieces: the offset of the encoded form, and the decoded
bytes. Time is linear in the text, and the size of decompressed data is bounded.
"""

from __future__ import annotations

import binascii
import html
import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from itertools import accumulate, islice, pairwise

from tokentape.pure.leak_check.compressed import (
    Damaged,
    Opener,
    decompressed,
    framed,
    raw_deflate,
)
from tokentape.pure.leak_check.patterns import bytewise

Piece = tuple[int, bytes]
"""The offset of an encoded form, and its decoded bytes."""

MAX_INFLATED = 1 << 20
"""Bytes of a compressed piece that are searched: one of this size is cut off."""
SHORTEST = 13
"""Characters of the shortest secret with a recognisable shape, a card number."""
_SHORTEST_COMPRESSED = 9
"""Octets of the shortest compressed card number, one with repeated digits."""


def decoded(text: bytes) -> Iterator[Piece]:
    """Yield the decoded pieces of `text`, of base64 and hex only those that may hold a secret.

    >>> list(decoded(b"a=4%32"))
    [(0, b'a=42')]
    >>> next(decoded(b"x: NDI0MjQyNDI0MjQyNDI0"))
    (3, b'424242424242424')
    """
    yield from _escapes(text)
    yield from _quoted_printable(text)
    yield from _in_words(_base64_words(text), 4, _from_base64)
    yield from _in_words(_hex_words(text), 2, _from_hex_words)
    for codes in _CODES.finditer(text):
        yield codes.start(), bytes(map(int, re.findall(rb"[0-9]+", codes[0])))


# Escapes: percent (also %u), backslashes of JSON, YAML and C, HTML entities. All at once, because
# one word may mix them, and the whole line, because only a part of a secret may be encoded.

_ESCAPED_LINE = bytewise(
    rb"(?m:^)[^\n]*(?:%(?:[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4})|\\[^\n]|&(?:#[0-9xX]|[A-Za-z]+;))[^\n]*"
)
_ESCAPE = re.compile(
    rb"((?:%[0-9A-Fa-f]{2})+|(?:\\x[0-9A-Fa-f]{2})+)"
    rb"|((?:[\\%]u[0-9A-Fa-f]{4})+)"
    rb"|\\(?:u\{([0-9A-Fa-f]{1,8})\}|U([0-9A-Fa-f]{8}))"
    rb"|\\([0-3][0-7]{2})"
    rb"|(&(?:#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z]{2,31}(?=;));?)"
    rb"|\\([^\n])"
)
_NOT_HEX = re.compile(rb"[^0-9A-Fa-f]+")
_CONTROLS = {b"n": b"\r", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}


def _escapes(text: bytes) -> Iterator[Piece]:
    for line in _ESCAPED_LINE.finditer(text):
        plain = _ESCAPE.sub(_unescaped, line[0])
        yield line.start(), plain
        for _, content in _decompressed(_escaped_octets(plain)):
            yield line.start(), content


def _escaped_octets(text: bytes) -> bytes:
    """Return the bytes of gzip data that is written as one code point for each byte."""
    if b"\x1f\xc2\x8b" not in text:
        return text
    return bytes(ord(char) & 0xFF for char in text.decode("utf-8", "surrogateescape"))


def _unescaped(match: re.Match[bytes]) -> bytes:
    octets, units, point, long_point, octal, entity, simple = match.groups()
    if octets:
        return _from_hex(_NOT_HEX.sub(b"", octets))
    if units:
        raw = _from_hex(_NOT_HEX.sub(b"", units))
        return raw.decode("utf-16-be", "replace").encode()
    if point or long_point:
        code = int(point or long_point, 16)
        return chr(code).encode("utf-8", "replace") if code <= 0x10FFFF else b""
    if octal:
        return bytes((int(octal, 8),))
    if entity:
        return html.unescape(entity.decode()).encode("utf-8", "replace")
    return _CONTROLS.get(simple, simple)


def _from_hex(digits: bytes) -> bytes:
    return bytes.fromhex(digits.decode("ascii"))


# Quoted-printable (RFC 2045 §6.7): three escapes in a row, or lines that continue after `=`.
_QUOTED = bytewise(rb"(?m:^)(?:(?:[^\n]*=\r?\n)+[^\n]*|[^\n]*(?:=[0-9A-Fa-f]{2}){3}[^\n]*)")


def _quoted_printable(text: bytes) -> Iterator[Piece]:
    for lines in _QUOTED.finditer(text):
        yield lines.start(), binascii.a2b_qp(lines[0])


# Base64, standard and URL-safe, padded or not, also broken over lines. It may be part of a longer
# word, so each word is decoded from each of its first four characters. All words are decoded at
# once, with `////` between them: its 0xFF bytes occur in no text. Words of digits hold no text.

_STANDARD = bytes.maketrans(b"-_", b"+/")
_BASE64 = re.compile(b"[A-Za-z0-9+/_-]{%d,}" % (_SHORTEST_COMPRESSED * 4 // 3))
_LINE_END = rb"(?:[\"'],?(?: ?\+)?|[,\\])?[ \t]*[\r\n]+[ \t]*(?:[#>*]+ ?)?[\"']?"
"""A line end inside a word, with the characters that quotes, comments and code add."""
_BREAK = re.compile(_LINE_END)
_WRAPPED = bytewise(
    rb"[A-Za-z0-9+/_-]{8,}(?:%s[A-Za-z0-9+/_-]{4,})+" % _LINE_END, word=rb"A-Za-z0-9+/_-"
)


def _base64_words(text: bytes) -> Iterator[Piece]:
    for word in _BASE64.finditer(text):
        if not word[0].isdigit():
            yield word.start(), word[0]
    for lines in _WRAPPED.finditer(text):
        yield lines.start(), _BREAK.sub(b"", lines[0])


def _from_base64(words: Sequence[bytes]) -> tuple[bytes, list[int]]:
    parts = [word + b"A" * (-len(word) % 4) for word in words]
    raw = binascii.a2b_base64(b"////".join(parts).translate(_STANDARD))
    return raw, [len(part) // 4 * 3 + 3 for part in parts]


# Hex: as one word, from its first or second digit, or byte by byte with separators.

_HEX = bytewise(
    b"[0-9A-Fa-f]{%d,}|(?:0[xX])?[0-9A-Fa-f]{2}(?:[ ,:;-]{1,3}(?:0[xX])?[0-9A-Fa-f]{2}){%d,}"
    % (2 * _SHORTEST_COMPRESSED, _SHORTEST_COMPRESSED - 1)
)
_MARK = re.compile(rb"0[xX]|[ ,:;-]+")


def _hex_words(text: bytes) -> Iterator[Piece]:
    for word in _HEX.finditer(text):
        yield word.start(), _MARK.sub(b"", word[0])


def _from_hex_words(words: Sequence[bytes]) -> tuple[bytes, list[int]]:
    parts = [word[: len(word) // 2 * 2] for word in words]
    return _from_hex(b"ff".join(parts)), [len(part) // 2 + 1 for part in parts]


# Character codes in decimal, as a byte array prints in JSON: 52, 50, 52, 50.
_CODE = rb"(?:3[2-9]|[4-9][0-9]|1[01][0-9]|12[0-6])"
_CODES = bytewise(_CODE + rb"(?:[,;]?\s{0,40}\b%s){%d,}" % (_CODE, SHORTEST - 1))

# Text in decoded bytes: UTF-8, or ASCII in UTF-16 (the same with zero bytes between), plain or
# compressed.
_TEXT = bytewise(
    rb"(?:[\x00\t\r\n\x20-\x7e]|[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}"
    rb"|[\xf0-\xf4][\x80-\xbf]{3}){%d,}" % SHORTEST
)
_SHORTEST_DEFLATED = 6
"""Bytes of the shortest deflate data that is tried."""


_Decode = Callable[[Sequence[bytes]], tuple[bytes, list[int]]]
"""Returns the decoded words, one after the other, and the size of each, with what is between."""

_LONGEST_REMEMBERED = 64
_MOST_REMEMBERED = 20_000
"""Characters of a word, and words of each encoding, whose content is remembered: most words of a
text occur again, in it or in the next."""


@cache
def _remembered(_: _Decode) -> dict[bytes, tuple[bytes, ...]]:
    """Return the known contents of words, for a decoding."""
    return {}


def _in_words(encoded: Iterator[Piece], shifts: int, decode: _Decode) -> Iterator[Piece]:
    """Yield the text in encoded words, decoded from each of their first `shifts` characters.

    Each word is decoded once, for the first place in which it occurs.
    """
    remembered = _remembered(decode)
    offsets: dict[bytes, int] = {}
    for offset, word in encoded:
        offsets.setdefault(word, offset)
    words = [word for word in offsets if word not in remembered]
    contents: dict[bytes, tuple[bytes, ...]] = dict.fromkeys(words, ())
    for shift in range(shifts if words else 0):
        raw, sizes = decode([word[shift:] for word in words])
        starts = [*accumulate(sizes, initial=0)]
        for start, content in _contents(raw, starts, whole=not shift):
            contents[words[bisect_right(starts, start) - 1]] += (content,)
    for word, offset in offsets.items():
        for content in contents.get(word) or remembered.get(word, ()):
            yield offset, content
    if len(remembered) > _MOST_REMEMBERED:
        remembered.clear()
    for word, word_contents in contents.items():
        if len(word) <= _LONGEST_REMEMBERED and sum(map(len, word_contents)) <= 4 * len(word):
            remembered[word] = word_contents


def _contents(raw: bytes, starts: list[int], *, whole: bool) -> Iterator[Piece]:
    """Yield the text in decoded words, which begin at `starts`, plain or compressed."""
    for run in _TEXT.finditer(raw):
        yield run.start(), run[0]
    for frame in islice(_FRAME_HEADER.finditer(raw), _MAX_FRAMES):
        end = starts[bisect_right(starts, frame.start())]
        yield from _inflated(raw, frame.start(), end, framed)
    if whole:  # they may be deflate data without a header (RFC 1951)
        for start, end in pairwise(starts):
            if end - start > _SHORTEST_DEFLATED and _may_be_deflated(raw[start : start + 5]):
                yield from _inflated(raw, start, end, raw_deflate)


_FRAME_HEADER = re.compile(rb"\x1f\x8b\x08|\x78[\x01\x5e\x9c\xda]")
"""The first bytes of gzip (RFC 1952 §2.3) and zlib (RFC 1950 §2.2) data."""
_INPUT = 4096
"""Bytes that are decompressed at once."""
_MAX_FRAMES = 1_000
"""Headers that are tried in one text: a megabyte of random bytes has about 60."""


def _may_be_deflated(head: bytes) -> bool:
    """Tell whether five bytes can begin deflate data: block type and lengths (RFC 1951 §3.2)."""
    block_type = head[0] >> 1 & 3
    if block_type == _STORED:
        return head[1] ^ head[3] == head[2] ^ head[4] == 0xFF
    return block_type < _RESERVED


_STORED, _RESERVED = 0, 3


def _decompressed(raw: bytes) -> Iterator[Piece]:
    for frame in islice(_FRAME_HEADER.finditer(raw), _MAX_FRAMES):
        yield from _inflated(raw, frame.start(), len(raw), framed)


def _inflated(raw: bytes, start: int, end: int, opener: Opener) -> Iterator[Piece]:
    """Yield the compressed content, of all members, that begins in `raw` at `start`."""
    parts: list[bytes] = []
    room = MAX_INFLATED
    try:
        for part in decompressed(_cut(raw, start, end), opener):
            parts.append(part[:room])
            room -= len(part)
            if room <= 0:
                break
    except Damaged as error:
        if opener is raw_deflate and not error.members:
            return  # most words are no deflate data, though many begin as such
    if parts:
        yield start, b"".join(parts)


def _cut(raw: bytes, start: int, end: int) -> Iterator[bytes]:
    return (raw[at : min(at + _INPUT, end)] for at in range(start, end, _INPUT))
