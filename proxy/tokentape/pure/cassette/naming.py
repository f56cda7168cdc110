"""Names of cassettes for tests and files: readable, safe in any file system, without secrets.

The parameters in a test id of pytest may be secret, for example card numbers. A name has only the
position of the parameter set.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence

from tokentape.errors import CassetteError

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]|^[.-]")
_FOLDER = re.compile(r".*/(?:cassettes|vcr_cassettes|__recordings__)/")
"""The folders in which recorders keep their files: the last one names what is below it."""
_SUFFIX = re.compile(r"(?:/recording\.har|\.(?:ya?ml|json|har))$")
"""Polly.js has a folder for each recording."""
_MAX_SEGMENT = 80
_MAX_NAME = 180


def typed_name(text: str, directory: str) -> str:
    """Return the name of a cassette that was typed as a name, or as its file.

    >>> typed_name("shop/checkout", "cassettes"), typed_name("./cassettes/a/b.yaml", "cassettes")
    ('shop/checkout', 'a/b')
    """
    plain = text.removeprefix("./").removesuffix(".yaml")
    return plain.removeprefix(directory.removeprefix("./").rstrip("/") + "/")


def cassette_name(
    file: str, scopes: Sequence[str], case: int | None, *, unique: bool = True
) -> str:
    """Return the name of a test's cassette.

    `file` is the test's file below the root directory, `scopes` the classes and the function,
    `case` the position (from 0) of the parameter set. Characters that a name cannot have are
    replaced; then, and where the names are not `unique`, the name ends with a digest of the
    original names. Names are not unique where another test's differ only in capitals: on macOS and
    Windows both would be one file.

    >>> cassette_name("tests/test_pay.py", ["TestCard", "test_declined"], 2)
    'tests/test_pay/TestCard/test_declined-2'
    """
    segments = (*file.removesuffix(".py").split("/"), *scopes)
    safe = [_UNSAFE.sub("_", segment)[:_MAX_SEGMENT] for segment in segments]
    if len("/".join(safe)) > _MAX_NAME:
        safe = safe[-1:]
    digest = hashlib.sha256("/".join(segments).encode()).hexdigest()[:8]
    suffix = "" if unique and safe == list(segments) else f"-{digest}"
    return "/".join(safe) + suffix + ("" if case is None else f"-{case}")


def imported_name(path: str) -> str:
    """Return the name of a clean cassette for a raw one: its path below the folder `cassettes`.

    That folder may have the name that another recorder gives it. Raises CassetteError for a path
    that could hold the value of a test's parameter.

    >>> imported_name("tests/cassettes/shop/pay.yaml")
    'shop/pay'
    >>> imported_name("__recordings__/pays_84232/recording.har")
    'pays_84232'
    """
    folder = _FOLDER.match(f"/{path}")
    name = f"/{path}"[folder.end() :] if folder else path.rpartition("/")[2]
    name = _SUFFIX.sub("", name)
    if any(map(_UNSAFE.search, name.split("/"))):
        message = (
            "this file cannot name its cassette, for what is not a plain word in it may be the "
            "value of a test's parameter: say --name NAME"
        )
        raise CassetteError(message)
    return name


def shown_path(path: str, number: int) -> str:
    """Return the path of a raw cassette, or its number if the path could hold a secret."""
    try:
        imported_name(path)
    except CassetteError:
        return f"file {number}"
    return path
