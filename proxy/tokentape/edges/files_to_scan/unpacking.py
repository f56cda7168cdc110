"""The files in a file: compressed data and archives, also in each other.

gzip, bzip2, xz, tar and zip are opened. Each layer is a stream; only a zip within another archive
has to be held in memory, because its directory is at its end. What cannot be opened is named.
"""

from __future__ import annotations

import io
import lzma
import os
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import PurePosixPath
from typing import IO, cast

from tokentape.pure.leak_check.compressed import (
    FORMATS,
    Damaged,
    GzipHeaders,
    Opener,
    decompressed,
    framed,
)

MAX_UNPACKED = 1 << 30
"""Bytes that are unpacked from one file."""
_MAX_DEPTH = 8
"""Archives within each other: `.tar.gz` counts as two."""
_MAX_IN_MEMORY = 64 << 20
"""Bytes of the largest zip within another archive."""
_MAX_DIRECTORY = 16 << 20
"""Bytes of the largest directory of a zip, and of the largest header of a tar."""
_PART = 1 << 16
_COMPRESSED_PART = 1 << 12
"""Bytes that are read, and decompressed, at once."""
_LEAST_COST = 512
"""Bytes that a file in an archive counts at least, so that empty ones are not without end."""

_OF_THE_SYSTEM = "an error of the system"
_TAR_BLOCK = 512
_ZIP = (b"PK\3\4", b"PK\5\6")
_CLOSED = {
    b"\x28\xb5\x2f\xfd": "zstd",
    b"\x04\x22\x4d\x18": "lz4",
    b"7z\xbc\xaf\x27\x1c": "7z",
    b"Rar!\x1a\x07": "rar",
    b"\x1f\x9d": "compress",
    b"LZIP": "lzip",
}
"""Forms that are recognised and not opened."""
_NOT_OPENED = (
    tarfile.TarError,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,  # it is cut off
    NotImplementedError,  # another method
    RuntimeError,  # a password; or headers without end (RecursionError)
    ValueError,
    struct.error,
)
"""What the standard library raises for archives that it cannot read."""


@dataclass(frozen=True, slots=True)
class Content:
    """A file, or a file in an archive: its name, and its bytes in parts."""

    name: str
    parts: Iterable[bytes]
    """Raises OSError with the reason where no more can be read."""

    @classmethod
    def unread(cls, name: str, reason: str) -> Content:
        """Return a file of which nothing can be read."""
        return cls(name, _failing(reason))


def _failing(reason: str) -> Iterator[bytes]:
    raise OSError(None, reason)
    yield  # it is a generator


def parts(stream: IO[bytes], size: int = _PART) -> Iterator[bytes]:
    """Yield what is in a stream."""
    while part := stream.read(size):
        yield part


Member = tuple[str, Iterator[bytes]]
"""The name of a file in an archive, and its content."""


class Unpacking:
    """Opens one file, and counts what comes out."""

    def __init__(self, max_unpacked: int) -> None:
        self._max, self._room = max_unpacked, max_unpacked

    def contents(
        self, name: str, data: Iterator[bytes], file: IO[bytes] | None = None, depth: int = 0
    ) -> Iterator[Content]:
        """Yield the content of data, or of what is in it; `file` is where the data is from."""
        head, data = _begun(data)
        opener = next((opener for magic, opener in FORMATS.items() if head.startswith(magic)), None)
        closed = next((form for magic, form in _CLOSED.items() if head.startswith(magic)), "")
        is_archive = head.startswith(_ZIP) or _is_tar(head)
        if closed:
            yield Content.unread(name, f"compressed as {closed}, which tokentape does not open")
        elif depth == _MAX_DEPTH and (opener or is_archive):
            yield Content.unread(name, f"in {_MAX_DEPTH} archives, one in another")
        elif opener:
            headers = GzipHeaders()
            opener = headers.framed if opener is framed else opener
            yield from self.contents(name, self._decompressed(data, opener), None, depth + 1)
            yield from _of_headers(name, headers)
        elif is_archive:
            members = _tar_members(data) if _is_tar(head) else _zip_members(data, file)
            yield from self._unpacked(name, members, depth + 1)
        else:
            yield Content(name, data)

    def _decompressed(self, data: Iterator[bytes], opener: Opener) -> Iterator[bytes]:
        pieces = (
            part[at : at + _COMPRESSED_PART]
            for part in data
            for at in range(0, len(part), _COMPRESSED_PART)
        )
        with _reasons():
            yield from self._counted(decompressed(pieces, opener))

    def _unpacked(self, name: str, members: Iterator[Member], depth: int) -> Iterator[Content]:
        try:
            with _reasons():
                for member, data in members:
                    self._count(_LEAST_COST)
                    yield from self.contents(f"{name}/{member}", self._counted(data), None, depth)
        except OSError as error:
            yield Content.unread(name, error.strerror or _OF_THE_SYSTEM)

    def _counted(self, data: Iterator[bytes]) -> Iterator[bytes]:
        with _reasons():
            for part in data:
                self._count(len(part))
                yield part

    def _count(self, size: int) -> None:
        self._room -= size
        if self._room < 0:
            reason = f"larger than {self._max >> 20} MiB once unpacked: the rest was not read"
            raise OSError(None, reason)


def _of_headers(name: str, headers: GzipHeaders) -> Iterator[Content]:
    """Yield what the headers of a gzip file say, if it is more than the file's own name."""
    own_name = os.fsencode(PurePosixPath(name).stem)
    if texts := [text for text in headers.texts if text != own_name]:
        yield Content(f"{name}/(headers)", iter((b"\n".join(texts),)))


@contextmanager
def _reasons() -> Iterator[None]:
    """Raise all that can be wrong with an archive as OSError with a reason."""
    try:
        yield
    except Damaged as error:
        raise OSError(None, str(error)) from error
    except _NOT_OPENED as error:
        raise OSError(
            None, "an archive that is damaged, encrypted or of an unknown form"
        ) from error


def _begun(data: Iterator[bytes]) -> tuple[bytes, Iterator[bytes]]:
    """Return the first block of data, or less if there is no more, and all of the data."""
    first: list[bytes] = []
    try:
        while sum(map(len, first)) < _TAR_BLOCK and (part := next(data, b"")):
            first.append(part)
    except OSError as error:
        data = _failing(error.strerror or _OF_THE_SYSTEM)
    return b"".join(first)[:_TAR_BLOCK], chain(first, data)


def _is_tar(head: bytes) -> bool:
    """Tell whether data begins with a header of tar, by its checksum."""
    try:
        tarfile.TarInfo.frombuf(head, "utf-8", "surrogateescape")
    except tarfile.TarError:
        return False
    return True


class _Forward:
    """A stream as tarfile reads it: it goes forward only, and gives little at once."""

    def __init__(self, data: Iterator[bytes]) -> None:
        self._data, self._left, self._offset = data, b"", 0
        self.last = b""
        """What was read last: at the end of an archive, a block of zeros, or nothing."""

    def tell(self) -> int:
        return self._offset

    def seek(self, offset: int, _: int = os.SEEK_SET) -> int:
        if offset < self._offset:
            raise tarfile.ReadError("not in order")
        while self._offset < offset and self.read(min(offset - self._offset, _PART)):
            pass
        return self._offset

    def read(self, size: int = -1) -> bytes:
        if not 0 <= size <= _MAX_DIRECTORY:
            raise tarfile.ReadError("a header is too long")
        taken = [self._left]
        missing = size - len(self._left)
        while missing > 0 and (part := next(self._data, b"")):
            taken.append(part)
            missing -= len(part)
        whole = b"".join(taken)
        self.last, self._left = whole[:size], whole[size:]
        self._offset += len(self.last)
        return self.last

    def rest(self) -> Iterator[bytes]:
        """Return what follows, without the zeros that come first."""
        parts_left = (part.lstrip(b"\0") for part in chain([self._left], self._data))
        return chain(islice(filter(None, parts_left), 1), self._data)


def _tar_members(data: Iterator[bytes]) -> Iterator[Member]:
    head, data = _begun(data)
    while head:
        stream = _Forward(data)
        with tarfile.open(fileobj=cast("IO[bytes]", stream), mode="r:") as archive:
            while member := archive.next():
                archive.members.clear()  # type: ignore[attr-defined]  # it would keep all of them
                if member.issym() or member.islnk():  # of which the target is all that it holds
                    yield member.name, iter((member.linkname.encode("utf-8", "surrogateescape"),))
                else:
                    file = archive.extractfile(member)
                    yield member.name, parts(file) if file else iter(())
        if stream.last.strip(b"\0"):
            raise tarfile.ReadError("no header")
        head, data = _begun(stream.rest())  # another archive may follow


def _zip_members(data: Iterator[bytes], file: IO[bytes] | None) -> Iterator[Member]:
    if file is None or not file.seekable():
        file = io.BytesIO(_held(data))
    _check_directory(file)
    with zipfile.ZipFile(file) as archive:
        members = archive.infolist()
        for member in members:
            yield member.filename, iter(()) if member.is_dir() else _zip_member(archive, member)
        comments = b"\n".join(filter(None, [archive.comment, *(each.comment for each in members)]))
        if comments:
            yield "(comments)", iter((comments,))


def _zip_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Iterator[bytes]:
    with archive.open(member) as stream:
        yield from parts(stream)


def _held(data: Iterator[bytes]) -> bytes:
    held = bytearray()
    for part in data:
        held += part
        if len(held) > _MAX_IN_MEMORY:
            limit = f"{_MAX_IN_MEMORY >> 20} MiB"
            raise OSError(None, f"a zip of more than {limit} that is no file of its own")
    return bytes(held)


def _check_directory(file: IO[bytes]) -> None:
    """Raise OSError if a zip's directory, which is read as a whole, is too large.

    The record at its end says so: APPNOTE.TXT §4.3.16.
    """
    size = file.seek(0, os.SEEK_END)
    file.seek(max(size - _END_RECORD - 0xFFFF, 0))
    tail = file.read()
    at = tail.rfind(b"PK\5\6")
    record = tail[at : at + _END_RECORD] if at >= 0 else b""
    if len(record) == _END_RECORD and struct.unpack_from("<L", record, 12)[0] > _MAX_DIRECTORY:
        raise OSError(None, "a zip of too many files")


_END_RECORD = 22
"""Bytes of the record at the end of a zip, before a comment."""
