"""Files to scan: those named, those in folders named, and standard input."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

STANDARD_INPUT = Path("-")
MAX_BYTES = 256 * 1024 * 1024
"""Bytes in the largest file that is read: it is scanned in memory."""

_LEFT_OUT = frozenset({".git", ".hg", ".svn", "__pycache__", "node_modules"})
"""Folders of other programs; so is one that holds pyvenv.cfg, a virtual environment."""


def listed(paths: Iterable[Path]) -> Iterator[Path]:
    """Yield the files that `paths` name and hold, each once, folders in order of their names.

    In folders, links and what is no plain file are left out. What is named is yielded in any case.
    """
    seen: set[str] = set()
    for path in paths:
        for file in _inside(path) if path.is_dir() else (path,):
            real = os.path.realpath(file)
            if real not in seen:
                seen.add(real)
                yield file


def _inside(folder: Path) -> Iterator[Path]:
    closed: list[Path] = []
    for at, folders, names in os.walk(
        folder, onerror=lambda error: closed.append(Path(error.filename))
    ):
        folders[:] = sorted(name for name in folders if not _left_out(Path(at, name)))
        for path in (Path(at, name) for name in sorted(names)):
            if path.is_file() and not path.is_symlink():
                yield path
    yield from closed  # to be read in vain, and said so


def _left_out(folder: Path) -> bool:
    return folder.name in _LEFT_OUT or (folder / "pyvenv.cfg").exists()


def read(path: Path) -> bytes:
    """Return what is in a file, or on standard input. Raises OSError."""
    with sys.stdin.buffer if path == STANDARD_INPUT else path.open("rb") as file:
        data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise OSError(None, f"larger than {MAX_BYTES >> 20} MiB, split it")
    return data
