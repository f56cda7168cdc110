"""Stripe's known messages as templates with typed slots.

A free text is never kept by searching it for secrets. It is one of these, word for word outside
its slots, or it is not kept at all.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from dataclasses import dataclass

_SLOT = re.compile(r"\{([a-z_]+)\}")
_SHAPES = {"time": r"[0-9]{1,12}|\{\{[^{}]+\}\}"}
"""What may stand in a slot, if not anything; in a message sealed before, a placeholder does."""
_LONGEST = 10_000
"""Characters of a message: a longer one is none of Stripe's, and slow to read as one."""


@dataclass(frozen=True, slots=True)
class Phrase:
    """One message: literal text and slot kinds in turn; literals are one more than slots."""

    literals: tuple[str, ...]
    slots: tuple[str, ...]
    pattern: re.Pattern[str]


@dataclass(frozen=True, slots=True, repr=False)
class Reading:
    """A text read as a phrase, with what stood in its slots."""

    phrase: Phrase
    values: tuple[str, ...]

    def slots(self) -> Iterable[tuple[str, str]]:
        """Yield the kind and the value of each slot."""
        return zip(self.phrase.slots, self.values, strict=True)


@dataclass(frozen=True, slots=True)
class Phrases:
    """All known messages."""

    fixed: frozenset[str]
    templates: tuple[Phrase, ...]

    def read(self, text: str) -> Reading | str | None:
        """Return a fixed message as it is, a template with its slots' values, or None."""
        if text in self.fixed:
            return text
        for phrase in self.templates if len(text) <= _LONGEST else ():
            match = phrase.pattern.fullmatch(text)
            if match:
                return Reading(phrase, match.groups())
        return None


def read_phrases(text: str) -> Phrases:
    """Read the messages (CSV: text, source)."""
    texts = [row["text"] for row in csv.DictReader(text.splitlines())]
    fixed = frozenset(text for text in texts if not _SLOT.search(text))
    return Phrases(fixed, tuple(_phrase(text) for text in texts if text not in fixed))


def _phrase(text: str) -> Phrase:
    pieces = _SLOT.split(text)
    literals, slots = tuple(pieces[::2]), tuple(pieces[1::2])
    pattern = re.escape(literals[0])
    for slot, literal in zip(slots, literals[1:], strict=True):
        pattern += f"({_SHAPES.get(slot, '.+?')})" + re.escape(literal)
    return Phrase(literals, slots, re.compile(pattern, re.DOTALL))
