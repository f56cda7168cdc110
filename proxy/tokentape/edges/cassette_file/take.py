"""Takes: recordings under way, what a killed process left, and rewriting under their lock."""

from __future__ import annotations

import asyncio
import errno
import io
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from hashlib import blake2b
from pathlib import Path

from tokentape.edges.cassette_file import plain_files
from tokentape.edges.cassette_file.cassettes import (
    CassettePaths,
    disk_error,
    exists,
    paths_of,
    read,
    refuse_twin,
)
from tokentape.edges.cassette_file.plain_files import MAX_BYTES, remove
from tokentape.errors import CassetteBusy, CassetteError

_FRAME = b"# end of interaction "
_SYNC_INTERVAL = 1.0  # seconds from a write to the sync that covers it


class Take:
    """A recording under way. It is locked until `finish`, `abandon` or the end of the process."""

    def __init__(
        self,
        directory: Path,
        name: str,
        header: bytes,
        first: Sequence[bytes] = (),
        *,
        before: bytes | None = None,
        sync: Callable[[int], None] = plain_files.sync_data,
    ) -> None:
        """Begin with the interactions `first`, in the form that `append` takes.

        `header` ends with the line `interactions:`. `before` is the digest of the cassette that
        `first` was read from. `sync` takes a file descriptor and returns once what was written to
        it is on disk. Raises CassetteBusy if another process is recording this name, or has changed
        the cassette; and CassetteError if a killed one left something, or if the disk refuses.
        """
        assert header.endswith(b"interactions:\n")
        with paths_of(directory, name, "the recording cannot begin") as paths:
            plain_files.make_folder(paths.cassette.parent)
            refuse_twin(directory, name)
            exists(directory, name)  # what no cassette can replace is refused now, not at the end
            self._file = _create(paths, name, b"".join((header, *first)), before)
        self._directory = directory
        self._name = name
        self._path = directory / f"{name}.yaml"
        self._count = len(first)
        self._end = self._file.tell()
        self._sync = sync
        self._ended = asyncio.Event()
        self._syncing: asyncio.Task[None] | None = None
        self._saving: asyncio.Task[None] | None = None

    def append(self, chunk: bytes) -> None:
        """Write an interaction: a YAML list item with its other lines indented.

        A task of the event loop syncs it within a second. Raises CassetteError if the disk refuses:
        a failed write is undone, and a later append may succeed; after a failed sync none does, for
        what was written before it may be lost.
        """
        assert chunk.startswith(b"- ")
        assert chunk.endswith(b"\n")
        assert not re.search(rb"\n[^ \n]", chunk)
        self._refuse_if_ended()
        data = b"%b%b%d\n" % (chunk, _FRAME, self._count + 1)
        try:
            self._raise_failed_sync()
            if self._end + len(data) > MAX_BYTES:
                raise plain_files.too_large()
            self._file.seek(self._end)
            plain_files.write_all(self._file, data)
        except OSError as error:
            with suppress(OSError):  # what stays has no frame line, and the next write is over it
                self._file.truncate(self._end)
            raise disk_error(error, "the interaction was not recorded", self._path) from None
        self._count += 1
        self._end += len(data)
        if self._syncing is None or self._syncing.done():
            self._syncing = asyncio.create_task(self._sync_until_all_is_on_disk())

    async def finish(self) -> Path:
        """Make the take, to which something was appended, the cassette; return its path.

        Raises CassetteError if the disk refuses, or has refused to sync: the old cassette stands
        and the take stays to be recovered. Cancelling does not stop it.
        """
        assert self._syncing, "a take that recorded nothing is abandoned"
        await self._remove_after(self._publish, _not_written(self._name))
        return self._path

    async def save(self) -> Path:
        """Make what has been appended so far the cassette, and go on; return its path.

        Raises CassetteError if the disk refuses. Once it is saved, a kill loses nothing. Whoever
        waits for it may be cancelled: it goes on, and what else replaces the cassette comes after.
        """
        self._refuse_if_ended()

        def publish() -> None:
            failure = "the cassette cannot be saved yet"
            with (
                paths_of(self._directory, self._name, failure) as paths,
                plain_files.open_plain(paths.take) as file,  # `append` moves the position of ours
            ):
                plain_files.replace(paths.cassette, paths.draft, whole(file)[1])

        async def publish_next(before: asyncio.Task[None] | None) -> None:
            await _wait_for(before)
            await asyncio.to_thread(publish)

        self._saving = asyncio.create_task(publish_next(self._saving))
        await asyncio.shield(self._saving)
        return self._path

    async def set_aside(self) -> None:
        """Keep the take for `recover`, in nobody's way; the old cassette stands.

        It replaces one that was set aside before, and stays until a take becomes the cassette.
        Raises CassetteError if the disk refuses; then the take stays where it is.
        """

        def move(paths: CassettePaths) -> None:
            plain_files.move(paths.take, self._file, paths.aside)

        await self._remove_after(move, "the take cannot be set aside, and stays to be recovered")

    async def abandon(self) -> None:
        """Remove the take; the old cassette stands. Raises CassetteError if the disk refuses."""
        await self._remove_after(lambda _: None, "the recording cannot be removed")

    def _refuse_if_ended(self) -> None:
        if self._ended.is_set():
            raise CassetteError("the recording has ended", file=str(self._path))

    async def _sync_until_all_is_on_disk(self) -> None:
        synced = 0
        while synced < self._end:
            with suppress(TimeoutError):
                async with asyncio.timeout(_SYNC_INTERVAL):
                    await self._ended.wait()
            synced = self._end  # what is appended during the sync takes another
            await asyncio.to_thread(self._sync, self._file.fileno())

    def _raise_failed_sync(self) -> None:
        if self._syncing is not None and self._syncing.done():
            self._syncing.result()

    async def _remove_after(self, step: Callable[[CassettePaths], None], failure: str) -> None:
        self._refuse_if_ended()
        self._ended.set()

        def remove_after() -> None:
            with self._file, paths_of(self._directory, self._name, failure) as paths:
                step(paths)
                remove(paths.take, self._file)

        async def end() -> None:
            await _wait_for(self._syncing)
            await _wait_for(self._saving)
            await asyncio.to_thread(remove_after)

        await asyncio.shield(end())

    def _publish(self, paths: CassettePaths) -> None:
        self._raise_failed_sync()
        count, text = whole(self._file)
        if count != self._count:
            raise OSError(errno.EIO, "the take was changed meanwhile")
        plain_files.replace(paths.cassette, paths.draft, text)
        paths.aside.unlink(missing_ok=True)


async def _wait_for(task: asyncio.Task[None] | None) -> None:
    if task is not None:
        await asyncio.wait([task])


def whole(take: io.FileIO) -> tuple[int, bytes]:
    """Return the number of interactions up to a take's last frame line, and their cassette."""
    text = bytearray()
    count = whole_count = end = 0
    take.seek(0)
    with open(take.fileno(), "rb", closefd=False) as lines:
        for line in lines:
            if b"\0" in line:  # a power cut may leave gaps in the file
                break
            if line.startswith(_FRAME):
                if line != b"%b%d\n" % (_FRAME, count):
                    break
                whole_count, end = count, len(text)
                continue
            count += line.startswith(b"- ")
            text += line
    return whole_count, bytes(memoryview(text)[:end])


def recover(directory: Path, name: str, check: Callable[[bytes], object]) -> int:
    """Make the cassette of a take that was left; return how many interactions that holds.

    That is what a killed recorder left or, if there is none, the take that stands aside. `check`
    gets its bytes first, and raises what it finds wrong: a take may come from anywhere. Raises
    CassetteError if nothing was left, if a recording is under way, or if the disk refuses.
    """
    failure = _not_written(name)
    with paths_of(directory, name, failure) as paths, _left(paths) as (path, take):
        count, text = whole(take) if take else (0, b"")
        if not take or not count:
            raise paths.error("there is no interrupted recording to recover, and none set aside")
        check(text)
        plain_files.replace(paths.cassette, paths.draft, text)
        remove(path, take)
    return count


def discard(directory: Path, name: str) -> None:
    """Remove the take that `recover` would take over; raise CassetteError if there is none."""
    failure = "the recording cannot be removed"
    with paths_of(directory, name, failure) as paths, _left(paths) as (path, take):
        if not take:
            raise paths.error("there is no interrupted recording to discard, and none set aside")
        remove(path, take)


def revise(directory: Path, name: str, revised: Callable[[bytes], bytes]) -> None:
    """Replace a cassette's bytes by what `revised` returns for them; what it raises is passed on.

    Raises CassetteError while a recording is under way or left to recover, and if the disk refuses;
    then the old cassette stands. A cassette that does not change is left untouched.
    """
    failure = "the cassette cannot be written, so the old one stands"
    with paths_of(directory, name, failure) as paths, _create(paths, name) as lock_file:
        try:
            text = revised(read(directory, name))
            plain_files.replace(paths.cassette, paths.draft, text)
        finally:
            remove(paths.take, lock_file)


def _not_written(name: str) -> str:
    return (
        "the new cassette cannot be written, so the old one stands and the recording is kept for "
        f"`tokentape recover {name}`"
    )


def _create(
    paths: CassettePaths, name: str, content: bytes = b"", before: bytes | None = None
) -> io.FileIO:
    """Make and lock the file of a take; raise CassetteError if one with interactions was left.

    And CassetteBusy if `before` is given, and not the digest of the cassette.
    """
    with _interrupted(paths) as left:
        if left:
            count, text = whole(left)
            if count and text != _content(paths.cassette):  # else it was saved before the kill
                raise paths.error(
                    f"an interrupted recording was left (whole interactions: {count}): "
                    f"`tokentape recover {name}` makes it the cassette, "
                    f"`tokentape recover {name} --discard` drops it"
                )
            remove(paths.take, left)
    try:
        file = plain_files.open_plain(paths.take, "x+")
    except FileExistsError:  # another process was faster, as below
        raise _busy(paths) from None
    if not plain_files.lock(file) or not plain_files.is_at(paths.take, file):
        file.close()  # whoever locked it removes it: by now, another's may be in its place
        raise _busy(paths)
    try:
        # Only now: until it was locked, another process may have recorded more.
        if before is not None and digest(_content(paths.cassette)) != before:
            message = "has just been changed by another process; try again"
            raise CassetteBusy(message, file=str(paths.cassette))
        plain_files.write_all(file, content)
        plain_files.sync_folder(paths.take.parent)
    except BaseException:
        remove(paths.take, file)
        file.close()
        raise
    return file


def digest(text: bytes) -> bytes:
    """Return what tells a cassette, or b"" for none, from any other."""
    return blake2b(text).digest()


def _content(cassette: Path) -> bytes:
    with plain_files.open_if_exists(cassette) or nullcontext() as file:
        return file.readall() if file else b""


@contextmanager
def _left(paths: CassettePaths) -> Iterator[tuple[Path, io.FileIO | None]]:
    """Yield the take that was left, with its path: interrupted, or else set aside; or None."""
    with _interrupted(paths) as take:
        if take and whole(take)[0]:
            yield paths.take, take
            return
        with plain_files.open_if_exists(paths.aside, "r+") or nullcontext() as aside:
            yield (paths.aside, aside) if aside else (paths.take, take)


@contextmanager
def _interrupted(paths: CassettePaths) -> Iterator[io.FileIO | None]:
    """Yield the take that a killed recorder left, locked, or None; refuse one under way."""
    file = plain_files.open_if_exists(paths.take, "r+")
    if file is None:
        yield None
        return
    with file:
        if not plain_files.lock(file):
            raise _busy(paths)
        # What was set aside before it was locked is in nobody's way.
        yield file if plain_files.is_at(paths.take, file) else None


def _busy(paths: CassettePaths) -> CassetteBusy:
    message = "is being recorded by another process; wait or choose another name"
    return CassetteBusy(message, file=str(paths.cassette))
