"""The text in a file: its encoding, by its byte order mark or by its first bytes.

It comes and goes in parts, and always as UTF-8 without a mark.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator
from itertools import chain

_MARKS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF32_LE: "utf-32-le",  # before that of UTF-16, which it begins with
    codecs.BOM_UTF32_BE: "utf-32-be",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}
_WIDE = ("utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be")
_FIRST = 8_000
"""A file with a zero byte among its first bytes, as many as this, is binary, as in git; but not if
they are text in an encoding that has such bytes."""
_ASCII_SHARE = 0.7
"""What of a text without a mark has to be ASCII."""


def readable(parts: Iterable[bytes]) -> Iterator[bytes] | None:
    """Return the UTF-8 text of a file; None for a binary one."""
    rest = iter(parts)
    first: list[bytes] = []
    while sum(map(len, first)) < _FIRST and (part := next(rest, b"")):
        first.append(part)
    head = b"".join(first)
    mark, encoding = next((pair for pair in _MARKS.items() if head.startswith(pair[0])), (b"", ""))
    text = chain([head[len(mark) :]], rest)
    encoding = encoding or _encoding(head[:_FIRST])
    if encoding == "utf-8":
        return text
    return _decoded(text, encoding) if encoding else None


def _encoding(head: bytes) -> str:
    """Return the encoding of text without a mark; "" for binary data."""
    if b"\0" not in head:
        return "utf-8"
    return next((encoding for encoding in _WIDE if _is_text(head, encoding)), "")


def _is_text(head: bytes, encoding: str) -> bool:
    text = head.decode(encoding, "replace")
    ascii_chars = sum(char.isascii() and (char.isprintable() or char in "\t\r\n") for char in text)
    return ascii_chars > _ASCII_SHARE * len(text)


def _decoded(parts: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    for part in parts:
        yield decoder.decode(part).encode("utf-8", "surrogatepass")
    yield decoder.decode(b"", final=True).encode("utf-8", "surrogatepass")
