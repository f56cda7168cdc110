"""Decompression of gzip, zlib and raw deflate data, with a limit on the result."""

from __future__ import annotations

import zlib
from typing import NamedTuple

FRAMED = 47
"""Window bits for data with gzip's (RFC 1952) or zlib's (RFC 1950) header."""
RAW = -15
"""Window bits for deflate data without a header (RFC 1951)."""


class Inflated(NamedTuple):
    """Decompressed data, and whether it is all of it."""

    data: bytes
    complete: bool
    """The compressed data ended, and nothing follows it."""
    too_large: bool
    """There is more, but the limit is reached."""


def inflate(data: bytes, limit: int, window_bits: int = FRAMED) -> Inflated | None:
    """Decompress `data` to at most `limit` bytes; None if it is damaged.

    >>> inflate(zlib.compress(b"abc"), 100)
    Inflated(data=b'abc', complete=True, too_large=False)
    >>> inflate(zlib.compress(b"abc"), 2)
    Inflated(data=b'ab', complete=False, too_large=True)
    >>> inflate(b"abc", 100)
    """
    inflater = zlib.decompressobj(window_bits)
    try:
        plain = inflater.decompress(data, limit)
    except zlib.error:
        return None
    complete = inflater.eof and not inflater.unused_data
    return Inflated(plain, complete, bool(inflater.unconsumed_tail))
