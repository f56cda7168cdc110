"""Recorded exchanges that nothing but their order tells apart, and how two of them change places.

Two tests make a token of the same fields, and one of them retrieves it. In another order of tests
the first to come gets the answer that was recorded for the other: nothing tells them apart as yet.
Once something does, the two change places. What the variables of one stood for, those of the other
stand for from now on; and so with all that was served since. No client can tell.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence

from proxy.pure.cassette import Interaction, Shape
from proxy.pure.placeholders import Placeholder, Variable, substitute

Places = Mapping[int, int]
"""Positions that change places, each with the other one, both ways round."""
Names = Mapping[Variable, Variable]
"""The variables that do so with them."""

_LOOKED_AT = 50
"""Users of a variable that are tried: no request must hold up other clients."""


class Twins:
    """The interactions of a cassette by what is the same in them but for variables."""

    def __init__(
        self, recorded: Sequence[Interaction], shape: Shape, served: Callable[[int], bool]
    ) -> None:
        self._served = served
        self._looks: list[str] = []
        self._variables: list[tuple[Variable, ...]] = []
        """By position, in the order in which they come in there; twins have theirs in the same."""
        self._alike: dict[str, list[int]] = defaultdict(list)
        self._users: dict[Variable, list[int]] = defaultdict(list)
        for position, one in enumerate(recorded):
            looks, variables = _taken_apart(one, shape)
            self._looks.append(looks)
            self._variables.append(variables)
            self._alike[looks].append(position)
            for variable in variables:
                self._users[variable].append(position)

    def exchange(self, variable: Variable, other: Variable | None) -> tuple[Places, Names] | None:
        """Return what changes places for a variable to become another, None if nothing can.

        Without another, the variable becomes one that no answer served so far has shown.
        """
        tries = (self._closure(*pair) for pair in self._pairs(variable, other))
        return next((found for found in tries if found), None)

    def _pairs(self, variable: Variable, other: Variable | None) -> Iterator[tuple[int, int]]:
        """Yield a user of the variable and a twin which there uses the other one."""
        for user in self._users[variable][:_LOOKED_AT]:
            place, looks = self._variables[user].index(variable), self._looks[user]
            for twin in (self._users[other] if other else self._alike[looks])[:_LOOKED_AT]:
                if twin != user and self._looks[twin] == looks:
                    there = self._variables[twin][place]
                    if there == other if other else there != variable and not self._served(twin):
                        yield user, twin

    def _closure(self, one: int, other: int) -> tuple[Places, Names] | None:
        """Return what changes places with two twins: all that was served and uses what they use."""
        places, names = {one: other, other: one}, dict[Variable, Variable]()
        waiting = [(one, other)]
        for here, there in waiting:
            changed = [pair for pair in self._paired(here, there) if pair[0] != pair[1]]
            for mine, yours in changed:
                names |= {mine: yours, yours: mine}
            for user in {user for pair in changed for each in pair for user in self._users[each]}:
                if user not in places and self._served(user):
                    like = self._like(user, names, places)
                    if like is None:
                        return None
                    places |= {user: like, like: user}
                    waiting.append((user, like))
        return (places, names) if self._agree(places, names) else None

    def _paired(self, one: int, other: int) -> Iterator[tuple[Variable, Variable]]:
        return zip(self._variables[one], self._variables[other], strict=True)

    def _like(self, user: int, names: Names, places: Places) -> int | None:
        """Return what a user becomes: its twin that uses the other names."""
        renamed = next(names[one] for one in self._variables[user] if one in names)
        for like in self._users[renamed]:
            if like not in places and self._looks[like] == self._looks[user]:
                pairs = self._paired(user, like)
                if all(names.get(mine, yours) == yours for mine, yours in pairs):
                    return like
        return None

    def _agree(self, places: Places, names: Names) -> bool:
        return all(
            names.get(mine, mine) == yours
            for one, other in places.items()
            for mine, yours in self._paired(one, other)
        )


def _taken_apart(one: Interaction, shape: Shape) -> tuple[str, tuple[Variable, ...]]:
    """Return what of an interaction counts, its variables counted off, and those variables."""
    key, asked = shape.recorded(one)
    variables: dict[Variable, int] = {}
    places = [variables.setdefault(variable, len(variables)) for variable in asked]

    def count(found: Placeholder) -> str:
        if not found.number:
            return str(found)
        number = variables.setdefault((found.kind, int(found.number)), len(variables))
        return f"<{found.kind} {number} {found.name} {found.slot}>"

    said = one.texts
    headers = (f"{name}: {text}" for name, text in said.response_headers)
    answer = substitute("\n".join((str(said.status), *headers, said.text)), count)
    return f"{key} {places} {answer}", tuple(variables)
