"""Finding the recorded answer to a live request: by hash, then by unification.

A live request matches a recorded one if each variable can stand for the value that came in: the
same variable for the same value, two variables of a kind never for one. Of several that fit, the
first in recorded order that has not been served; after the last, the last again. When none fits
but one would with a variable bound anew (a long-running server meets the next test run), the one
that was served longest ago is served and its variables rebound.

The cost does not grow with the cassette: requests that differ in their variables alone are found
by the variables that are bound.
"""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from proxy.pure.cassette import (
    Interaction,
    Shape,
    Variables,
    request_variables,
    response_variables,
)
from proxy.pure.kinds import CLASS_ONLY, Secret, secret
from proxy.pure.placeholders import Placeholder, Variable
from proxy.pure.sealed import SealedRequest
from proxy.pure.stand_ins import stand_in


@dataclass(frozen=True, slots=True)
class Match:
    """The interaction that answers, by its position in the cassette."""

    position: int
    rebound: bool = False
    repeated: bool = False


@dataclass(slots=True)
class _Group:
    """The recorded requests of one key, in recorded order."""

    variables: dict[int, tuple[Variable, ...]] = field(default_factory=dict)
    holding: dict[tuple[int, Variable], list[int]] = field(
        default_factory=lambda: defaultdict(list)
    )
    """(place in the key, variable) -> the positions that have this variable there"""
    unserved: OrderedDict[int, None] = field(default_factory=OrderedDict)
    served: OrderedDict[int, None] = field(default_factory=OrderedDict)
    """Longest ago first."""
    last: int = 0
    """The last recorded."""

    def add(self, position: int, variables: tuple[Variable, ...]) -> None:
        self.variables[position] = variables
        self.unserved[position] = None
        self.last = position
        for place, variable in enumerate(variables):
            self.holding[place, variable].append(position)

    def serve(self, position: int) -> bool:
        """Take note that a position is served; tell whether it was before."""
        again = position not in self.unserved
        self.unserved.pop(position, None)
        self.served[position] = None
        self.served.move_to_end(position)
        return again

    def release(self, position: int) -> None:
        """Take note that an answer did not reach its client, and may be served again first."""
        self.served.pop(position, None)
        self.unserved = OrderedDict.fromkeys(sorted((position, *self.unserved)))


class Session:
    """One replay of a cassette: what has been served, and what its variables stand for."""

    def __init__(self, shape: Shape, seed: str) -> None:
        self.variables = Variables()
        self._shape = shape
        self._seed = seed
        self._groups: dict[str, _Group] = {}
        self._keys: list[str] = []
        self._born: set[Variable] = set()
        """Variables that answers make up: a client learns their value from us, or nowhere."""
        self._met: set[Variable] = set()

    def __len__(self) -> int:
        return len(self._keys)

    def add(self, one: Interaction, *, bound: bool = False) -> None:
        """Append an interaction. `bound`: recorded just now, its variables already stand."""
        key, variables = self._shape.recorded(one)
        group = self._groups.setdefault(key, _Group())
        group.add(len(self._keys), variables)
        if bound:
            group.serve(len(self._keys))
        self._keys.append(key)
        if bound:
            return
        asked, answered = request_variables(one), response_variables(one)
        self.variables.reserve((*asked, *answered))
        for variable in asked:
            if variable in self._born and self.variables.value(variable) is None:
                self._bind_stand_in(variable)
        self._met.update(asked)
        self._born.update(set(answered) - self._met)

    def _bind_stand_in(self, variable: Variable) -> None:
        kind, number = variable
        text = stand_in(Placeholder(kind, str(number)), self._seed)
        self.variables.bind(variable, secret(kind, text))

    def settled(self, found: Placeholder) -> bool:
        """Tell whether no request can change what a placeholder stands for."""
        if found.number:
            return (found.kind, int(found.number)) in self._born
        return found.kind not in CLASS_ONLY

    def match(self, asked: SealedRequest, *, repeat: bool, rebind: bool) -> Match | None:
        """Return the recorded answer to a request and bind its variables; None for a miss.

        `repeat`: when all that fit have been served, the last of them answers again. `rebind`:
        when none fits, one whose variables can be bound anew does.
        """
        key, live = self._shape.live(asked)
        group = self._groups.get(key)
        if group is None:
            return None
        position = self._consistent(group, live, repeat=repeat)
        rebound = False
        if position is None and rebind:
            position = self._rebindable(group, live, repeat=repeat)
            rebound = position is not None
        if position is None:
            return None
        for variable, one in zip(group.variables[position], live, strict=True):
            if self.variables.value(variable) != one:
                self.variables.bind(variable, one)
        return Match(position, rebound, group.serve(position))

    def release(self, position: int) -> None:
        """Let a position be served again: its answer did not reach the client."""
        self._groups[self._keys[position]].release(position)

    def _consistent(self, group: _Group, live: Sequence[Secret], *, repeat: bool) -> int | None:
        """Return the first unserved position that fits as things are bound, or else the last."""
        last = None
        for position in self._candidates(group, live):
            if self._fits(group.variables[position], live):
                if position in group.unserved:
                    return position
                last = position
        return last if repeat else None

    def _candidates(self, group: _Group, live: Sequence[Secret]) -> Iterable[int]:
        """Return the positions worth a look: they hold what the live values are bound to."""
        bound = [
            group.holding.get((place, variable), [])
            for place, one in enumerate(live)
            if (variable := self.variables.variable(one)) is not None
        ]
        if bound:
            return min(bound, key=len)
        if live:
            return self._all_new(group)
        return (next(iter(group.unserved)),) if group.unserved else (group.last,)

    def _all_new(self, group: _Group) -> Iterator[int]:
        """Yield the first unserved position whose variables are all unbound yet."""
        for position in group.unserved:
            if not any(self.variables.value(one) for one in group.variables[position]):
                yield position
                return

    def _fits(self, variables: Sequence[Variable], live: Sequence[Secret]) -> bool:
        assigned: dict[Variable, Secret] = {}
        owners: dict[Secret, Variable] = {}
        for variable, one in zip(variables, live, strict=True):
            value = self.variables.value(variable) or assigned.get(variable)
            owner = self.variables.variable(one) or owners.get(one)
            if (value is not None and value != one) or (owner is not None and owner != variable):
                return False
            assigned[variable], owners[one] = one, variable
        return True

    def _rebindable(self, group: _Group, live: Sequence[Secret], *, repeat: bool) -> int | None:
        """Return the position served longest ago that fits once its variables are bound anew."""
        pools = (group.unserved, group.served) if repeat else (group.unserved,)
        for pool in pools:
            for position in pool:
                if self._fits_anew(group.variables[position], live):
                    return position
        return None

    def _fits_anew(self, variables: Sequence[Variable], live: Sequence[Secret]) -> bool:
        assigned: dict[Variable, Secret] = {}
        for variable, one in zip(variables, live, strict=True):
            born = variable in self._born and self.variables.value(variable) != one
            if born or assigned.setdefault(variable, one) != one:
                return False
        return len(set(assigned.values())) == len(assigned)
