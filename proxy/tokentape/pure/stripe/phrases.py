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
_SLOT_PATTERNS = {"time": r"[0-9]{1,12}|\{\{[^{}]+\}\}"}
"""Patterns of slots that take not any text: a time, or its placeholder if already redacted."""
_MAX_LENGTH = 10_000
"""Characters of the longest message that is compared with the templates."""


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
    pattern: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class Phrases:
    """The known messages."""

    fixed: frozenset[str]
    templates: tuple[Phrase, ...]

    def read(self, text: str) -> Reading | None:
        """Return a known message taken apart, or None for any other text."""
        if text in self.fixed:
            return Reading((text,))
        for literals, kinds, pattern in self.templates if len(text) <= _MAX_LENGTH else ():
            match = pattern.fullmatch(text)
            if match:
                return Reading(literals, tuple(zip(kinds, match.groups(), strict=True)))
        return None


def read_phrases(text: str) -> Phrases:
    """Read the messages (CSV: text, source)."""
    texts = [row["text"] for row in csv.DictReader(text.splitlines())]
    fixed = frozenset(text for text in texts if not _SLOT.search(text))
    return Phrases(fixed, tuple(_phrase(text) for text in texts if text not in fixed))


def _phrase(text: str) -> Phrase:
    parts = _SLOT.split(text)
    pattern = "".join(
        f"({_SLOT_PATTERNS.get(part, '.+?')})" if index % 2 else re.escape(part)
        for index, part in enumerate(parts)
    )
    return Phrase(tuple(parts[::2]), tuple(parts[1::2]), re.compile(pattern, re.DOTALL))
