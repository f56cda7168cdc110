"""When cassettes were last used on this machine: empty files in the user's cache, touched.

Not the access time of the cassette, which any program that reads it changes, and not in the
repository, where it would be a change on every run.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path


def note(cassette: Path) -> None:
    """Take note that a cassette was used just now; where that cannot be, it is not."""
    with suppress(OSError, RuntimeError):
        stamp = _stamp(cassette)
        stamp.parent.mkdir(parents=True, exist_ok=True)
        stamp.touch()


def last(cassette: Path) -> float | None:
    """Return when a cassette was last used, in seconds since the epoch; None if never here."""
    with suppress(OSError, RuntimeError):
        return _stamp(cassette).stat().st_mtime
    return None


def _stamp(cassette: Path) -> Path:
    """Return the file for a cassette. Raises RuntimeError for a user without a home."""
    name = blake2b(os.fsencode(cassette.resolve()), digest_size=16).hexdigest()
    return _cache() / "tokentape" / "used" / name


def _cache() -> Path:
    """Return the folder for caches: of the XDG base directory specification, or of Windows."""
    variable, *usual = (
        ("LOCALAPPDATA", "AppData", "Local")
        if sys.platform == "win32"
        else ("XDG_CACHE_HOME", ".cache")
    )
    said = os.environ.get(variable)
    return Path(said) if said else Path.home().joinpath(*usual)
