"""An instance: a recorded set, played for one set of live values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from tokentape.pure.notation.placeholders import Variable
from tokentape.pure.replay.stories import LiveStory

Identity = tuple[str, tuple[str, ...]]
"""The match key, and the values that an instance is played for."""
Context = tuple[int, tuple[str, ...]]
"""The number of an exact key, and the keys of the live ids in it."""


@dataclass(slots=True, repr=False, eq=False)
class Instance:
    """A recorded set, played for one set of live values."""

    identity: Identity
    context: Context
    positions: Sequence[int]
    """Of its recorded requests, in recorded order."""
    values: dict[Variable, str]
    """What its variables stand for: what was sent, and the ids and times that it made."""
    story: LiveStory
    """What is known of whoever plays it."""
    continued: tuple[Instance, ...] = ()
    again: bool = False
    """What it plays had been played before."""
    further: bool = False
    """So it is, or what it continues."""
    served: int = 0
    """How many of its requests have been answered."""
    delivered: int = 0
    """How many of these answers have reached the client."""
    made_ids: list[str] = field(default_factory=list)
    """The keys of ids that it made."""


class Match(NamedTuple):
    """The interaction that answers, by its position in the cassette, and for whom."""

    position: int
    instance: Instance
    number: int  # among the requests of the instance, from 1
    begins_further: bool  # the first answer of a further instance
    is_last: bool  # the same request gets this interaction again from now on


def known_to(instance: Instance, variable: Variable) -> str | None:
    """Return what a variable stands for in an instance, its story, or what it continues."""
    text = instance.values.get(variable) or instance.story.get(variable)
    if text is None:
        for each in instance.continued:
            if (text := each.values.get(variable)) is not None:
                break
    return text
