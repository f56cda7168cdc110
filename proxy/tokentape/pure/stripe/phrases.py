"""Stripe's known messages as templates with typed slots.

A message is kept only if it is one of these, with equal text outside the slots. It is never kept
because a search found no secret in it. A slot is open or closed:

    {id}, {text}, {field}, …   anything: it becomes a placeholder, as a value of its kind
    {amount}, {words}, …       what Stripe writes from a vocabulary of its own (`CLOSED`): it stays

    Refund amount ({amount}) is greater than charge amount ({amount})
    Customer {made_id} does not have a linked source with ID {id}.

What a client sent stands in an open slot, and must not decide which message this is, nor where a
slot ends. So a template has one open slot; or several that all repeat one value, whose length
follows from that of the message; or, before the last, one with an id that Stripe made ({made_id}).
And no other template takes what may stand in it: tests/pure/test_phrases.py fills all of them with
each other's texts.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

_SLOT = re.compile(r"\{([a-z_]+)\}")
_MONEY = r"[0-9]{1,3}(?:,[0-9]{3}){0,2}|[0-9]{1,3}(?:,[0-9]{3})?\.[0-9]{2,3}"
_WORD = "[a-z][a-z_]{0,63}"
CLOSED: Mapping[str, re.Pattern[str]] = {
    # At most nine digits, so no card number; the symbols of docs.stripe.com/currencies.
    "amount": re.compile(rf"(?:[A-Z]{{0,3}}[$€£¥₹]|kr|zł)?(?:{_MONEY})(?: [A-Z]{{3}}| cents?)?"),
    "number": re.compile(r"-?[0-9]{1,9}", re.ASCII),
    "word": re.compile(_WORD),
    # `or` is a word as well: were it named here, `or or or …` could be read in endless ways.
    "words": re.compile(rf"{_WORD}(?:,? {_WORD}){{0,99}}"),
}
"""What slots of a closed form take: none of it is of a client's choice, and it stays as it is."""
_LONGEST_CLOSED = 8 * 1024
"""Characters, more than any closed form takes: a hundred words of 64, with what is between them."""
_LIMITED = {
    **CLOSED,
    "path": re.compile(r"/\S*|\{\{[^{}]+\}\}"),
    "time": re.compile(r"[0-9]{1,12}|\{\{[^{}]+\}\}"),
}
"""What other slots take that have a form, or their placeholders if already redacted."""


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
        """Return the texts of the slots, open ones as short as can be; None for another message.

        >>> Phrase(("No such ", ": '", "'"), ("text", "id")).values("No such token: 'tok_1'")
        ('token', 'tok_1')
        """
        first, *middle, last = self.literals
        start, end = len(first), len(text) - len(last)
        if not (text.startswith(first) and text.endswith(last)):
            return None
        if middle and len(set(self.kinds)) == 1 and self.kinds[0] not in CLOSED:
            return self._repeated(text)
        values = []
        for kind, literal in zip(self.kinds, middle, strict=False):
            position = _end(kind, text, literal, start, end)
            if position < 0:
                return None
            values.append(text[start:position])
            start = position + len(literal)
        values.append(text[start:end])
        fits = start < end and all(map(_takes, self.kinds, values))
        return tuple(values) if fits else None

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


def _end(kind: str, text: str, literal: str, start: int, end: int) -> int:
    """Return where a slot ends, before a literal: as late as its form allows, if it has one.

    That of a closed form is looked for only as far as the form can reach.
    """
    if kind not in CLOSED:
        return text.find(literal, start + 1, end)
    position = text.rfind(literal, start + 1, min(end, start + _LONGEST_CLOSED + len(literal)))
    while position >= 0 and not _takes(kind, text[start:position]):
        position = text.rfind(literal, start + 1, position + len(literal) - 1)
    return position


def _takes(kind: str, text: str) -> bool:
    form = _LIMITED.get(kind)
    return form is None or form.fullmatch(text) is not None


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
