"""The files in folders, links included."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

_SKIPPED_FOLDERS = frozenset({".git", ".hg", ".svn", "__pycache__", "node_modules"})
"""Folders of other programs, which are skipped, as is a virtual environment (pyvenv.cfg)."""


class NamedFile(NamedTuple):
    """A file to scan, or a folder that is skipped."""

    path: Path
    problem: str = ""
    """Why it cannot be read."""
    skipped: bool = False


def files_in(paths: Iterable[Path]) -> Iterator[NamedFile]:
    """Yield the named files and the files in named folders, each once, folders in order of names.

    Links are followed, after all else, and in any circle only once. A link that leads nowhere, a
    pipe, a socket or a device in a folder, and a folder that cannot be listed are problems; so is a
    named device. A named file or pipe is read, a named folder never skipped.
    """
    seen: set[str] = set()
    links: list[Path] = []
    for path in paths:
        yield from _files_below(path, links, seen)
    for link in links:  # it grows
        if not os.path.exists(link):  # noqa: PTH110  Path.exists raises an error for a circle
            yield NamedFile(link, "a link that leads nowhere")
        elif _is_skipped(link) or _is_skipped(link.resolve()):
            yield NamedFile(link, skipped=True)
        elif not (link.is_dir() or link.is_file()):
            yield NamedFile(link, _SPECIAL)
        else:
            yield from _files_below(link, links, seen)


_SPECIAL = "no regular file: a pipe, a socket or a device"


def _files_below(path: Path, links: list[Path], seen: set[str]) -> Iterator[NamedFile]:
    """Yield a file, or the files below a folder; add the links in it to `links`."""
    if not path.is_dir():
        if _is_new(path, seen):
            is_device = path.is_char_device() or path.is_block_device()
            yield NamedFile(path, _SPECIAL if is_device else "")
        return
    unlisted: list[OSError] = []
    for parent, folders, names in os.walk(path, onerror=unlisted.append):
        if not _is_new(Path(parent), seen):
            folders.clear()
            continue
        below = [Path(parent, name) for name in sorted(folders)]
        files = [Path(parent, name) for name in sorted(names)]
        links += (each for each in (*below, *files) if each.is_symlink())
        walked = [each for each in below if not each.is_symlink()]
        yield from (NamedFile(each, skipped=True) for each in walked if _is_skipped(each))
        folders[:] = [each.name for each in walked if not _is_skipped(each)]
        for file in files:
            if not file.is_symlink() and _is_new(file, seen):
                yield NamedFile(file, "" if file.is_file() else _SPECIAL)
    for error in unlisted:
        yield NamedFile(Path(error.filename), error.strerror or "an error of the system")


def _is_new(path: Path, seen: set[str]) -> bool:
    """Tell whether a file or folder was not there yet, under any name; note that it now was."""
    real_path = os.path.realpath(path)
    is_new = real_path not in seen
    seen.add(real_path)
    return is_new


def _is_skipped(folder: Path) -> bool:
    return folder.name in _SKIPPED_FOLDERS or (folder / "pyvenv.cfg").exists()
