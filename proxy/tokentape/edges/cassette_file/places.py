"""Names of cassettes, and where they lie: never outside the directory, nor through a link."""

from __future__ import annotations

import errno
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tokentape.edges.cassette_file.plain_files import refuse_link
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
class Place:
    """The files of one name."""

    cassette: Path
    take: Path
    draft: Path

    def error(self, message: str) -> CassetteError:
        """Make an error about this cassette."""
        return CassetteError(message, file=str(self.cassette))


@contextmanager
def place_of(directory: Path, name: str, failure: str) -> Iterator[Place]:
    """Yield where `name` lies; an OSError from under `with` is raised as CassetteError."""
    if not is_name(name):
        raise _bad_name(name)
    *inner, stem = name.split("/")
    folder = directory
    try:
        for part in inner:
            folder /= part
            refuse_link(folder)
        # The draft is no other cassette's take, for no name ends in `.yaml`.
        yield Place(
            folder / f"{stem}.yaml", folder / f".{stem}.take", folder / f".{stem}.yaml.take"
        )
    except OSError as error:
        raise disk_error(error, failure, directory / f"{name}.yaml") from None


def disk_error(error: OSError, failure: str, cassette: Path) -> CassetteError:
    """Make the error that says what failed, in which file, and the reason that the system gave."""
    code = errno.errorcode.get(error.errno or 0, "unknown")
    culprit = str(error.filename or cassette)
    return CassetteError(f"{failure}: {error.strerror} ({code})", file=culprit)


def is_name(name: str) -> bool:
    """Tell whether a cassette may be called so."""
    return len(name) <= _NAME_LENGTH and all(map(_SEGMENT.fullmatch, name.split("/")))


def _bad_name(name: str) -> CassetteError:
    quotable = name.isascii() and name.isprintable() and len(name) <= _NAME_LENGTH
    quoted = f" {name!r}" if quotable else ""
    hint = "leave `.yaml` out; " if name.lower().endswith(".yaml") else ""
    return CassetteError(f"the cassette name{quoted} cannot be used: {hint}{_NAMES}")
