"""Recorded exchanges that nothing but their order tells apart, and how they change places.

Two tests make a token of the same fields, and one of them retrieves it. In another order of tests
the first to come gets the answer that was recorded for the other: nothing tells them apart as yet.
Once something does, the two change places. What the variables of one stood for, those of the other
stand for from now on; and so with all that was served since. No client can tell.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import TypeVar

from tokentape.pure.cassette.model import Interaction, Shape
from tokentape.pure.notation.placeholders import Variable
from tokentape.pure.replay.pools import Group

Places = Mapping[int, int]
"""Positions that change places, each with the one that it becomes: a permutation."""
Names = Mapping[Variable, Variable]
"""The variables that do so with them, each with the one that stands for its value now."""

T = TypeVar("T")

_LOOKED_AT = 100
"""Steps that are tried for one exchange: no request must hold up other clients."""


@dataclass(frozen=True, slots=True)
class _Looks:
    """An interaction taken apart: twins have the same looks, and other variables in them."""

    looks: tuple[object, ...]
    variables: tuple[Variable, ...]
    """In the order in which they come in; the first of them are in the key."""


@dataclass(frozen=True, slots=True)
class _Change:
    """A change under way: what becomes what, both ways round."""

    places: Mapping[int, int] = field(default_factory=dict)
    origins: Mapping[int, int] = field(default_factory=dict)
    names: Names = field(default_factory=dict)
    named: Names = field(default_factory=dict)

    def with_(self, here: int, there: int, mine: _Looks, yours: _Looks) -> _Change | None:
        """Return the change with one position becoming another; None if that cannot be."""
        pairs = tuple(zip(mine.variables, yours.variables, strict=False))
        fits = mine.looks == yours.looks and there not in self.origins
        if not fits or not all(
            self.names.get(one, other) == other and self.named.get(other, one) == one
            for one, other in pairs
        ):
            return None
        return _Change(
            {**self.places, here: there},
            {**self.origins, there: here},
            {**self.names, **dict(pairs)},
            {**self.named, **{other: one for one, other in pairs}},
        )


class Twins:
    """The interactions of a cassette, by what is the same in them but for variables."""

    def __init__(
        self,
        recorded: Sequence[Interaction],
        shape: Shape,
        groups: Sequence[Group],
        answered: Mapping[Variable, int],
    ) -> None:
        """Begin: `groups` are by position, `answered` has the first answer to show a variable."""
        self._recorded = recorded
        self._shape = shape
        self._groups = groups
        self._answered = answered
        self._users: dict[Variable, dict[int, None]] = defaultdict(dict)
        """The positions served that use a variable, but for the latest."""
        self._latest: dict[int, None] = {}
        self._taken_apart: dict[int, _Looks] = {}

    def note(self, position: int) -> None:
        """Note that a position has been served."""
        self._latest[position] = None

    def forget(self, position: int) -> None:
        """Note that a position counts as not served."""
        self._look_up()
        one = self._recorded[position]
        for variable in chain(one.asked, one.answered):
            self._users[variable].pop(position, None)

    def _look_up(self) -> None:
        """Note who uses what, which is asked for here alone: most sessions have no twins."""
        for position in self._latest:
            one = self._recorded[position]
            for variable in chain(one.asked, one.answered):
                self._users[variable][position] = None
        self._latest.clear()

    def exchange(
        self, variable: Variable, other: Variable | None, unserved: int
    ) -> tuple[Places, Names] | None:
        """Return what changes places so that `variable` stands for what `other` stands for now.

        Without another, so that it stands for nothing that was served. `unserved` is a position
        that stays so. None if nothing can change.
        """
        self._look_up()
        tries = iter(range(_LOOKED_AT))
        start = _Change(origins={unserved: unserved})
        for (here, there), _ in zip(self._pairs(variable, other), tries, strict=False):
            if other is None and variable in self._looks(there).variables:
                continue  # it would stand for what was served, as before
            change = self._closed(start, here, there, tries)
            if change is not None:
                return _permuted(change.places), _permuted(change.names)
        return None

    def _pairs(self, variable: Variable, other: Variable | None) -> Iterator[tuple[int, int]]:
        """Yield what has been served and uses one, and a twin that uses the other in its place."""
        for here in tuple(self._users[other or variable]):
            place = self._looks(here).variables.index(other or variable)
            if other is None:
                yield from ((here, there) for there in self._free(here))
            else:
                yield from ((here, there) for there in self._with(here, place, variable))

    def _with(self, here: int, place: int, variable: Variable) -> Iterator[int]:
        """Yield the twins of a position that use a variable at a place."""
        group = self._groups[here]
        for number, one in enumerate(group.variables[here]):
            if one == self._looks(here).variables[place]:
                pool = group.holding((number, variable))
                yield from (there for there in (*pool.unserved, *pool.served) if there != here)
                return
        maker = self._answered.get(variable)
        if maker is not None and maker != here and self._groups[maker] is group:
            yield maker

    def _free(self, here: int) -> Iterator[int]:
        """Yield positions that may be twins of a position, and have not been served."""
        return iter(tuple(islice(self._groups[here].all.unserved, _LOOKED_AT)))

    def _closed(
        self, change: _Change, here: int, there: int, tries: Iterator[int]
    ) -> _Change | None:
        """Return what changes if one becomes the other: all that shares their variables."""
        wider = change.with_(here, there, self._looks(here), self._looks(there))
        follower = None if wider is None else self._follower(wider)
        if wider is None or follower is None:
            return wider
        closed = (
            self._closed(wider, follower, like, tries)
            for like, _ in zip(self._candidates(follower, wider), tries, strict=False)
        )
        return next(filter(None, closed), None)

    def _follower(self, change: _Change) -> int | None:
        """Return a position that was served and cannot stay as it is; None if all is well."""
        moved = (pair for pair in change.names.items() if pair[0] != pair[1])
        users = (user for pair in moved for one in pair for user in self._users[one])
        return next((user for user in users if user not in change.places), None)

    def _candidates(self, here: int, change: _Change) -> Iterator[int]:
        """Yield what a position might become within a change."""
        for place, one in enumerate(self._looks(here).variables):
            if change.names.get(one, one) != one:
                yield from self._with(here, place, change.names[one])
                return
        yield from (there for there in change.places if self._groups[there] is self._groups[here])
        yield from self._free(here)
        yield from tuple(islice(self._groups[here].all.served, _LOOKED_AT))

    def _looks(self, position: int) -> _Looks:
        known = self._taken_apart.get(position)
        if known is None:
            known = self._taken_apart[position] = _looks(self._recorded[position], self._shape)
        return known


def _looks(one: Interaction, shape: Shape) -> _Looks:
    """Take an interaction apart: what counts of it, its variables counted off, and these."""
    key, asked = shape.recorded(one)
    numbers: dict[Variable, int] = {}
    counted = tuple([numbers.setdefault(each, len(numbers)) for each in (*asked, *one.answered)])
    said = one.outline
    looks = (key, counted, said.status, said.response_headers, said.text)
    return _Looks(looks, tuple(numbers))


def _permuted(changes: Mapping[T, T]) -> dict[T, T]:
    """Return changes without what stays as it is, and with chains closed to cycles."""
    moved = {one: other for one, other in changes.items() if one != other}
    ends = {other: one for one, other in moved.items()}
    for start in [one for one in moved if one not in ends]:
        end = start
        while end in moved:
            end = moved[end]
        moved[end] = start
    return moved
