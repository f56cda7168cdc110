"""Stories: what replay knows of one person, over all that this person asks for.

Each instance belongs to one. A request goes on with the story of the ids that it names, as long as
that says nothing else of any value that the request sends: a price that all customers share does
not make them one person. Where it names ids of two stories, they become one, if they contradict
each other in nothing:

    POST /v1/customers               cus.1 = cus_A, email.1 = ada@…      the story of Ada
    POST /v1/payment_methods         pm.1 = pm_A, name.1 = Ada           a story of its own
    POST /v1/payment_methods/pm_A/attach      customer=cus_A             now both are one
    GET  /v1/payment_methods         ?customer=cus_A                     shows pm_A, and her name
    POST /v1/payment_methods/pm_A/attach      customer=cus_G             cus.1 is not cus_G: apart

What plays a recorded request again begins a story behind the one that it goes on with: its own ids
first, and everything else as before.

The smaller story is added to the larger, so that no variable is moved often, and large ones are not
added at all.
"""

from __future__ import annotations

from collections.abc import Mapping

from tokentape.pure.notation.placeholders import Variable

_ADDED = 1_000
"""Variables of a story that is added to another, at most."""
_BEHIND = 32
"""Stories behind each other that are looked into, at most."""


class LiveStory:
    """What variables stand for to one person."""

    __slots__ = ("before", "into", "is_own", "values")

    def __init__(self, values: dict[Variable, str], before: LiveStory | None = None) -> None:
        """`values` are those of its first instance; it shares them until a second joins."""
        self.values = values
        self.before = before
        self.into: LiveStory | None = None
        """What it was added to."""
        self.is_own = False
        """The values are no longer those of the first instance."""

    def __len__(self) -> int:
        return len(self.whole.values)

    @property
    def whole(self) -> LiveStory:
        """The story that this one is a part of by now."""
        story = self
        while story.into is not None:
            story.into = story.into.into or story.into  # the next look-up takes half the steps
            story = story.into
        return story

    def get(self, variable: Variable) -> str | None:
        """Return what a variable stands for, if that is known."""
        story = self.whole
        for _ in range(_BEHIND):
            text = story.values.get(variable)
            if text is not None or story.before is None:
                return text
            story = story.before.whole
        return None

    def agrees(self, values: Mapping[Variable, str]) -> bool:
        """Tell whether it says nothing else of any value; a time tells no story from another."""
        return all(
            variable[0] == "time" or self.get(variable) in (None, text)
            for variable, text in values.items()
        )

    def learn(self, variable: Variable, text: str) -> None:
        """Note what an instance of this story made up."""
        self.whole.values.setdefault(variable, text)

    def join(self, values: Mapping[Variable, str]) -> None:
        """Add the values of another instance. What is known stays, but for times."""
        story = self.whole
        if not story.is_own:
            story.values, story.is_own = dict(story.values), True
        for variable, text in values.items():
            if variable[0] == "time" or variable not in story.values:
                story.values[variable] = text

    def united(self, second: LiveStory) -> LiveStory:
        """Return both as one story; this one, if they are two."""
        small, large = sorted((self.whole, second.whole), key=len)
        if small is large or len(small) > _ADDED or not large.agrees(small.values):
            return self.whole
        large.join(small.values)
        behind = (story for story in (large.before, small.before) if story is not None)
        large.before = next((story for story in behind if story.whole not in (small, large)), None)
        small.into, small.values, small.before = large, {}, None
        return large
