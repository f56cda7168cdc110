"""Files to scan: what is in compressed files and archives, and why something is not read."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import random
import tarfile
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from tokentape.edges.files_to_scan import NamedFile, contents

Pack = Callable[[bytes], bytes]
TEXT = random.Random(5).randbytes(4_000).hex().encode()


def tar(data: bytes, kind: int = tarfile.PAX_FORMAT, name: str = "inner.txt") -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=kind) as archive:
        for member in ("empty", name):
            info = tarfile.TarInfo(member)
            info.size = len(data) if member == name else 0
            archive.addfile(info, io.BytesIO(data))
    return file.getvalue()


def zipped(data: bytes, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        archive.mkdir("folder") if hasattr(archive, "mkdir") else None
        archive.writestr("empty", b"")
        archive.writestr("inner.txt", data)
    return file.getvalue()


COMPRESSED: dict[str, Pack] = {"gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress}
ARCHIVES: dict[str, Pack] = {
    "tar": tar,
    "old tar": lambda data: tar(data, tarfile.USTAR_FORMAT),
    "GNU tar": lambda data: tar(data, tarfile.GNU_FORMAT, "n" * 200),
    "zip": zipped,
    "zip by bzip2": lambda data: zipped(data, zipfile.ZIP_BZIP2),
    "zip by lzma": lambda data: zipped(data, zipfile.ZIP_LZMA),
    "zip, stored": lambda data: zipped(data, zipfile.ZIP_STORED),
}


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., list[tuple[str, bytes, str]]]:
    """Return what reads data as a file: the name, text and problem of each file in it."""

    def run(data: bytes, max_unpacked: int = 1 << 20) -> list[tuple[str, bytes, str]]:
        path = tmp_path / "outer"
        path.write_bytes(data)
        result = []
        for content in contents(NamedFile(path), max_unpacked):
            text, problem = bytearray(), ""
            try:
                for part in content.parts:
                    text += part
            except OSError as error:
                problem = str(error.strerror)
            name = content.name.removeprefix(tmp_path.as_posix())
            result.append((name.removeprefix("/outer"), bytes(text), problem))
        return result

    return run


@pytest.mark.parametrize("pack", COMPRESSED.values(), ids=COMPRESSED)
def test_all_members_of_compressed_data_are_read(read: Callable[..., object], pack: Pack) -> None:
    assert read(pack(TEXT)) == [("", TEXT, "")]
    assert read(pack(b"a") + pack(b"") + pack(TEXT) + bytes(9)) == [("", b"a" + TEXT, "")]


@pytest.mark.parametrize("pack", COMPRESSED.values(), ids=COMPRESSED)
def test_damaged_data_is_read_as_far_as_it_goes(read: Callable[..., object], pack: Pack) -> None:
    (cut,) = read(pack(TEXT)[:-9])
    assert cut[1] == TEXT[: len(cut[1])]
    assert cut[2] == "its data is cut off"
    ((_, text, problem),) = read(pack(TEXT) + b"4242")
    assert text == TEXT
    assert problem in ("something follows its data", "its data is cut off")


@pytest.mark.parametrize("pack", ARCHIVES.values(), ids=ARCHIVES)
@pytest.mark.parametrize("outer", [bytes, *COMPRESSED.values(), tar, zipped])
def test_files_in_archives_are_read(
    read: Callable[..., list[tuple[str, bytes, str]]], pack: Pack, outer: Pack
) -> None:
    texts = {text: (name, problem) for name, text, problem in read(outer(pack(TEXT)))}
    assert texts.keys() == {b"", TEXT}
    name, problem = texts[TEXT]
    assert problem == ""
    assert name.endswith("/inner.txt" if "n" * 200 not in name else "n")


def test_what_archives_say_beside_their_files_is_read(
    read: Callable[..., list[tuple[str, bytes, str]]],
) -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        member = zipfile.ZipInfo("a folder/")
        member.comment = b"of a member"
        archive.writestr(member, b"")
        archive.comment = b"of all"
    names, texts, _ = zip(*read(file.getvalue()), strict=True)
    assert [name.endswith("a folder/") for name in names] == [True, False]
    assert texts == (b"", b"of all\nof a member")

    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        link = tarfile.TarInfo("a link")
        link.type, link.linkname = tarfile.SYMTYPE, "its target"
        archive.addfile(link)
    assert [text for _, text, _ in read(file.getvalue())] == [b"its target"]


def gzip_member(
    data: bytes, *, name: bytes = b"", comment: bytes = b"", extra: bytes = b""
) -> bytes:
    """Return a gzip member with these fields in its header (RFC 1952 §2.3)."""
    flags = 4 * bool(extra) + 8 * bool(name) + 16 * bool(comment)
    fields = len(extra).to_bytes(2, "little") + extra if extra else b""
    fields += b"".join(text + b"\0" for text in (name, comment) if text)
    plain = gzip.compress(data, mtime=0)
    return plain[:3] + bytes([flags]) + plain[4:10] + fields + plain[10:]


def test_what_headers_of_gzip_say_is_read(
    read: Callable[..., list[tuple[str, bytes, str]]],
) -> None:
    members = gzip_member(b"a", name=b"outer", extra=b"more") + gzip_member(b"b")
    members += gzip_member(b"c", comment=b"a comment", name=b"n" * 9_000)
    assert read(members) == [
        ("", b"abc", ""),
        ("/(headers)", b"more\n" + b"n" * 9_000 + b"\na comment", ""),
    ]


def test_headers_of_gzip_without_an_end_are_named(
    read: Callable[..., list[tuple[str, bytes, str]]],
) -> None:
    begun = gzip_member(TEXT, name=b"n")
    assert read(begun[:10] + b"n" * 99)[0][2] == "its data is cut off"
    assert read(begun[:10] + b"n" * (2 << 20))[0][2] == "its headers are too long"
    many = gzip_member(b"a", name=b"n" * 60_000) * 20
    assert read(many)[0][2] == "its headers are too long"


def test_an_archive_behind_another_is_read(
    read: Callable[..., list[tuple[str, bytes, str]]],
) -> None:
    assert [text for _, text, _ in read(tar(b"a") + tar(TEXT))] == [b"", b"a", b"", TEXT]
    assert [bool(problem) for _, _, problem in read(tar(b"a") + b"4242")] == [False, False, True]


def test_archives_too_deep_in_each_other_are_named(
    read: Callable[..., list[tuple[str, bytes, str]]],
) -> None:
    data = TEXT
    for _ in range(8):
        data = gzip.compress(data)
    assert read(data) == [("", TEXT, "")]
    assert read(gzip.compress(data)) == [("", b"", "in 8 archives, one in another")]


@pytest.mark.parametrize(
    "pack", [gzip.compress, tar, zipped, lambda text: tar(gzip.compress(text))]
)
def test_what_is_beyond_the_limit_is_named(
    read: Callable[..., list[tuple[str, bytes, str]]], pack: Pack
) -> None:
    problems = [problem for _, _, problem in read(pack(b"a" * (1 << 21))) if problem]
    assert "larger than 1 MiB once unpacked: the rest was not read" in problems


CLOSED = {
    "zstd": b"\x28\xb5\x2f\xfd" + bytes(9),
    "7z": b"7z\xbc\xaf\x27\x1c" + bytes(9),
    "rar": b"Rar!\x1a\x07\0" + bytes(9),
}


@pytest.mark.parametrize(("form", "data"), CLOSED.items())
def test_what_cannot_be_opened_is_named(
    read: Callable[..., object], form: str, data: bytes
) -> None:
    problem = f"compressed as {form}, which tokentape does not open"
    assert read(data) == [("", b"", problem)]
    assert ("/inner.txt", b"", problem) in read(tar(data))


def with_password(data: bytes) -> bytes:
    """Return a zip whose files say that they are encrypted."""
    return data.replace(b"PK\3\4\x14\0\0", b"PK\3\4\x14\0\1").replace(
        b"PK\1\2\x14\3\x14\0\0", b"PK\1\2\x14\3\x14\0\1"
    )


DAMAGED = {
    "an encrypted zip": with_password(zipped(TEXT)),
    "a zip cut off": zipped(TEXT)[:-30],
    "a zip's checksum": zipped(TEXT).replace(zlib.crc32(TEXT).to_bytes(4, "little"), b"abcd"),
    "a tar cut off": tar(TEXT)[:3_000],
    "a tar's header": tar(TEXT)[:512] + b"x" * 512,
    "a directory of 4 GiB": zipped(TEXT)[:-10] + b"\xff" * 8 + b"\0\0",
}


@pytest.mark.parametrize("data", DAMAGED.values(), ids=DAMAGED)
def test_damaged_archives_are_named(
    read: Callable[..., list[tuple[str, bytes, str]]], data: bytes
) -> None:
    assert any(problem for _, _, problem in read(data))
    assert any(problem for _, _, problem in read(gzip.compress(data)))


BOMBS = {
    "zeros": gzip.compress(bytes(50_000_000)),
    "zeros, twice": gzip.compress(gzip.compress(bytes(200_000_000))),
    "zeros in bzip2": bz2.compress(bytes(50_000_000)),
    "zeros in xz": lzma.compress(bytes(50_000_000)),
    "a long name": gzip.compress(tar(b"", tarfile.GNU_FORMAT, "n" * 40_000_000)),
    "empty members": gzip.compress(b"") * 20_000,
    "empty files": gzip.compress(tar(b"")[:1024] * 20_000),
}


@pytest.mark.parametrize("data", BOMBS.values(), ids=BOMBS)
def test_hostile_archives_take_bounded_memory(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "bomb"
    path.write_bytes(data)
    tracemalloc.start()
    for content in contents(NamedFile(path), 64 << 20):
        try:
            for _ in content.parts:
                pass
        except OSError:
            pass
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 24 << 20
