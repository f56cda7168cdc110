"""Finding the recorded answer to a live request: by hash, then by unification.

A live request matches a recorded one if each variable can stand for the value that came in: the
same variable for the same value, two variables of a kind never for one. Of several that fit, the
first in recorded order that has not been served; after the last, the last again. When none fits
but one would with a variable bound anew (a long-running server meets the next test run), the one
that was served longest ago is served and its variables rebound.

The cost does not grow with the cassette: of the requests that differ in their variables alone,
those are looked at that hold a variable which one of the live values is bound to.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice

from proxy.pure.cassette import (
    Interaction,
    Shape,
    Variables,
    request_variables,
    response_variables,
)
from proxy.pure.kinds import CLASS_ONLY, MADE_KINDS, Secret, secret
from proxy.pure.placeholders import Placeholder, Variable
from proxy.pure.sealed import SealedRequest
from proxy.pure.stand_ins import stand_in
from proxy.pure.twins import Names, Places, Twins

_LOOKED_AT = 20
"""Requests that are tried with twins changed over: no request must hold up other clients."""


@dataclass(frozen=True, slots=True)
class Match:
    """The interaction that answers, by its position in the cassette."""

    position: int
    rebound: bool = False


@dataclass(slots=True)
class _Pool:
    """Positions of recorded requests; dicts serve as ordered sets."""

    unserved: dict[int, None] = field(default_factory=dict)
    """In recorded order."""
    served: dict[int, None] = field(default_factory=dict)
    """Longest ago first."""
    last: int = -1

    def add(self, position: int) -> None:
        self.unserved[position] = None
        self.last = position

    def serve(self, position: int) -> None:
        self.unserved.pop(position, None)
        self.served.pop(position, None)
        self.served[position] = None

    def release(self, position: int) -> None:
        if position in self.served:
            del self.served[position]
            self.unserved = dict.fromkeys(sorted((position, *self.unserved)))

    def backwards(self) -> Iterator[int]:
        """Yield the served positions, the last recorded first."""
        if self.last in self.served:
            yield self.last
        yield from sorted(self.served, reverse=True)

    def __len__(self) -> int:
        return len(self.unserved) + len(self.served)


@dataclass(slots=True)
class _Group:
    """The recorded requests of one key."""

    variables: dict[int, tuple[Variable, ...]] = field(default_factory=dict)
    all: _Pool = field(default_factory=_Pool)
    loose: _Pool = field(default_factory=_Pool)
    """Those without a variable that an answer made up: only these can be bound anew at will."""
    holding: dict[tuple[int, Variable], _Pool] = field(default_factory=dict)
    """(place in the key, variable) -> those that have this variable there"""

    def add(self, position: int, variables: tuple[Variable, ...], *, loose: bool) -> None:
        self.variables[position] = variables
        self.all.add(position)
        if loose:
            self.loose.add(position)
        for place in enumerate(variables):
            self.holding.setdefault(place, _Pool()).add(position)

    def pools(self, position: int) -> Iterator[_Pool]:
        yield self.all
        if position in self.loose.unserved or position in self.loose.served:
            yield self.loose
        for place in enumerate(self.variables[position]):
            yield self.holding[place]


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
        self._answered: set[Variable] = set()
        self._loaded: list[Interaction] = []
        self.exchanges: list[Places] = []
        """Which positions changed places, in turn: for whoever keeps account by position."""

    def __len__(self) -> int:
        return len(self._keys)

    def add(self, one: Interaction, *, bound: bool = False) -> None:
        """Append an interaction. `bound`: recorded just now, served, its variables bound."""
        asked, answered = request_variables(one), response_variables(one)
        key, variables = self._shape.recorded(one)
        position = len(self._keys)
        self._keys.append(key)
        if not bound:
            self._meet(asked, answered)
            self._loaded.append(one)
        loose = self._born.isdisjoint(variables)
        self._groups.setdefault(key, _Group()).add(position, variables, loose=loose)
        if bound:
            self._serve(position)

    def _meet(self, asked: Sequence[Variable], answered: Sequence[Variable]) -> None:
        self.variables.reserve((*asked, *answered))
        for kind, number in self._born.intersection(asked):
            if kind in MADE_KINDS:
                self.variables.bind((kind, number), self._stand_in((kind, number)))
            else:  # a client may know it from elsewhere
                self._born.discard((kind, number))
        self._met.update(asked)
        born = [variable for variable in answered if variable not in self._met]
        self._born.update(born)
        self._answered.update(born)

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
        key, live = self._shape.live(asked, self.variables)
        group = self._groups.get(key)
        if group is None:
            return None
        position = self._consistent(group, live)
        if position is None:
            position = self._changed(group, live)
        if position is None and repeat:
            position = self._again(group, live)
        rebound = position is None and rebind
        if position is None and rebind:
            position = self._rebindable(group, live, repeat=repeat)
        if position is None:
            return None
        for variable, one in zip(group.variables[position], live, strict=True):
            self.variables.bind(variable, one)
        self._serve(position)
        return Match(position, rebound)

    def release(self, position: int) -> None:
        """Let a position be served again: its answer did not reach the client."""
        for pool in self._groups[self._keys[position]].pools(position):
            pool.release(position)

    def _serve(self, position: int) -> None:
        for pool in self._groups[self._keys[position]].pools(position):
            pool.serve(position)

    def _consistent(self, group: _Group, live: Sequence[Secret]) -> int | None:
        """Return the first unserved position that fits as things are bound."""
        unserved = self._closest(group, live).unserved
        fitting = (one for one in unserved if self._fits(group.variables[one], live))
        return next(fitting, None)

    def _again(self, group: _Group, live: Sequence[Secret]) -> int | None:
        """Return the last position, served before, that fits as things are bound."""
        if any(self.variables.variable(one) is None for one in live):
            return None  # a value not met before fits no request that was served
        served = self._closest(group, live).backwards()
        return next((one for one in served if self._fits(group.variables[one], live)), None)

    def _closest(self, group: _Group, live: Sequence[Secret]) -> _Pool:
        """Return the smallest pool that holds all requests which fit as things are bound."""
        holding = self._holding(group, live)
        if holding:
            return min(holding, key=len)
        return group.loose if live else group.all

    def _holding(self, group: _Group, live: Sequence[Secret]) -> list[_Pool]:
        """Return the requests that hold a variable which a live value is bound to, for each."""
        return [
            group.holding.get((place, variable), _NONE)
            for place, one in enumerate(live)
            if (variable := self.variables.variable(one)) is not None
        ]

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

    def _changed(self, group: _Group, live: Sequence[Secret]) -> int | None:
        """Return the first position that fits once twins have changed places."""
        for position in tuple(islice(group.all.unserved, _LOOKED_AT)):
            variables = group.variables[position]
            changed = all(map(self._change, variables, live))
            if changed and not self._served(position) and self._fits(variables, live):
                return position
        return None

    def _change(self, variable: Variable, one: Secret) -> bool:
        """Let twins change places if need be, so that a variable stands for a value, or may."""
        value, owner = self._now(variable), self.variables.variable(one) or self._made.get(one)
        if value == one or (value is None and owner is None):
            return True
        found = self._twins.exchange(variable, owner)
        if found is not None:
            self._exchange(*found)
        return found is not None

    def _exchange(self, places: Places, names: Names) -> None:
        self.variables.exchange({one: self._now(other) for one, other in names.items()})
        for here in [
            one for one, other in places.items() if self._served(one) > self._served(other)
        ]:
            self.release(here)
            self._serve(places[here])
        self.exchanges.append(places)

    def _now(self, variable: Variable) -> Secret | None:
        """Return what a variable stands for; clients have read stand-ins of what answers make."""
        value = self.variables.value(variable)
        return self._stand_in(variable) if value is None and variable in self._answered else value

    def _stand_in(self, variable: Variable) -> Secret:
        kind, number = variable
        return secret(kind, stand_in(Placeholder(kind, str(number)), self._seed))

    def _served(self, position: int) -> bool:
        return position in self._groups[self._keys[position]].all.served

    @cached_property
    def _twins(self) -> Twins:
        return Twins(self._loaded, self._shape, self._served)

    @cached_property
    def _made(self) -> Mapping[Secret, Variable]:
        made = (one for one in self._answered if one[0] in MADE_KINDS)
        return {self._stand_in(variable): variable for variable in made}

    def _rebindable(self, group: _Group, live: Sequence[Secret], *, repeat: bool) -> int | None:
        """Return the position served longest ago that fits once its variables are bound anew."""
        for pool in self._least_torn(group, live):
            for positions in (pool.unserved, pool.served if repeat else ()):
                for position in positions:
                    if self._fits_anew(group.variables[position], live):
                        return position
        return None

    def _least_torn(self, group: _Group, live: Sequence[Secret]) -> Iterator[_Pool]:
        """Yield pools to bind anew in: first those that keep what many other requests hold."""
        made_up = self._made_up(group, live)
        if made_up is not None:
            yield made_up
            return
        yield from sorted(self._holding(group, live), key=len, reverse=True)
        yield group.loose

    def _made_up(self, group: _Group, live: Sequence[Secret]) -> _Pool | None:
        """Return the requests that hold an id which an answer made up, where one came in."""
        for place, one in enumerate(live):
            variable = self.variables.variable(one)
            if variable in self._born and variable is not None:
                return group.holding.get((place, variable), _NONE)
        return None

    def _fits_anew(self, variables: Sequence[Variable], live: Sequence[Secret]) -> bool:
        assigned: dict[Variable, Secret] = {}
        for variable, one in zip(variables, live, strict=True):
            born = variable in self._born and self.variables.value(variable) != one
            if born or assigned.setdefault(variable, one) != one:
                return False
        return len(set(assigned.values())) == len(assigned)


_NONE = _Pool()
"""No requests."""
