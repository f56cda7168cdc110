"""How a take becomes the cassette: all of it or not at all."""

from __future__ import annotations

import io
import itertools
import os
from pathlib import Path

from tokentape.edges.cassette_file.frames import unframed
from tokentape.edges.cassette_file.places import Place
from tokentape.edges.cassette_file.plain_files import open_if_there, open_plain, sync_folder


def not_written(name: str) -> str:
    """Say what stands and how to go on when `publish` fails."""
    return (
        "the new cassette cannot be written, so the old one stands and the recording is kept for "
        f"`tokentape recover {name}`"
    )


def publish(place: Place, take: io.FileIO, end: int, *, empty: bool = False) -> None:
    """Make the first `end` bytes of a take the cassette, or raise OSError and leave that alone."""
    place.cassette.parent.mkdir(parents=True, exist_ok=True)  # the folder may have gone
    place.draft.unlink(missing_ok=True)
    try:
        with io.BufferedWriter(open_plain(place.draft, "x")) as draft:
            draft.writelines(unframed(take, end, empty=empty))
            draft.flush()
            os.fsync(draft.fileno())
        if not _same(place.draft, place.cassette):
            place.draft.replace(place.cassette)
            sync_folder(place.cassette.parent)
    finally:
        place.draft.unlink(missing_ok=True)


def _same(draft: Path, cassette: Path) -> bool:
    old = open_if_there(cassette)
    if old is None:
        return False
    with io.BufferedReader(old) as before, io.BufferedReader(open_plain(draft)) as after:
        return all(one == other for one, other in itertools.zip_longest(before, after))
