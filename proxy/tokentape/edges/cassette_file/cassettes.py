"""Cassettes as they stand: reading and listing."""

from __future__ import annotations

import difflib
import os
import stat
from pathlib import Path

from tokentape.edges.cassette_file.places import Place, disk_error, is_name, place_of
from tokentape.edges.cassette_file.plain_files import open_if_there
from tokentape.errors import CassetteError


def read(directory: Path, name: str) -> bytes:
    """Return the bytes of cassette `name`; raise CassetteError if it is missing or unreadable."""
    with place_of(directory, name, "the cassette cannot be read") as place:
        file = open_if_there(place.cassette)
        if file is None:
            raise _missing(directory, name, place)
        with file:
            return file.read(os.fstat(file.fileno()).st_size)


def exists(directory: Path, name: str) -> bool:
    """Tell whether cassette `name` is there; raise CassetteError if something else is instead."""
    with place_of(directory, name, "the cassette cannot be read") as place:
        file = open_if_there(place.cassette)
        if file is not None:
            file.close()
    return file is not None


def names(directory: Path) -> list[str]:
    """Return the names of all cassettes in order, without hidden files, links and odd names."""
    try:
        files = [path for path in directory.rglob("*.yaml") if stat.S_ISREG(path.lstat().st_mode)]
    except OSError as error:
        raise disk_error(error, "the cassettes cannot be listed", directory) from None
    stems = (path.relative_to(directory).as_posix().removesuffix(".yaml") for path in files)
    return sorted(filter(is_name, stems))


def _missing(directory: Path, name: str, place: Place) -> CassetteError:
    close = [f"`{match}`" for match in difflib.get_close_matches(name, names(directory))]
    meant = f"; or did you mean {' or '.join(close)}?" if close else ""
    return place.error(f"there is no such cassette: `tokentape record {name}` makes it{meant}")
