"""Stripe's known messages as templates with typed slots.

A message is kept only if it is one of these, with equal text outside the slots. It is never kept
because a search found no secret in it.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from dataclasses import dataclass

_SLOT = re.compile(r"\{([a-z_]+)\}")
_SLOT_PATTERNS = {"time": r"[0-9]{1,12}|\{\{[^{}]+\}\}"}
"""Patterns of slots that take not any text: a time, or its placeholder if already redacted."""
_MAX_LENGTH = 10_000
"""Characters of the longest message that is compared with the templates."""


@dataclass(frozen=True, slots=True)
class Phrase:
    """A message: literals and slots alternate, and the first and last are literals."""

    literals: tuple[str, ...]
    slots: tuple[str, ...]
    pattern: re.Pattern[str]


@dataclass(frozen=True, slots=True, repr=False)
class Reading:
    """A text that matches a phrase, with the values of its slots."""

    phrase: Phrase
    values: tuple[str, ...]

    def slots(self) -> Iterable[tuple[str, str]]:
        """Yield the kind and the value of each slot."""
        return zip(self.phrase.slots, self.values, strict=True)


@dataclass(frozen=True, slots=True)
class Phrases:
    """The known messages."""

    fixed: frozenset[str]
    templates: tuple[Phrase, ...]

    def read(self, text: str) -> Reading | str | None:
        """Return a fixed message, a template with the values of its slots, or None."""
        if text in self.fixed:
            return text
        for phrase in self.templates if len(text) <= _MAX_LENGTH else ():
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
    parts = _SLOT.split(text)
    literals, slots = tuple(parts[::2]), tuple(parts[1::2])
    pattern = re.escape(literals[0])
    for slot, literal in zip(slots, literals[1:], strict=True):
        pattern += f"({_SLOT_PATTERNS.get(slot, '.+?')})" + re.escape(literal)
    return Phrase(literals, slots, re.compile(pattern, re.DOTALL))
