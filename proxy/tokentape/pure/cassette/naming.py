"""Cassettes named after tests and files: readable, safe in any file system, and telling nothing.

The value of a parameter, which pytest puts into a test's id, may be a card number: of it the name
has the position of the case alone.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence

from tokentape.errors import CassetteError

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]|^[.-]")
_SUFFIX = re.compile(r"\.(?:ya?ml|json)$")
_SEGMENT = 80
_NAME = 180


def cassette_name(file: str, inside: Sequence[str], case: int | None) -> str:
    """Return the name of a test's cassette: `tests/test_pay/TestCard/test_declined-2`.

    `file` is the test's file under the root directory, `inside` the classes and the function,
    `case` the position (from 0) among a parametrised function's cases. What a name cannot hold is
    replaced, and then a digest of the names in the source keeps it apart from those like it.
    """
    segments = (*file.removesuffix(".py").split("/"), *inside)
    safe = [_UNSAFE.sub("_", segment)[:_SEGMENT] for segment in segments]
    if len("/".join(safe)) > _NAME:
        safe = safe[-1:]
    digest = hashlib.sha256("/".join(segments).encode()).hexdigest()[:8]
    same = safe == list(segments)
    return "/".join(safe) + ("" if same else f"-{digest}") + ("" if case is None else f"-{case}")


def imported_name(path: str) -> str:
    """Return the name of the clean cassette for a raw one: the path below its folder `cassettes`.

    Raises CassetteError for a path that could hold the value of a test's parameter.
    """
    _, folder, below = f"/{path}".rpartition("/cassettes/")
    name = _SUFFIX.sub("", below if folder else path.rpartition("/")[2])
    if any(map(_UNSAFE.search, name.split("/"))):
        message = (
            "this file cannot name its cassette, for what is not a plain word in it may be the "
            "value of a test's parameter: say --name NAME"
        )
        raise CassetteError(message)
    return name


def shown_path(path: str, number: int) -> str:
    """Return a raw cassette's path as it may be shown, or its number if it can give no name."""
    try:
        imported_name(path)
    except CassetteError:
        return f"file {number}"
    return path
