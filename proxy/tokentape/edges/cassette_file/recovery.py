"""Takes that a killed recorder left."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tokentape.edges.cassette_file.frames import unframed, whole
from tokentape.edges.cassette_file.places import Place, place_of
from tokentape.edges.cassette_file.plain_files import lock, open_if_there, remove
from tokentape.edges.cassette_file.publish import not_written, publish
from tokentape.errors import CassetteBusy


def pending(directory: Path, name: str) -> int | None:
    """Return how many whole interactions a killed recorder left; None if nothing was left."""
    count = 0
    with place_of(directory, name, "the interrupted recording cannot be read") as place:
        file = open_if_there(place.take)
        if file is not None:
            with file:
                count = whole(file)[0] if lock(file) else 0
    return count or None


def recover(directory: Path, name: str, judge: Callable[[bytes], object]) -> int:
    """Make what a killed recorder left the cassette; return how many interactions that holds.

    `judge` is given its bytes first, and raises what speaks against them: a take may have come
    from anywhere. Raises CassetteError if nothing was left, if another process is recording it, or
    if the disk refuses.
    """
    with place_of(directory, name, not_written(name)) as place, _left(place) as take:
        count, end = whole(take) if take else (0, 0)
        if not take or not count:
            raise place.error("there is no interrupted recording to recover")
        judge(b"".join(unframed(take, end, empty=False)))
        publish(place, take, end)
        remove(place.take, take)
    return count


def discard(directory: Path, name: str) -> None:
    """Drop what a killed recorder left; raise CassetteError if nothing was."""
    failure = "the interrupted recording cannot be removed"
    with place_of(directory, name, failure) as place, _left(place) as take:
        if not take:
            raise place.error("there is no interrupted recording to discard")
        remove(place.take, take)


@contextmanager
def _left(place: Place) -> Iterator[io.FileIO | None]:
    """Yield the take that a killed recorder left, locked, or None; refuse one under way."""
    file = open_if_there(place.take, "r+")
    if file is None:
        yield None
        return
    with file:
        if not lock(file):
            told = "is being recorded by another process; wait or choose another name"
            raise CassetteBusy(told, file=str(place.cassette))
        yield file


def make_way(place: Place, name: str) -> None:
    """Remove a take that holds nothing new; refuse to begin over one that does."""
    with _left(place) as take:
        count, _ = whole(take) if take else (0, 0)
        if count:
            raise place.error(
                f"an interrupted recording was left (whole interactions: {count}): "
                f"`tokentape recover {name}` makes it the cassette, "
                f"`tokentape recover {name} --discard` drops it"
            )
        if take:
            remove(place.take, take)
