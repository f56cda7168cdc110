"""Cassettes: their names, paths, contents and list."""

from __future__ import annotations

import difflib
import errno
import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from tokentape.edges.cassette_file.plain_files import open_if_exists, refuse_link
from tokentape.errors import CassetteError

_SEGMENT = re.compile(
    r"(?!(?i:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\.|\Z))"  # Windows keeps these for devices
    r"[A-Za-z0-9_][A-Za-z0-9._-]{0,99}(?<!(?i:\.yaml))"
)
_NAME_LENGTH = 200
_NAMES = (
    "a name has segments joined by `/`, each of 1 to 100 letters, digits, `.`, `_` and `-`, "
    "200 characters in all; no segment begins with `.` or `-`, ends in `.yaml` "
    "or is a device of Windows such as `nul`"
)


@dataclass(frozen=True, slots=True)
class CassettePaths:
    """The files of one cassette."""

    cassette: Path
    take: Path
    draft: Path
    aside: Path
    """A take that must not replace the cassette unless somebody says so."""

    def error(self, message: str) -> CassetteError:
        """Make an error about this cassette."""
        return CassetteError(message, file=str(self.cassette))


@contextmanager
def paths_of(directory: Path, name: str, failure: str) -> Iterator[CassettePaths]:
    """Yield the paths of a cassette; an OSError from under `with` is raised as CassetteError."""
    if not is_name(name):
        quotable = name.isascii() and name.isprintable() and len(name) <= _NAME_LENGTH
        quoted = f" {name!r}" if quotable else ""
        hint = "leave `.yaml` out; " if name.lower().endswith(".yaml") else ""
        raise CassetteError(f"the cassette name{quoted} cannot be used: {hint}{_NAMES}")
    *inner, stem = name.split("/")
    folder = directory
    try:
        for part in inner:
            folder /= part
            refuse_link(folder)
        # The others are no other cassette's take, for no name ends in `.yaml` or has a `~`.
        files = f"{stem}.yaml", f".{stem}.take", f".{stem}.yaml.take", f".{stem}~.take"
        yield CassettePaths(*map(folder.joinpath, files))
    except OSError as error:
        raise disk_error(error, failure, directory / f"{name}.yaml") from None


def disk_error(error: OSError, failure: str, cassette: Path) -> CassetteError:
    """Make the error that says what failed, in which file, and the reason that the system gave."""
    code = errno.errorcode.get(error.errno or 0, "unknown")
    file = str(error.filename or cassette)
    step = "; look at its owner and mode, and at those of its folder"
    hint = step if isinstance(error, PermissionError) else ""
    return CassetteError(f"{failure}: {error.strerror} ({code}){hint}", file=file)


def is_name(name: str) -> bool:
    """Tell whether a cassette may have this name."""
    return len(name) <= _NAME_LENGTH and all(map(_SEGMENT.fullmatch, name.split("/")))


def read(directory: Path, name: str) -> bytes:
    """Return the bytes of cassette `name`; raise CassetteError if it is missing or unreadable."""
    with paths_of(directory, name, "the cassette cannot be read") as paths:
        file = open_if_exists(paths.cassette)
        if file is None:
            close = [f"`{match}`" for match in difflib.get_close_matches(name, names(directory))]
            hint = f"; or did you mean {' or '.join(close)}?" if close else ""
            raise paths.error(
                f"there is no such cassette: `tokentape record {name}` makes it{hint}"
            )
        with file:
            return file.read(os.fstat(file.fileno()).st_size)


def exists(directory: Path, name: str) -> bool:
    """Tell whether cassette `name` exists; raise CassetteError if it is no plain file."""
    failure = "the cassette cannot be read"
    with (
        paths_of(directory, name, failure) as paths,
        open_if_exists(paths.cassette) or nullcontext() as file,
    ):
        return file is not None


def refuse_twin(directory: Path, name: str) -> None:
    """Raise CassetteError for a new name that differs from one on disk only in capitals.

    Or from one that is being recorded. File systems of macOS and Windows, where a project may be
    checked out, fold them into one file.
    """
    with paths_of(directory, name, "the recording cannot begin") as paths:
        own = {paths.cassette.name, paths.take.name}
        lower = {each.lower() for each in own}
        files = {path.name for path in paths.cassette.parent.iterdir()}
        twins = sorted(each for each in files - own if each.lower() in lower)  # takes come first
        if twins and paths.cassette.name not in files:
            raise paths.error(
                f"its name differs from that of {twins[-1]} in capitals only, and on macOS and "
                "Windows both are one file: choose another name"
            )


def names(directory: Path) -> list[str]:
    """Return the names of all cassettes in order, without hidden files, links and odd names."""
    try:
        files = [path for path in directory.rglob("*.yaml") if stat.S_ISREG(path.lstat().st_mode)]
    except OSError as error:
        raise disk_error(error, "the cassettes cannot be listed", directory) from None
    stems = (path.relative_to(directory).as_posix().removesuffix(".yaml") for path in files)
    return sorted(filter(is_name, stems))
