"""Stripe's known messages as templates with typed slots.

A message is kept only if it is one of these, with equal text outside the slots. It is never kept
because a search found no secret in it.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from typing import NamedTuple

_SLOT = re.compile(r"\{([a-z_]+)\}")
_TIME = re.compile(r"[0-9]{1,12}|\{\{[^{}]+\}\}")
"""What a slot for a time takes: a time, or its placeholder if already redacted."""


@dataclass(frozen=True, slots=True, repr=False)
class Reading:
    """A known message, taken apart: literals and slots alternate, the first and last are literals.

    Each slot has a kind and a value.
    """

    literals: tuple[str, ...]
    slots: tuple[tuple[str, str], ...] = ()


class Phrase(NamedTuple):
    """A message with slots."""

    literals: tuple[str, ...]
    kinds: tuple[str, ...]

    def values(self, text: str) -> tuple[str, ...] | None:
        """Return the texts of the slots, each as short as can be; None for another message.

        >>> Phrase(("No such ", ": '", "'"), ("text", "id")).values("No such token: 'tok_1'")
        ('token', 'tok_1')
        """
        first, *middle, last = self.literals
        start, end = len(first), len(text) - len(last)
        if not (text.startswith(first) and text.endswith(last)):
            return None
        if middle and len(set(self.kinds)) == 1:
            return self._repeated(text)
        values = []
        for literal in middle:
            position = text.find(literal, start + 1, end)
            if position < 0:
                return None
            values.append(text[start:position])
            start = position + len(literal)
        values.append(text[start:end])
        times = (text for kind, text in zip(self.kinds, values, strict=True) if kind == "time")
        return tuple(values) if start < end and all(map(_TIME.fullmatch, times)) else None

    def _repeated(self, text: str) -> tuple[str, ...] | None:
        """Return the texts of slots that all repeat one value, of which the length is known.

        So nothing in the value can be taken for the end of a slot.

        >>> Phrase(("'", "' is not '", "'"), ("field", "field")).values("'a' is not 'a' is not 'a'")
        >>> Phrase(("'", "' is not '", "'"), ("field", "field")).values("'a' is not 'a'")
        ('a', 'a')
        """
        length, rest = divmod(len(text) - sum(map(len, self.literals)), len(self.kinds))
        start = len(self.literals[0])
        value = text[start : start + length]
        same = not rest and value and text == value.join(self.literals)
        return (value,) * len(self.kinds) if same else None


@dataclass(frozen=True, slots=True)
class Phrases:
    """The known messages."""

    fixed: frozenset[str]
    templates: tuple[Phrase, ...]

    def read(self, text: str) -> Reading | None:
        """Return a known message taken apart, or None for any other text."""
        if text in self.fixed:
            return Reading((text,))
        for phrase in self.templates:
            values = phrase.values(text)
            if values is not None:
                return Reading(phrase.literals, tuple(zip(phrase.kinds, values, strict=True)))
        return None


def read_phrases(text: str) -> Phrases:
    """Read the messages (CSV: text, source)."""
    texts = [row["text"] for row in csv.DictReader(text.splitlines())]
    fixed = frozenset(text for text in texts if not _SLOT.search(text))
    return Phrases(fixed, tuple(_phrase(text) for text in texts if text not in fixed))


def _phrase(text: str) -> Phrase:
    parts = _SLOT.split(text)
    return Phrase(tuple(parts[::2]), tuple(parts[1::2]))
