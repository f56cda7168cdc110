"""A recording under way."""

from __future__ import annotations

import asyncio
import errno
import io
import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from tokentape.edges.cassette_file.cassettes import exists
from tokentape.edges.cassette_file.frames import framed, whole
from tokentape.edges.cassette_file.places import Place, disk_error, place_of
from tokentape.edges.cassette_file.plain_files import (
    MAX_BYTES,
    make_folder,
    remove,
    sync_data,
    too_large,
    write_all,
)
from tokentape.edges.cassette_file.publish import not_written, publish
from tokentape.edges.cassette_file.take_file import create
from tokentape.errors import CassetteError

_SYNC_INTERVAL = 1.0
"""Seconds from a write to the sync that covers it."""


class Take:
    """A recording under way. It is locked until `finish`, `abandon` or the end of the process."""

    def __init__(
        self, directory: Path, name: str, file: io.FileIO, count: int, sync: Callable[[int], None]
    ) -> None:
        self._directory = directory
        self._name = name
        self._path = directory / f"{name}.yaml"
        self._file = file
        self._count = count
        self._end = file.tell()
        self._sync = sync
        self._ended = asyncio.Event()
        self._syncing: asyncio.Task[None] | None = None

    @classmethod
    def begin(
        cls,
        directory: Path,
        name: str,
        header: bytes,
        first: Sequence[bytes] = (),
        *,
        sync: Callable[[int], None] = sync_data,
    ) -> Take:
        """Begin a take.

        `header` ends with the line `interactions:`. `first` are the interactions that the cassette
        keeps from before, in the form that `append` takes. `sync` takes a file descriptor and
        returns once what was written to it is on disk. Raises CassetteError if another process
        is recording this name, if a killed one left something, or if the disk refuses.
        """
        assert header.endswith(b"interactions:\n")
        with place_of(directory, name, "the recording cannot begin") as place:
            make_folder(place.cassette.parent)
            exists(directory, name)  # what no cassette can replace is refused now, not at the end
            file = create(place, name, b"".join((header, *first)))
        return cls(directory, name, file, len(first), sync)

    def append(self, chunk: bytes) -> None:
        """Write an interaction to the file: a YAML list item with its other lines indented.

        A task of the running event loop syncs it within a second. Raises CassetteError if the disk
        refuses: a failed write is taken back, and a later append may succeed; after a failed sync
        none does, for what was written before it may be lost.
        """
        assert chunk.startswith(b"- ")
        assert chunk.endswith(b"\n")
        assert not re.search(rb"\n[^ \n]", chunk)
        self._refuse_if_ended()
        data = framed(chunk, self._count + 1)
        try:
            self._raise_failed_sync()
            if self._end + len(data) > MAX_BYTES:
                raise too_large()
            self._file.seek(self._end)
            write_all(self._file, data)
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

        A cassette with the same bytes is left untouched. If the disk refuses, or has refused to
        sync, CassetteError: the old cassette stands and the take stays to be recovered. Cancelling
        does not stop it.
        """
        assert self._syncing, "a take that recorded nothing is abandoned"
        await self._end_with(not_written(self._name), self._publish)
        return self._path

    async def abandon(self) -> None:
        """Remove the take; the old cassette stands. Raises CassetteError if the disk refuses."""
        await self._end_with("the recording cannot be removed", lambda _: None)

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

    async def _end_with(self, failure: str, step: Callable[[Place], None]) -> None:
        self._refuse_if_ended()
        self._ended.set()
        await asyncio.shield(self._synced_and_removed_after(step, failure))

    async def _synced_and_removed_after(self, step: Callable[[Place], None], failure: str) -> None:
        if self._syncing is not None:
            await asyncio.wait([self._syncing])
        await asyncio.to_thread(self._remove_after, step, failure)

    def _remove_after(self, step: Callable[[Place], None], failure: str) -> None:
        with self._file, place_of(self._directory, self._name, failure) as place:
            step(place)
            remove(place.take, self._file)

    def _publish(self, place: Place) -> None:
        self._raise_failed_sync()
        count, text = whole(self._file)
        if count != self._count:
            raise OSError(errno.EIO, "the take was changed meanwhile")
        publish(place, text)
