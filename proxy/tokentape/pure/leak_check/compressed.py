"""Decompression as a stream: gzip, zlib, raw deflate, bzip2 and xz, all their members.

Memory is bounded: what is read and what is yielded comes in small parts, whatever it expands to.
"""

from __future__ import annotations

import bz2
import lzma
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Protocol

from tokentape.pure.http.compression import FRAMED, RAW

_PART = 1 << 18
"""Bytes that are yielded at once, at most."""
_MEMORY = 256 << 20
"""Bytes of memory that xz data may ask for."""
MAX_HEADERS = 1 << 20
"""Bytes that the headers of gzip data may have in all."""
_LONG_HEADERS = "its headers are too long"
_FIXED = 10
"""Bytes at the beginning of a gzip header that are always there."""
_EXTRA, _NAME, _COMMENT = 4, 8, 16
"""Flags of a gzip header: which fields follow."""


class Damaged(ValueError):
    """Compressed data that is cut off, or is followed by something else. Says it in words."""

    def __init__(self, message: str, members: int) -> None:
        super().__init__(message)
        self.members = members
        """How many whole members come before."""


class _Decompressor(Protocol):
    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int = -1, /) -> bytes: ...


class _Inflater:
    """zlib's decompressor, in the form of those of bzip2 and xz."""

    def __init__(self, window_bits: int) -> None:
        self._inflater = zlib.decompressobj(window_bits)

    @property
    def eof(self) -> bool:
        return self._inflater.eof

    @property
    def needs_input(self) -> bool:
        return not self._inflater.unconsumed_tail

    @property
    def unused_data(self) -> bytes:
        return self._inflater.unused_data

    def decompress(self, data: bytes, max_length: int = -1, /) -> bytes:
        return self._inflater.decompress(self._inflater.unconsumed_tail + data, max_length)


Opener = Callable[[], _Decompressor]
"""Returns what decompresses one member."""


class GzipHeaders:
    """What the headers of gzip members say beside the data: names, comments, extra fields."""

    def __init__(self) -> None:
        self.texts: dict[bytes, None] = {}
        """Each once, in order."""
        self._room = MAX_HEADERS

    def framed(self) -> _Decompressor:
        """Return what reads a member, and keeps what its header says."""
        return _Member(self)

    def add(self, texts: Sequence[bytes]) -> None:
        """Keep texts. Raises Damaged for more than a file has use for."""
        self.texts.update(dict.fromkeys(filter(None, texts)))
        self._room -= sum(map(len, texts))
        if self._room < 0:
            raise Damaged(_LONG_HEADERS, 1)


class _Member(_Inflater):
    def __init__(self, headers: GzipHeaders) -> None:
        super().__init__(FRAMED)
        self._headers = headers
        self._head = bytearray()
        self._is_read = False

    def decompress(self, data: bytes, max_length: int = -1, /) -> bytes:
        if not self._is_read:
            self._head += data
            texts = header_texts(self._head)
            self._is_read = texts is not None
            if len(self._head) > MAX_HEADERS and not self._is_read:
                raise Damaged(_LONG_HEADERS, 0)
            self._headers.add(texts or ())
        return super().decompress(data, max_length)


def header_texts(data: bytes | bytearray) -> tuple[bytes, bytes, bytes] | None:
    r"""Return name, comment and extra field of a gzip member (RFC 1952 §2.3), None if it is cut.

    >>> header_texts(b"\x1f\x8b\x08\x18\0\0\0\0\0\3a.txt\0mine\0")
    (b'a.txt', b'mine', b'')
    """
    if len(data) < _FIXED + 2:  # data follows, at least as much
        return None
    flags, at = data[3], _FIXED
    extra, texts = b"", [b"", b""]
    if flags & _EXTRA:
        size = int.from_bytes(data[at : at + 2], "little")
        at += 2 + size
        extra = bytes(data[at - size : at])
    for number, flag in enumerate((_NAME, _COMMENT)):
        if flags & flag:
            end = data.find(b"\0", at)
            if end < 0:
                return None
            texts[number], at = bytes(data[at:end]), end + 1
    return (texts[0], texts[1], extra) if at <= len(data) else None


def framed() -> _Decompressor:
    """Return what reads data with gzip's or zlib's header."""
    return _Inflater(FRAMED)


def raw_deflate() -> _Decompressor:
    """Return what reads deflate data without a header."""
    return _Inflater(RAW)


def _xz() -> _Decompressor:
    return lzma.LZMADecompressor(lzma.FORMAT_XZ, _MEMORY)


FORMATS: Mapping[bytes, Opener] = {
    b"\x1f\x8b\x08": framed,
    b"BZh": bz2.BZ2Decompressor,
    b"\xfd7zXZ\0": _xz,
}
"""What decompresses files, by the bytes that they begin with."""


def decompressed(chunks: Iterable[bytes], opener: Opener) -> Iterator[bytes]:
    r"""Yield the content of compressed data. Raises Damaged, after what can be read.

    >>> twice = zlib.compress(b"a") + zlib.compress(b"b")
    >>> list(decompressed([twice[:5], twice[5:]], framed))
    [b'a', b'b']
    """
    decompressor: _Decompressor | None = None
    members = 0
    for data in chunks:
        rest = data
        while rest or not (decompressor is None or decompressor.needs_input):
            decompressor = decompressor or opener()
            try:
                part = decompressor.decompress(rest, _PART)
            except (zlib.error, OSError, lzma.LZMAError) as error:
                message = "something follows its data" if members else "its data is damaged"
                raise Damaged(message, members) from error
            if part:
                yield part
            rest = b""
            if decompressor.eof:
                rest = decompressor.unused_data.lstrip(b"\0")  # padding of tapes
                decompressor = None
                members += 1
    if decompressor is not None:
        raise Damaged("its data is cut off", members)
