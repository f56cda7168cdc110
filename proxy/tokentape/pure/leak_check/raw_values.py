"""The raw values of an exchange, looked for in what is to be written of it."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from typing import NamedTuple

from tokentape.pure.leak_check.findings import VALUE, Finding
from tokentape.pure.leak_check.lookalikes import plain
from tokentape.pure.leak_check.views import View, remembering, views

_SHORTEST = 4
_SHORTEST_NUMBER = 5
"""Characters from which on a value, or one of digits alone, can be told from chance."""
_SPELT = 9
"""Digits from which on a number is looked for however it is grouped."""

_WORD = re.compile(r"\{\{[a-z]\w*[.:][\w.:?]+\}\}|\w+")
"""A word, or a placeholder: `{{name.1}}` does not say the words name and 1."""
_WORDS = re.compile(r"\w+")
_LETTER = re.compile(r"[^\W\d_]")
_NO_DIGITS = re.compile(r"\D+")
_GAP = re.compile(r"(?<=\d)[^0-9a-z\n]{1,3}(?=\d)")


@dataclass(frozen=True, slots=True, repr=False)
class Wanted:
    """Raw values of a request, made ready to be looked for. Its repr shows none."""

    rows: tuple[str, ...]
    """Values as rows of their words."""
    numbers: tuple[str, ...]

    def leaks(self, text: bytes) -> tuple[Finding, ...]:
        """Return where one of the values stands in `text`, whatever encoding it hides in."""
        found = {
            Finding(reading.view.line_of_row(row), VALUE)
            for reading in _readings(text)
            for row in (*reading.said(self.rows), *reading.spelt(self.numbers))
        }
        return tuple(sorted(found))


def wanted(values: Iterable[str], vocabulary: frozenset[str]) -> Wanted:
    """Return what to look for of the raw values of a request.

    A value is the row of its words, whatever their case and what stands between them. One all of
    whose words are of the `vocabulary` cannot be told from the API's own words, and one of a few
    characters cannot be told from chance: neither is looked for.
    """
    known = _folded_words(vocabulary)
    rows = {folded: row for value in values if (row := _row(folded := _folded(value), known))}
    return Wanted(tuple(rows.values()), tuple(filter(None, map(_digits, rows))))


@cache
def _folded_words(vocabulary: frozenset[str]) -> frozenset[str]:
    return frozenset(map(_folded, vocabulary))


def _folded(value: str) -> str:
    if value.isascii():
        return value.lower()
    return _shown(plain(value.encode("utf-8", "surrogateescape")))


def _shown(text: bytes) -> str:
    return text.decode("utf-8", "replace").casefold()


def _row(value: str, vocabulary: frozenset[str]) -> str:
    """Return a value as the row of its words; "" for one that cannot be told."""
    if len(value) < (_SHORTEST_NUMBER if value.isdigit() else _SHORTEST):
        return ""
    words = _WORDS.findall(value)
    return "" if vocabulary.issuperset(words) else " ".join(words)


def _digits(value: str) -> str:
    """Return the digits of a value that is a number in groups; "" for any other."""
    if len(value) < _SPELT or _LETTER.search(value):
        return ""
    digits = _NO_DIGITS.sub("", value)
    return digits if len(digits) >= _SPELT else ""


class _Reading(NamedTuple):
    """A view of an interaction, made ready for values to be looked for."""

    view: View
    words: str
    """All its words in a row."""
    vocabulary: frozenset[str]
    """The same words, each once."""
    begins: tuple[int, ...]
    """Where in `words` its rows begin."""
    digits: str
    """Its text, with groups of digits in one."""

    def said(self, values: Iterable[str]) -> Iterator[int]:
        """Yield the rows in which one of the values begins, each a row of words."""
        for value in values:
            if value.partition(" ")[0] in self.vocabulary:
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
    words = "".join((*rows, " "))
    return _Reading(view, words, frozenset(words.split(" ")), begins, _GAP.sub("", shown))
