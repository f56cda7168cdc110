"""Whether a take may replace the cassette: a good one is not lost to a bad recording."""

from __future__ import annotations

from collections.abc import Collection

_UNAUTHORISED = 401


def why_aside(recorded: Collection[int], old: Collection[int] | None, *, failed: str) -> str:
    """Return why a fresh take must not replace the old cassette; "" if it may.

    Both are given by the statuses of their responses; `old` is None where there is nothing to lose,
    and empty where it cannot be read. `failed` names what made the requests if that failed.

    >>> why_aside([401], [200, 402], failed="")
    'every answer was a 401, as for a mistyped API key'
    >>> why_aside([401], [401], failed="")
    ''
    """
    if old is None:
        return ""
    if failed:
        return f"{failed} failed"
    if {*recorded} == {_UNAUTHORISED} != {*old}:
        return "every answer was a 401, as for a mistyped API key"
    return ""
