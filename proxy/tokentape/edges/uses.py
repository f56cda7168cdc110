"""The last use of each cassette on this machine: the times of empty files in the user's cache.

The access time of the cassette is no alternative, because any program that reads it changes it, and
a file in the repository would change on each run.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path


def record(cassette: Path) -> None:
    """Record the current time as the last use of a cassette; errors are ignored."""
    with suppress(OSError, RuntimeError):
        file = _stamp_file(cassette)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()


def last_use(cassette: Path) -> float | None:
    """Return the last use of a cassette, in seconds since the epoch, or None."""
    with suppress(OSError, RuntimeError):
        return _stamp_file(cassette).stat().st_mtime
    return None


def _stamp_file(cassette: Path) -> Path:
    """Return the file of a cassette. Raises RuntimeError for a user without a home directory."""
    name = blake2b(os.fsencode(cassette.resolve()), digest_size=16).hexdigest()
    return _cache() / "tokentape" / "used" / name


def _cache() -> Path:
    """Return the user's cache folder, by the XDG base directory specification or of Windows."""
    variable, default = "XDG_CACHE_HOME", ".cache"
    if sys.platform == "win32":
        variable, default = "LOCALAPPDATA", "AppData/Local"
    folder = os.environ.get(variable)
    return Path(folder) if folder else Path.home() / default
