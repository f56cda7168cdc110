"""How a draft becomes the cassette: all of it or not at all, with the cassette's owner and mode."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path

from tokentape.edges.cassette_file.places import Place
from tokentape.edges.cassette_file.plain_files import (
    make_folder,
    open_if_there,
    open_plain,
    sync_folder,
    write_all,
)


def not_written(name: str) -> str:
    """Say what stands and how to go on when a take cannot be published."""
    return (
        "the new cassette cannot be written, so the old one stands and the recording is kept for "
        f"`tokentape recover {name}`"
    )


def publish(place: Place, text: bytes) -> None:
    """Make `text` the cassette, on disk, or raise OSError and leave that alone."""
    make_folder(place.cassette.parent)  # it may have gone
    place.draft.unlink(missing_ok=True)
    if _holds(place.cassette, text):
        return
    try:
        with open_plain(place.draft, "x") as draft:
            write_all(draft, text)
            _set_owner_and_mode(draft.fileno(), place.cassette)
            os.fsync(draft.fileno())
        place.draft.replace(place.cassette)
        sync_folder(place.cassette.parent)
    finally:
        place.draft.unlink(missing_ok=True)


def _holds(cassette: Path, text: bytes) -> bool:
    file = open_if_there(cassette)
    if file is None:
        return False
    with file:
        return os.fstat(file.fileno()).st_size == len(text) and file.read(len(text)) == text


def _set_owner_and_mode(draft: int, cassette: Path) -> None:
    """Give a draft those of the cassette that it replaces, or the mode that a new file gets.

    What the system does not permit is left out: only root gives files away.
    """
    if sys.platform == "win32":  # where files inherit their rights from the folder
        return
    old = cassette.lstat() if cassette.exists() else None
    with suppress(OSError):
        os.fchmod(draft, 0o777 & old.st_mode if old else 0o666 & ~umask())
    if old:
        with suppress(OSError):
            os.fchown(draft, -1, old.st_gid)
        with suppress(OSError):
            os.fchown(draft, old.st_uid, -1)


def umask(status: Path = Path("/proc/self/status")) -> int:
    """Return the process's umask; `status` is where Linux shows it, since 4.7."""
    with suppress(OSError):
        for line in status.read_text("ascii", "replace").splitlines():
            if line.startswith("Umask:"):
                return int(line.split()[1], 8)
    mask = os.umask(0o077)  # what other threads make in this moment is private, not public
    os.umask(mask)
    return mask
