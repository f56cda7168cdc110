"""Which recorded requests have been served: in pools, so that none is looked for one by one."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field

from tokentape.pure.notation.placeholders import Variable


@dataclass(slots=True)
class Pool:
    """Positions of recorded requests; dicts serve as ordered sets."""

    unserved: dict[int, None] = field(default_factory=OrderedDict)
    """In recorded order. An OrderedDict has its first at hand, however many before it were taken
    out: a plain dict would walk past the places of all these."""
    served: dict[int, None] = field(default_factory=dict)
    """Longest ago first."""
    last: int = -1

    def add(self, position: int) -> None:
        """Append a position, not served yet."""
        self.unserved[position] = None
        self.last = position

    def serve(self, position: int) -> None:
        """Note that a position has been served just now."""
        self.unserved.pop(position, None)
        self.served.pop(position, None)
        self.served[position] = None

    def release(self, position: int) -> None:
        """Let a position count as not served."""
        if position in self.served:
            del self.served[position]
            self.unserved = OrderedDict.fromkeys(sorted((position, *self.unserved)))

    def backwards(self) -> Iterator[int]:
        """Yield the served positions, the last recorded first."""
        if self.last in self.served:
            yield self.last
        yield from sorted(self.served, reverse=True)

    def __len__(self) -> int:
        return len(self.unserved) + len(self.served)


NONE = Pool()
"""No requests."""

Place = tuple[int, Variable]
"""A place in the key, and the variable that a request has there."""


@dataclass(slots=True)
class Group:
    """The recorded requests of one key, in which variables stand twice at the same places."""

    variables: dict[int, tuple[Variable, ...]] = field(default_factory=dict)
    all: Pool = field(default_factory=Pool)
    loose: Pool = field(default_factory=Pool)
    """Those without a variable that an answer made up: only these can be bound anew at will."""
    mixed: set[int] = field(default_factory=set)
    """The places at which a variable does not tell which request it is."""
    _holding: dict[Place, int | Pool] = field(default_factory=dict)
    """Those that have this variable there; one alone, as nearly all are, needs no pool."""

    def add(self, position: int, variables: tuple[Variable, ...], *, loose: bool) -> None:
        """Append a request with these variables in its key."""
        self.variables[position] = variables
        self.all.add(position)
        if loose:
            self.loose.add(position)
        for place in enumerate(variables):
            self._hold(place, position)

    def _hold(self, place: Place, position: int) -> None:
        before = self._holding.get(place)
        if before is None:
            self._holding[place] = position
            return
        self.mixed.add(place[0])
        if isinstance(before, int):
            self._holding[place] = before = self._alone(before)
        before.add(position)

    @property
    def apart(self) -> bool:
        """There is a place at which each has a variable of its own, or there is but one."""
        return len(self.mixed) < len(self.variables[self.all.last]) or len(self.variables) == 1

    def is_barred(self, position: int, place: Place, other: Variable) -> bool:
        """Tell whether a request cannot come to stand where one that was served has `other`.

        That would have to be exchanged for another with this variable there, and there is none.
        """
        return self._holding[place] == position and bool(self.holding((place[0], other)).served)

    def holding(self, place: Place) -> Pool:
        """Return the requests that have this variable there."""
        found = self._holding.get(place, NONE)
        return self._alone(found) if isinstance(found, int) else found

    def _alone(self, position: int) -> Pool:
        if position in self.all.served:
            return Pool({}, {position: None}, position)
        return Pool({position: None}, {}, position)

    def serve(self, position: int) -> None:
        """Note that a request has been served just now."""
        for pool in self._pools(position):
            pool.serve(position)

    def release(self, position: int) -> None:
        """Let a request be served again as if for the first time."""
        for pool in self._pools(position):
            pool.release(position)

    def _pools(self, position: int) -> Iterator[Pool]:
        yield self.all
        if position in self.loose.unserved or position in self.loose.served:
            yield self.loose
        variables = self.variables[position]
        for at in self.mixed:
            found = self._holding[at, variables[at]]
            if not isinstance(found, int):
                yield found
