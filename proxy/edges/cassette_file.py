"""Cassettes on disk, as bytes: names, reading, and takes, which are recordings under way.

The cassette `checkout/declined` is `checkout/declined.yaml` under the cassette directory. While it
is recorded, the hidden *take* beside it, `checkout/.declined.take`, grows by a *frame line* after
each interaction:

    version: 1
    interactions:
    - request: …                 kept from before, where a cassette is carried on
    # end of interaction 1
    # recorded from here on
    - request: …
    # end of interaction 2

An interaction counts once its frame line is on disk; what follows the last one is a torn tail and
is cut. A take without `from here on` was killed before it began and holds nothing.

At the end the take without its frames is written to a draft, `.declined.yaml.take`, and the draft
renamed onto the cassette; only then does the take go. So a process killed at any moment leaves the
old cassette or the new one, whole, and every interaction that `append` has returned for.

Names cannot leave the directory, and no link is followed below it; it may be a link itself.
"""

from __future__ import annotations

import asyncio
import difflib
import errno
import io
import itertools
import os
import re
import stat
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from proxy.errors import CassetteError

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

T = TypeVar("T")

MAX_BYTES = 512 * 1024 * 1024
"""Bytes in the largest cassette or take that is read or written."""

_SEGMENT = re.compile(
    r"(?!(?i:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\.|\Z))"  # Windows keeps these for devices
    r"[A-Za-z0-9_][A-Za-z0-9._-]{0,99}(?<!(?i:\.yaml))"
)
_NAME_LENGTH = 200
_NAMES = (
    "a name has segments joined by `/`, each of 1 to 100 letters, digits, `.`, `_` and `-`, "
    "200 characters in all; no segment begins with `.` or `-`, ends in `.yaml` "
    "or is a device of Windows such as `nul`"
)

_LIST = b"interactions:\n"
_EMPTY_LIST = b"interactions: []\n"
_FRAME = b"# end of interaction "
_BEGUN = b"# recorded from here on\n"

# Opening a pipe must not wait for its other end. Each system has some of these flags.
_FLAGS = sum(getattr(os, flag, 0) for flag in ("O_NOFOLLOW", "O_NONBLOCK", "O_BINARY"))
_sync_data = getattr(os, "fdatasync", os.fsync)


def read(directory: Path, name: str) -> bytes:
    """Return the bytes of cassette `name`; raise CassetteError if it is missing or unreadable."""
    with _place(directory, name, "the cassette cannot be read") as place:
        file = _open_if_there(place.cassette)
        if file is None:
            raise _missing(directory, name, place)
        with file:
            content = file.read(os.fstat(file.fileno()).st_size)
    return content


def exists(directory: Path, name: str) -> bool:
    """Tell whether cassette `name` is there; raise CassetteError if something else is instead."""
    with _place(directory, name, "the cassette cannot be read") as place:
        file = _open_if_there(place.cassette)
        if file is not None:
            file.close()
    return file is not None


def names(directory: Path) -> list[str]:
    """Return the names of all cassettes in order, without hidden files, links and odd names."""
    try:
        files = [path for path in directory.rglob("*.yaml") if stat.S_ISREG(path.lstat().st_mode)]
    except OSError as error:
        raise _told(error, "the cassettes cannot be listed", directory) from None
    found = (path.relative_to(directory).as_posix().removesuffix(".yaml") for path in files)
    return sorted(filter(_is_name, found))


def pending(directory: Path, name: str) -> int | None:
    """Return how many whole interactions a killed recorder left; None if nothing was left."""
    count = 0
    with _place(directory, name, "the interrupted recording cannot be read") as place:
        file = _open_if_there(place.take)
        if file is not None:
            with file:
                count = _whole(file)[0] if _lock(file) else 0
    return count or None


def recover(directory: Path, name: str) -> int:
    """Make what a killed recorder left the cassette; return how many interactions that holds.

    The bytes are not judged: load them as you would any other cassette. Raises CassetteError if
    nothing was left, if another process is recording it, or if the disk refuses.
    """
    with _place(directory, name, _not_written(name)) as place, _left(place) as take:
        count, end = _whole(take) if take else (0, 0)
        if not take or not count:
            raise place.error("there is no interrupted recording to recover")
        _publish(place, take, end)
        _remove(place.take, take)
    return count


def discard(directory: Path, name: str) -> None:
    """Drop what a killed recorder left; raise CassetteError if nothing was."""
    failure = "the interrupted recording cannot be removed"
    with _place(directory, name, failure) as place, _left(place) as take:
        if not take:
            raise place.error("there is no interrupted recording to discard")
        _remove(place.take, take)


class Take:
    """A recording under way. It is locked until `finish`, `abandon` or the end of the process."""

    def __init__(self, directory: Path, name: str, file: io.FileIO, count: int) -> None:
        self._directory = directory
        self._name = name
        self._path = directory / f"{name}.yaml"
        self._file = file
        self._count = count
        self._end = file.tell()
        self._torn = False
        self._ended = False
        self._waiting: list[bytes] = []
        self._guard = threading.Lock()  # for _waiting; never held while the disk works
        self._thread = ThreadPoolExecutor(1, "tokentape-take")

    @classmethod
    def begin(cls, directory: Path, name: str, header: bytes, first: Sequence[bytes] = ()) -> Take:
        """Begin a take; return when it is on disk.

        `header` ends with the line `interactions:`. `first` are the interactions the cassette
        keeps from before, in the form that `append` takes. Raises CassetteError if another process
        is recording this name, if a killed one left something, or if the disk refuses.
        """
        assert header.endswith(_LIST)
        with _place(directory, name, "the recording cannot begin") as place:
            place.cassette.parent.mkdir(parents=True, exist_ok=True)
            exists(directory, name)  # what no cassette can replace is refused now, not at the end
            _make_way(place, name)
            file = _create(place, (header, *_framed(first, 1), _BEGUN))
        return cls(directory, name, file, len(first))

    async def append(self, chunk: bytes) -> None:
        """Add an interaction, a YAML list item with its other lines indented; return once on disk.

        Those waiting at the same time share one write, and cancelling does not take one out. If the
        disk refuses, all that share the write are taken back and raise CassetteError; a later
        append may succeed.
        """
        assert chunk.startswith(b"- ")
        assert chunk.endswith(b"\n")
        assert not re.search(rb"\n[^ \n]", chunk)
        self._refuse_if_ended()
        with self._guard:
            self._waiting.append(chunk)
            if len(self._waiting) == 1:
                self._turn = self._submit(self._write_waiting)
            turn = self._turn
        await asyncio.shield(turn)

    async def finish(self) -> Path:
        """Make the take the cassette, after the appends that came before; return its path.

        A cassette with the same bytes is left untouched. If the disk refuses, CassetteError: the
        old cassette stands and the take stays to be recovered.
        """
        return await self._last(self._become_cassette)

    async def abandon(self) -> None:
        """Remove the take; the old cassette stands. Raises CassetteError if the disk refuses."""
        await self._last(self._go)

    async def _last(self, step: Callable[[], T]) -> T:
        self._refuse_if_ended()
        self._ended = True
        done = self._submit(step)
        self._thread.shutdown(wait=False)  # what was submitted still runs, in order
        return await asyncio.shield(done)

    def _refuse_if_ended(self) -> None:
        if self._ended:
            raise CassetteError("the recording has ended", file=str(self._path))

    def _submit(self, step: Callable[[], T]) -> asyncio.Future[T]:
        return asyncio.get_running_loop().run_in_executor(self._thread, step)

    # The rest runs in the take's own thread.

    def _write_waiting(self) -> None:
        with self._guard:
            chunks, self._waiting = self._waiting, []
        data = b"".join(_framed(chunks, self._count + 1))
        try:
            self._write(data)
        except OSError as error:
            with suppress(OSError):  # then the next write cuts, or fails too
                self._cut()
            raise _told(error, "the interaction was not recorded", self._path) from None
        self._count += len(chunks)
        self._end += len(data)

    def _write(self, data: bytes) -> None:
        if self._end + len(data) > MAX_BYTES:
            raise _too_large()
        self._cut()
        self._torn = True
        self._file.seek(self._end)
        _write_all(self._file, data)
        _sync_data(self._file.fileno())
        self._torn = False

    def _cut(self) -> None:
        if self._torn:
            self._file.truncate(self._end)
            self._torn = False

    def _become_cassette(self) -> Path:
        with self._file, _place(self._directory, self._name, _not_written(self._name)) as place:
            _publish(place, self._file, self._end, empty=not self._count)
            _remove(place.take, self._file)
        return self._path

    def _go(self) -> None:
        failure = "the recording cannot be removed"
        with self._file, _place(self._directory, self._name, failure) as place:
            _remove(place.take, self._file)


# Names, and where they lie.


@dataclass(frozen=True, slots=True)
class _Place:
    cassette: Path
    take: Path
    draft: Path

    def error(self, message: str) -> CassetteError:
        return CassetteError(message, file=str(self.cassette))


@contextmanager
def _place(directory: Path, name: str, failure: str) -> Iterator[_Place]:
    """Yield where `name` lies; an OSError from under `with` is raised as CassetteError."""
    if not _is_name(name):
        raise _bad_name(name)
    *inner, stem = name.split("/")
    folder = directory
    try:
        for part in inner:
            folder /= part
            _refuse_link(folder)
        # The draft is no other cassette's take, for no name ends in `.yaml`.
        yield _Place(
            folder / f"{stem}.yaml", folder / f".{stem}.take", folder / f".{stem}.yaml.take"
        )
    except OSError as error:
        raise _told(error, failure, directory / f"{name}.yaml") from None


def _told(error: OSError, failure: str, cassette: Path) -> CassetteError:
    code = errno.errorcode.get(error.errno or 0, "unknown")
    culprit = str(error.filename or cassette)
    return CassetteError(f"{failure}: {error.strerror} ({code})", file=culprit)


def _is_name(name: str) -> bool:
    return len(name) <= _NAME_LENGTH and all(map(_SEGMENT.fullmatch, name.split("/")))


def _bad_name(name: str) -> CassetteError:
    quotable = name.isascii() and name.isprintable() and len(name) <= _NAME_LENGTH
    quoted = f" {name!r}" if quotable else ""
    hint = "leave `.yaml` out; " if name.lower().endswith(".yaml") else ""
    return CassetteError(f"the cassette name{quoted} cannot be used: {hint}{_NAMES}")


def _missing(directory: Path, name: str, place: _Place) -> CassetteError:
    close = [f"`{match}`" for match in difflib.get_close_matches(name, names(directory))]
    meant = f"; or did you mean {' or '.join(close)}?" if close else ""
    return place.error(f"there is no such cassette: `tokentape record {name}` makes it{meant}")


def _not_written(name: str) -> str:
    return (
        "the new cassette cannot be written, so the old one stands and the recording is kept for "
        f"`tokentape recover {name}`"
    )


# Files: plain ones alone, and never through a link.


def _open(path: Path, mode: str = "r") -> io.FileIO:
    """Open a file unbuffered; links, folders, pipes, devices and giants are OSErrors."""
    _refuse_link(path)
    file = io.FileIO(path, mode, opener=lambda at, flags: os.open(at, flags | _FLAGS, 0o600))
    status = os.fstat(file.fileno())
    plain = stat.S_ISREG(status.st_mode)
    if plain and status.st_size <= MAX_BYTES:
        return file
    file.close()
    raise _too_large() if plain else OSError(errno.EINVAL, "this is no plain file", str(path))


def _open_if_there(path: Path, mode: str = "r") -> io.FileIO | None:
    try:
        return _open(path, mode)
    except FileNotFoundError:
        return None


def _refuse_link(path: Path) -> None:
    if path.is_symlink():  # O_NOFOLLOW leaves no gap in time, but Windows has none
        raise OSError(errno.ELOOP, "links are not followed", str(path))


def _too_large() -> OSError:
    return OSError(errno.EFBIG, f"more than {MAX_BYTES >> 20} MiB, use several cassettes")


def _write_all(file: io.FileIO, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[file.write(rest) :]


def _lock(file: io.FileIO) -> bool:
    """Lock a file until it is closed; False if someone else has."""
    try:
        if sys.platform == "win32":
            file.seek(MAX_BYTES)  # Windows bars reading what is locked: take a byte no take has
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
            file.seek(0)
        else:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    return True


def _remove(path: Path, file: io.FileIO) -> None:
    """Remove `path` if it is `file` still: another process may have put its own take there."""
    with suppress(FileNotFoundError):
        if os.path.samestat(path.lstat(), os.fstat(file.fileno())):
            if sys.platform == "win32":
                file.close()  # Windows removes no open file
            path.unlink()


def _sync_folder(folder: Path) -> None:
    if sys.platform != "win32":  # which opens no folder
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


# Takes as files.


@contextmanager
def _left(place: _Place) -> Iterator[io.FileIO | None]:
    """Yield the take that a killed recorder left, locked, or None; refuse one under way."""
    file = _open_if_there(place.take, "r+")
    if file is None:
        yield None
        return
    with file:
        if not _lock(file):
            raise place.error("is being recorded by another process; wait or choose another name")
        yield file


def _make_way(place: _Place, name: str) -> None:
    """Remove a take that holds nothing new; refuse to begin over one that does."""
    with _left(place) as take:
        count, _ = _whole(take) if take else (0, 0)
        if count:
            raise place.error(
                f"an interrupted recording holds {count} whole interactions: `tokentape recover "
                f"{name}` makes them the cassette, `tokentape recover {name} --discard` drops them"
            )
        if take:
            _remove(place.take, take)


def _create(place: _Place, pieces: Iterable[bytes]) -> io.FileIO:
    file = _open(place.take, "x+")
    try:
        if not _lock(file) or not os.fstat(file.fileno()).st_nlink:
            raise BlockingIOError(errno.EAGAIN, "another process was at it just now")
        for piece in pieces:
            _write_all(file, piece)
        _sync_data(file.fileno())
        _sync_folder(place.take.parent)
    except BaseException:
        _remove(place.take, file)
        file.close()
        raise
    return file


def _framed(chunks: Iterable[bytes], start: int) -> Iterator[bytes]:
    for number, chunk in enumerate(chunks, start):
        yield b"%b%b%d\n" % (chunk, _FRAME, number)


def _whole(take: io.FileIO) -> tuple[int, int]:
    """Return how many whole interactions a take holds and their end; zeros if none is new."""
    count = kept = end = position = 0
    begun = False
    for line in _lines(take):
        position += len(line)
        if line == _BEGUN:
            begun, kept = True, count
        elif line == b"%b%d\n" % (_FRAME, count + 1):
            count, end = count + 1, position
        elif line.startswith(_FRAME) or b"\0" in line:  # a power cut may leave gaps in the file
            break
    return (count, end) if begun and count > kept else (0, 0)


def _lines(take: io.FileIO) -> Iterator[bytes]:
    take.seek(0)
    with open(take.fileno(), "rb", closefd=False) as lines:
        yield from lines


def _publish(place: _Place, take: io.FileIO, end: int, *, empty: bool = False) -> None:
    """Make the first `end` bytes of a take the cassette, or raise OSError and leave that alone."""
    place.cassette.parent.mkdir(parents=True, exist_ok=True)  # the folder may have gone
    place.draft.unlink(missing_ok=True)
    try:
        with io.BufferedWriter(_open(place.draft, "x")) as draft:
            draft.writelines(_unframed(take, end, empty=empty))
            draft.flush()
            os.fsync(draft.fileno())
        if not _same(place.draft, place.cassette):
            place.draft.replace(place.cassette)
            _sync_folder(place.cassette.parent)
    finally:
        place.draft.unlink(missing_ok=True)


def _unframed(take: io.FileIO, end: int, *, empty: bool) -> Iterator[bytes]:
    position = 0
    for line in _lines(take):
        position += len(line)
        if position > end:
            return
        if not line.startswith((_FRAME, _BEGUN)):
            yield _EMPTY_LIST if empty and line == _LIST else line


def _same(draft: Path, cassette: Path) -> bool:
    old = _open_if_there(cassette)
    if old is None:
        return False
    with io.BufferedReader(old) as before, io.BufferedReader(_open(draft)) as after:
        return all(one == other for one, other in itertools.zip_longest(before, after))
