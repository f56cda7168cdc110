"""A recording under way."""

from __future__ import annotations

import asyncio
import errno
import io
import itertools
import os
import re
import threading
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from typing import TypeVar

from tokentape.edges.cassette_file.cassettes import exists
from tokentape.edges.cassette_file.frames import BEGUN, LIST, framed
from tokentape.edges.cassette_file.places import Place, place_of, told
from tokentape.edges.cassette_file.plain_files import (
    MAX_BYTES,
    lock,
    open_plain,
    remove,
    sync_data,
    sync_folder,
    too_large,
    write_all,
)
from tokentape.edges.cassette_file.publish import not_written, publish
from tokentape.edges.cassette_file.recovery import make_way
from tokentape.errors import CassetteError

T = TypeVar("T")

_LEAST_ROOM, _MOST_ROOM = 16 * 1024, 256 * 1024
"""Bytes of zeros that are written ahead: as many as a take has, between these."""


class Take:
    """A recording under way. It is locked until `finish`, `abandon` or the end of the process."""

    def __init__(self, directory: Path, name: str, file: io.FileIO, count: int) -> None:
        self._directory = directory
        self._name = name
        self._path = directory / f"{name}.yaml"
        self._file = file
        self._count = count
        self._end = file.tell()
        self._room = self._end
        """Where the zeros end that the file ends with."""
        self._torn = False
        self._ended = False
        self._waiting: SimpleQueue[tuple[bytes, asyncio.Future[None]]] = SimpleQueue()
        self._steps: SimpleQueue[Callable[[], object] | None] = SimpleQueue()
        # An executor does the same at twice the price, and each interaction pays it.
        threading.Thread(target=self._work, name="tokentape-take", daemon=True).start()

    @classmethod
    def begin(cls, directory: Path, name: str, header: bytes, first: Sequence[bytes] = ()) -> Take:
        """Begin a take; return when it is on disk.

        `header` ends with the line `interactions:`. `first` are the interactions the cassette
        keeps from before, in the form that `append` takes. Raises CassetteError if another process
        is recording this name, if a killed one left something, or if the disk refuses.
        """
        assert header.endswith(LIST)
        with place_of(directory, name, "the recording cannot begin") as place:
            place.cassette.parent.mkdir(parents=True, exist_ok=True)
            exists(directory, name)  # what no cassette can replace is refused now, not at the end
            make_way(place, name)
            file = create(place, itertools.chain([header], framed(first, 1), [BEGUN]))
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
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.put((chunk, done))
        self._steps.put(self._write_waiting)
        await done

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
        done: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._steps.put(lambda: _carried_out(step, (done,)))
        self._steps.put(None)
        return await done

    def _refuse_if_ended(self) -> None:
        if self._ended:
            raise CassetteError("the recording has ended", file=str(self._path))

    # The rest runs in the take's own thread.

    def _work(self) -> None:
        for step in iter(self._steps.get, None):
            step()

    def _write_waiting(self) -> None:
        waiting = [self._waiting.get() for _ in range(self._waiting.qsize())]
        if waiting:  # and not written together with others before
            chunks, futures = zip(*waiting, strict=True)
            _carried_out(lambda: self._write_together(chunks), futures)

    def _write_together(self, chunks: Sequence[bytes]) -> None:
        data = b"".join(framed(chunks, self._count + 1))
        try:
            self._write(data)
        except OSError as error:
            with suppress(OSError):  # then the next write cuts, or fails too
                self._cut()
            raise told(error, "the interaction was not recorded", self._path) from None
        self._count += len(chunks)
        self._end += len(data)

    def _write(self, data: bytes) -> None:
        end = self._end + len(data)
        if end > MAX_BYTES:
            raise too_large()
        self._cut()
        self._torn = True
        self._file.seek(self._end)
        write_all(self._file, data)
        if end > self._room:
            self._make_room()
        sync_data(self._file.fileno())
        self._torn = False

    def _make_room(self) -> None:
        """Write zeros behind what is written: within them the disk has no file to lengthen."""
        with suppress(OSError):  # a disk that is nearly full
            end = self._file.tell()
            ahead = min(max(end, _LEAST_ROOM), _MOST_ROOM, MAX_BYTES - end)
            write_all(self._file, bytes(ahead))
        self._room = self._file.tell()

    def _cut(self) -> None:
        if self._torn:
            self._file.truncate(self._end)
            self._room = self._end
            self._torn = False

    def _become_cassette(self) -> Path:
        with self._file, place_of(self._directory, self._name, not_written(self._name)) as place:
            publish(place, self._file, self._end, empty=not self._count)
            remove(place.take, self._file)
        return self._path

    def _go(self) -> None:
        failure = "the recording cannot be removed"
        with self._file, place_of(self._directory, self._name, failure) as place:
            remove(place.take, self._file)


def _carried_out(step: Callable[[], T], waiting: Sequence[asyncio.Future[T]]) -> None:
    """Take a step in this thread, and tell those who wait for it in their event loop."""
    try:
        outcome = step()
    except BaseException as raised:  # noqa: BLE001 - they are told, as an executor would do
        error = raised
        tell = partial(_each, waiting, lambda one: one.set_exception(error))
    else:
        tell = partial(_each, waiting, lambda one: one.set_result(outcome))
    with suppress(RuntimeError):  # their loop has ended
        waiting[0].get_loop().call_soon_threadsafe(tell)


def _each(waiting: Sequence[asyncio.Future[T]], tell: Callable[[asyncio.Future[T]], None]) -> None:
    for one in waiting:
        if not one.done():  # it is, where whoever waited was cancelled
            tell(one)


def create(place: Place, pieces: Iterable[bytes]) -> io.FileIO:
    """Make the file of a take, locked. Raises OSError where another process is faster."""
    file = open_plain(place.take, "x+")
    try:
        if not lock(file) or not os.fstat(file.fileno()).st_nlink:
            raise BlockingIOError(errno.EAGAIN, "another process was at it just now")
        for piece in pieces:
            write_all(file, piece)
        sync_data(file.fileno())
        sync_folder(place.take.parent)
    except BaseException:
        remove(place.take, file)
        file.close()
        raise
    return file
