"""The raw values of an exchange, searched for in the text that is to be written of it."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from typing import NamedTuple

from tokentape.pure.leak_check.findings import RAW_VALUE, Finding
from tokentape.pure.leak_check.views import View, cached_search, plain, views

_SHORTEST = 4
_SHORTEST_NUMBER = 5
"""The shortest values, of any characters and of digits only, that do not occur by chance."""
_SHORTEST_GROUPED = 9
"""Digits of the shortest number that is searched for in any grouping."""

_WORD = re.compile(r"\{\{[a-z]\w*[.:][\w.:?]+\}\}|\w+")
"""A word or a placeholder: `{{name.1}}` does not contain the words name and 1."""
_PLAIN_WORD = re.compile(r"\w+")
_HAS_LETTER = re.compile(r"[^\W\d_]")
_NO_DIGITS = re.compile(r"\D+")
_GAP = re.compile(r"(?<=\d)[^0-9a-z\n]{1,3}(?=\d)")


@dataclass(frozen=True, slots=True, repr=False)
class RawValues:
    """The raw values of a request, prepared for the search. The repr shows none of them."""

    phrases: tuple[str, ...]
    """Each value as its words, separated by spaces."""
    numbers: tuple[str, ...]

    @classmethod
    def of(cls, values: Iterable[str], vocabulary: frozenset[str]) -> RawValues:
        """Prepare the raw values of a request.

        A value is compared word by word, without case and separators. It is left out if all its
        words are in the `vocabulary` of the API or if it is so short that it can occur by chance.
        """
        excluded = _normal_words(vocabulary)
        phrases = {value: _phrase(value, excluded) for value in map(_normal, values)}
        searched = [value for value, phrase in phrases.items() if phrase]
        numbers = filter(None, map(_digits, searched))
        return cls(tuple(filter(None, phrases.values())), tuple(numbers))

    def leaks(self, text: bytes) -> tuple[Finding, ...]:
        """Return where one of the values occurs in `text`, in any encoding."""
        findings = {
            Finding(indexed.view.line_of_row(row), RAW_VALUE)
            for indexed in _indexed_views(text)
            for row in indexed.rows_of(self)
        }
        return tuple(sorted(findings))


@cache
def _normal_words(vocabulary: frozenset[str]) -> frozenset[str]:
    return frozenset(map(_normal, vocabulary))


def _normal(value: str) -> str:
    if value.isascii():
        return value.lower()
    return _case_folded(plain(value.encode("utf-8", "surrogateescape")))


def _case_folded(text: bytes) -> str:
    return text.decode("utf-8", "replace").casefold()


def _phrase(value: str, excluded: frozenset[str]) -> str:
    """Return the words of a value, separated by spaces; "" for a value that is left out."""
    if len(value) < (_SHORTEST_NUMBER if value.isdigit() else _SHORTEST):
        return ""
    words = _PLAIN_WORD.findall(value)
    return "" if excluded.issuperset(words) else " ".join(words)


def _digits(value: str) -> str:
    """Return the digits of a number, without separators; "" for any other value.

    >>> _digits("+1 (555) 123-4567")
    '15551234567'
    >>> _digits("1 Main Street")
    ''
    """
    if len(value) < _SHORTEST_GROUPED or _HAS_LETTER.search(value):
        return ""
    digits = _NO_DIGITS.sub("", value)
    return digits if len(digits) >= _SHORTEST_GROUPED else ""


class _IndexedView(NamedTuple):
    """A view of an interaction, indexed for the search."""

    view: View
    words: str
    """All its words, separated by spaces."""
    distinct_words: frozenset[str]
    row_starts: tuple[int, ...]
    """The offset in `words` of each row of the view."""
    digits: str
    """Its text, without separators between digits."""

    def rows_of(self, values: RawValues) -> Iterator[int]:
        """Yield the row in which each value first occurs."""
        for phrase in values.phrases:
            if phrase.partition(" ")[0] in self.distinct_words:
                position = self.words.find(f" {phrase} ")
                if position >= 0:
                    yield bisect_right(self.row_starts, position) - 1
        for number in values.numbers:
            position = self.digits.find(number)
            if position >= 0:
                yield self.digits.count("\n", 0, position)


@cached_search
def _indexed_views(text: bytes) -> tuple[_IndexedView, ...]:
    return tuple(map(_indexed, views(text, _SHORTEST)))


def _indexed(view: View) -> _IndexedView:
    text = _case_folded(view.text)
    rows = [" ".join(["", *_WORD.findall(row)]) for row in text.split("\n")]
    row_starts = tuple(accumulate(map(len, rows), initial=0))
    words = "".join((*rows, " "))
    return _IndexedView(view, words, frozenset(words.split(" ")), row_starts, _GAP.sub("", text))
