"""Words of messages: numbers of things, and what somebody may have meant."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def counted(number: int, noun: str) -> str:
    """Return a number and its noun, which forms its plural with -s.

    >>> counted(1, "interaction"), counted(0, "call")
    ('1 interaction', '0 calls')
    """
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def did_you_mean(text: str, words: Iterable[str]) -> str:
    """Return a question that names the closest of some words, or "" if none is close.

    >>> did_you_mean("recrod", ["record", "replay"])
    '; did you mean record?'
    """
    closest = get_close_matches(text, list(words), n=1)
    return f"; did you mean {closest[0]}?" if closest else ""
