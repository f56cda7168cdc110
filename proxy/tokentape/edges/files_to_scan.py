"""Files to scan: named files, files in named folders, and standard input."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

STANDARD_INPUT = Path("-")
MAX_BYTES = 256 * 1024 * 1024
"""Bytes of the largest file that is scanned, because it is scanned in memory."""

_SKIPPED_FOLDERS = frozenset({".git", ".hg", ".svn", "__pycache__", "node_modules"})
"""Folders of other programs, which are skipped, as is a virtual environment (pyvenv.cfg)."""


def files_in(paths: Iterable[Path]) -> Iterator[Path]:
    """Yield the named files and the files in named folders, each once, folders in order of names.

    In folders, links and special files are skipped. A named file is always yielded.
    """
    seen: set[str] = set()
    for path in paths:
        for file in _files_below(path) if path.is_dir() else (path,):
            real_path = os.path.realpath(file)
            if real_path not in seen:
                seen.add(real_path)
                yield file


def _files_below(folder: Path) -> Iterator[Path]:
    unreadable: list[Path] = []
    for parent, folders, names in os.walk(
        folder, onerror=lambda error: unreadable.append(Path(error.filename))
    ):
        folders[:] = sorted(name for name in folders if not _is_skipped(Path(parent, name)))
        for path in (Path(parent, name) for name in sorted(names)):
            if path.is_file() and not path.is_symlink():
                yield path
    yield from unreadable  # the caller reports that these cannot be read


def _is_skipped(folder: Path) -> bool:
    return folder.name in _SKIPPED_FOLDERS or (folder / "pyvenv.cfg").exists()


def read(path: Path) -> bytes:
    """Return the content of a file, or standard input. Raises OSError."""
    with sys.stdin.buffer if path == STANDARD_INPUT else path.open("rb") as file:
        data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise OSError(None, f"larger than {MAX_BYTES >> 20} MiB, split it")
    return data
