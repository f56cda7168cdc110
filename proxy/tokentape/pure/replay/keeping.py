"""Whether a take may replace the cassette: a good one is not lost to a bad recording."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from tokentape.wording import counted

_UNAUTHORISED = 401
_ONLY_UNAUTHORISED = "every answer was a 401, as for a mistyped API key"


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
        return _ONLY_UNAUTHORISED
    return ""


def doubt(recorded: Sequence[int], old: Sequence[int] | None) -> str:
    """Return what may be wrong with a cassette, both given as above; "" for nothing.

    >>> doubt([401], None)
    'every answer was a 401, as for a mistyped API key'
    >>> doubt([200], [200, 402])
    '1 interaction (was 2)'
    """
    if {*recorded} == {_UNAUTHORISED} != {*(old or ())}:
        return _ONLY_UNAUTHORISED
    if len(recorded) < len(old or ()):
        return f"{counted(len(recorded), 'interaction')} (was {len(old or ())})"
    return ""
