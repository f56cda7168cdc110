"""The raw values of an exchange, looked for in what is to be written of it."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import accumulate
from typing import NamedTuple

from proxy.pure.findings import VALUE, Finding
from proxy.pure.gate.lookalikes import plain
from proxy.pure.gate.views import View, remembering, views

_SHORTEST = 4
_SHORTEST_NUMBER = 5
"""Characters from which on a value, or one of digits alone, can be told from chance."""
_SPELT = 9
"""Digits from which on a number is looked for however it is grouped."""

_WORD = re.compile(r"\{\{[a-z]\w*[.:][\w.:?]+\}\}|\w+")
"""A word, or a placeholder: `{{name.1}}` does not say the words name and 1."""
_GAP = re.compile(r"(?<=\d)[^0-9a-z\n]{1,3}(?=\d)")


def leaks(text: bytes, values: Iterable[str], vocabulary: frozenset[str]) -> tuple[Finding, ...]:
    """Return where raw values of an exchange stand in `text`, whatever encoding they hide in.

    A value is the row of its words, whatever their case and what stands between them. One all of
    whose words are of the `vocabulary` cannot be told from the API's own words, and one of a few
    characters cannot be told from chance: neither is looked for.
    """
    known = _folded_words(vocabulary)
    wanted = {value for value in map(_folded, values) if _telling(value, known)}
    if not wanted:
        return ()
    rows = {" ".join(re.findall(r"\w+", value)) for value in wanted}
    numbers = {digits for value in wanted if (digits := _digits(value))}
    found = {
        Finding(reading.view.line_of_row(row), VALUE)
        for reading in _readings(text)
        for row in (*reading.said(rows), *reading.spelt(numbers))
    }
    return tuple(sorted(found))


@cache
def _folded_words(vocabulary: frozenset[str]) -> frozenset[str]:
    return frozenset(map(_folded, vocabulary))


def _folded(value: str) -> str:
    return _shown(plain(value.encode("utf-8", "surrogateescape")))


def _shown(text: bytes) -> str:
    return text.decode("utf-8", "replace").casefold()


def _telling(value: str, vocabulary: frozenset[str]) -> bool:
    if len(value) < (_SHORTEST_NUMBER if value.isdigit() else _SHORTEST):
        return False
    return not all(word in vocabulary for word in re.findall(r"\w+", value))


def _digits(value: str) -> str:
    """Return the digits of a value that is a number in groups; "" for any other."""
    digits = re.sub(r"\D", "", value)
    return digits if len(digits) >= _SPELT and not re.search(r"[^\W\d_]", value) else ""


class _Reading(NamedTuple):
    """A view of an interaction, made ready for values to be looked for."""

    view: View
    words: str
    """All its words in a row."""
    begins: tuple[int, ...]
    """Where in `words` its rows begin."""
    digits: str
    """Its text, with groups of digits in one."""

    def said(self, values: Iterable[str]) -> Iterator[int]:
        """Yield the rows in which one of the values begins, each a row of words."""
        for value in values:
            at = self.words.find(f" {value} ")
            if at >= 0:
                yield bisect_right(self.begins, at) - 1

    def spelt(self, numbers: Iterable[str]) -> Iterator[int]:
        """Yield the rows in which one of the numbers stands."""
        for number in numbers:
            at = self.digits.find(number)
            if at >= 0:
                yield self.digits.count("\n", 0, at)


@remembering
def _readings(text: bytes) -> tuple[_Reading, ...]:
    return tuple(map(_reading, views(text, _SHORTEST)))


def _reading(view: View) -> _Reading:
    shown = _shown(view.text)
    rows = [" ".join(["", *_WORD.findall(row)]) for row in shown.split("\n")]
    begins = tuple(accumulate(map(len, rows), initial=0))
    return _Reading(view, "".join((*rows, " ")), begins, _GAP.sub("", shown))
