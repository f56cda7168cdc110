"""The file of a take: made, locked, left by a killed process, recovered."""

from __future__ import annotations

import errno
import io
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tokentape.edges.cassette_file.cassettes import read
from tokentape.edges.cassette_file.frames import whole
from tokentape.edges.cassette_file.places import Place, place_of
from tokentape.edges.cassette_file.plain_files import (
    lock,
    open_if_there,
    open_plain,
    remove,
    sync_folder,
    write_all,
)
from tokentape.edges.cassette_file.publish import not_written, publish
from tokentape.errors import CassetteBusy


def create(place: Place, name: str, content: bytes = b"") -> io.FileIO:
    """Make the file of a take, locked; one that a killed process left empty goes.

    Raises CassetteError if that one has interactions, OSError where another process is faster.
    """
    with _left(place) as left:
        if left:
            if count := whole(left)[0]:
                raise place.error(
                    f"an interrupted recording was left (whole interactions: {count}): "
                    f"`tokentape recover {name}` makes it the cassette, "
                    f"`tokentape recover {name} --discard` drops it"
                )
            remove(place.take, left)
    file = open_plain(place.take, "x+")
    try:
        if not lock(file) or not os.fstat(file.fileno()).st_nlink:
            raise BlockingIOError(errno.EAGAIN, "another process was at it just now")
        write_all(file, content)
        sync_folder(place.take.parent)
    except BaseException:
        remove(place.take, file)
        file.close()
        raise
    return file


def recover(directory: Path, name: str, judge: Callable[[bytes], object]) -> int:
    """Make what a killed recorder left the cassette; return how many interactions that holds.

    `judge` is given its bytes first, and raises what speaks against them: a take may have come
    from anywhere. Raises CassetteError if nothing was left, if another process is recording it, or
    if the disk refuses.
    """
    with place_of(directory, name, not_written(name)) as place, _left(place) as take:
        count, text = whole(take) if take else (0, b"")
        if not take or not count:
            raise place.error("there is no interrupted recording to recover")
        judge(text)
        publish(place, text)
        remove(place.take, take)
    return count


def discard(directory: Path, name: str) -> None:
    """Drop what a killed recorder left; raise CassetteError if nothing was."""
    failure = "the interrupted recording cannot be removed"
    with place_of(directory, name, failure) as place, _left(place) as take:
        if not take:
            raise place.error("there is no interrupted recording to discard")
        remove(place.take, take)


def revise(directory: Path, name: str, revised: Callable[[bytes], bytes]) -> None:
    """Replace a cassette's bytes by what `revised` makes of them; what that raises is passed on.

    No recording may be under way meanwhile, or be left to recover: CassetteError, as for a disk
    that refuses; the old cassette stands. A cassette that does not change is left untouched.
    """
    failure = "the cassette cannot be written, so the old one stands"
    with place_of(directory, name, failure) as place, create(place, name) as lock_file:
        try:
            publish(place, revised(read(directory, name)))
        finally:
            remove(place.take, lock_file)


@contextmanager
def _left(place: Place) -> Iterator[io.FileIO | None]:
    """Yield the take that a killed recorder left, locked, or None; refuse one under way."""
    file = open_if_there(place.take, "r+")
    if file is None:
        yield None
        return
    with file:
        if not lock(file):
            message = "is being recorded by another process; wait or choose another name"
            raise CassetteBusy(message, file=str(place.cassette))
        yield file
