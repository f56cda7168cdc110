"""Which recorded set new values take: the second rule of `instances`.

One of these is for all whose requests have one key and name the same live ids: whoever names ids
takes sets beside all others, who have ids of their own.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Container, Sequence
from itertools import islice

from tokentape.pure.notation.placeholders import Variable
from tokentape.pure.replay.recordings import ExactKey, RecordedSet

_TRIED = 8
"""Sets that are looked at, at most, for one in which all values can stand."""


class Takings:
    """Which recorded sets have been taken. No pointer in it ever moves back."""

    __slots__ = ("_free", "_fresh", "_held", "_taken")

    def __init__(self) -> None:
        self._taken: OrderedDict[int, None] = OrderedDict()
        """By number, taken longest ago first."""
        self._free = 0
        """No set before this one is free."""
        self._fresh = 0
        """No set before this one is free with variables that all stand for nothing yet."""
        self._held: dict[tuple[int, Variable], int] = {}
        """By place and variable: of the sets that have it there, the first so many are taken."""

    def taken(
        self, exact: ExactKey, standing: Sequence[Variable | None], first: Container[Variable]
    ) -> tuple[RecordedSet, bool]:
        """Take a recorded set; tell whether it was taken before.

        `standing` are the variables that the values being sent stand for, None for new values;
        `first` holds the variables that stand for something by now.
        """
        free = len(self._taken) < len(exact.sets)
        number = self._standing_set(exact, standing, first, free=free)
        if number is None and free:
            number = self._free_set(exact.sets, first)
        elif number is None:
            number = next(iter(self._taken))
        self._taken[number] = None
        self._taken.move_to_end(number)
        return exact.sets[number], not free

    def _standing_set(
        self,
        exact: ExactKey,
        standing: Sequence[Variable | None],
        first: Container[Variable],
        *,
        free: bool,
    ) -> int | None:
        """Return a set in which a value stands for the variable there already.

        The value that the fewest sets share tells most.
        """
        if len(exact.sets) == 1 or not any(standing):
            return None
        holding = [
            ((place, variable), sets)
            for place, variable in enumerate(standing)
            if variable is not None and (sets := exact.holding(place, variable))
        ]
        if not holding:
            return None
        held, sets = min(holding, key=lambda pair: len(pair[1]))
        if not free:
            return sets[0]
        start = self._held.get(held, 0)
        while start < len(sets) and sets[start] in self._taken:
            start += 1
        self._held[held] = start
        near = [n for n in islice(sets, start, start + _TRIED) if n not in self._taken]
        fitting = (n for n in near if _fits(exact.sets[n], standing, first))
        return next(fitting, near[0] if near else None)

    def _free_set(self, sets: Sequence[RecordedSet], first: Container[Variable]) -> int:
        """Return the first free set whose variables are all new, or else the first free one."""
        for _ in range(_TRIED):  # what is not fresh will never be: the rest is for the next time
            if self._fresh == len(sets):
                break
            variables = sets[self._fresh].variables
            stand = any(variable in first for variable in variables)
            if not stand and self._fresh not in self._taken:
                return self._fresh
            self._fresh += 1
        while self._free in self._taken:
            self._free += 1
        return self._free


def _fits(
    recorded: RecordedSet, standing: Sequence[Variable | None], first: Container[Variable]
) -> bool:
    """Tell whether each value stands for the variable there, or both are new."""
    return all(
        variable not in first if stands_for is None else stands_for == variable
        for variable, stands_for in zip(recorded.variables, standing, strict=True)
    )
