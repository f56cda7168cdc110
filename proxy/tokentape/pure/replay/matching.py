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

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from tokentape.pure.cassette.model import Interaction, Owners, Shape, Variables
from tokentape.pure.notation.placeholders import Placeholder, Variable
from tokentape.pure.notation.sealed import SealedRequest
from tokentape.pure.replay.pools import Group, Pool
from tokentape.pure.replay.stand_ins import stand_in
from tokentape.pure.replay.twins import Names, Places, Twins
from tokentape.pure.stripe.kinds import MADE_KINDS, Secret, secret

_LOOKED_AT = 20
"""Requests that are tried with twins changed over: no request must hold up other clients."""

_ORDERS = 24
"""Orders of fields that look alike which are tried: all of four fields."""

_Repeated = tuple[int, ...]
"""For each variable or secret of a request where it stands first; nothing if none stands twice."""


@dataclass(frozen=True, slots=True)
class Match:
    """The interaction that answers, by its position in the cassette."""

    position: int
    rebound: bool = False


class Session:
    """One replay of a cassette: what has been served, and what its variables stand for."""

    def __init__(self, shape: Shape, seed: str) -> None:
        self.variables = Variables()
        self.exchanges: list[Places] = []
        """Which positions changed places, in turn: for whoever keeps account by position."""
        self._shape = shape
        self._seed = seed
        self._count = 0
        self._groups: dict[tuple[str, _Repeated], Group] = {}
        self._places: list[Group] = []
        """By position."""
        self._answered: dict[Variable, int] = {}
        """Variables that answers make up, and the position of the first that does: a client learns
        their value from us, or nowhere."""
        self._known_elsewhere: set[Variable] = set()
        """Those of them that a client sends though we are not all it has them from."""
        self._asked: set[Variable] = set()
        self._asked_kinds: set[str] = set()
        """Those of them that answers make up."""
        self._loaded: list[Interaction] = []
        self._recorded: dict[tuple[str, tuple[Variable | None, ...]], int] = {}
        """Of what was recorded just now, the last position for each request."""
        self._pinned: set[Variable] = set()
        """The variables in it: on disk they stand for the values that they stand for now."""
        self._twins = Twins(self._loaded, shape, self._places, self._answered)
        self._served_again: list[int] = []
        """Positions served once more, not noted in their pools: it seldom matters."""
        self._servings = 0
        """How often any was."""
        self._noted = 0
        """How often that was when it was noted last."""
        self._last_serving = array("Q")
        """By position: how often it was when this one was. No dict, for its growth takes 30 ms."""
        self._turns = 0
        self._upheavals = 0

    @property
    def turn(self) -> int:
        """Grows whenever a request might be answered otherwise than it was just before."""
        return self._turns + self.variables.turns

    @property
    def era(self) -> int:
        """Grows whenever a request might be answered otherwise than was certain (`is_certain`)."""
        return self._upheavals + self.variables.upheavals

    def add(self, one: Interaction) -> None:
        """Append an interaction of the cassette."""
        assert len(self._loaded) == self._count, "what is recorded comes after what is loaded"
        key, variables = self._shape.recorded(one)
        self._meet(one, self._count)
        self._loaded.append(one)
        self._last_serving.append(0)
        loose = not any(map(self._is_born, variables))
        group = self._groups.setdefault((key, _repeated(variables)), Group())
        group.add(self._count, variables, loose=loose)
        group.mixed.update(at for at, one in enumerate(variables) if self._is_shown_unbound(one))
        self._places.append(group)
        self._count += 1

    def add_recorded(self, one: Interaction) -> None:
        """Append what was recorded just now, its variables bound.

        It answers the very same request again. It is not bound anew: another person's request is
        one to record, not one that the cassette knew.
        """
        self._recorded[self._shape.recorded(one)] = self._count
        self._pinned.update(one.asked, one.answered)
        self._count += 1
        self._turns += 1
        self._upheavals += 1

    def _meet(self, one: Interaction, position: int) -> None:
        self.variables.reserve((*one.asked, *one.answered))
        for variable in one.asked:
            if self._is_born(variable):
                if variable[0] in MADE_KINDS:
                    self.variables.bind(variable, self._stand_in(variable))
                else:  # a client may know it from elsewhere
                    self._known_elsewhere.add(variable)
            if variable[0] in MADE_KINDS:
                self._asked_kinds.add(variable[0])
        self._asked.update(one.asked)
        for variable in one.answered:
            if variable not in self._asked:
                self._answered.setdefault(variable, position)

    def _is_born(self, variable: Variable) -> bool:
        return variable in self._answered and variable not in self._known_elsewhere

    def match(self, asked: SealedRequest, *, repeat: bool, rebind: bool) -> Match | None:
        """Return the recorded answer to a request and bind its variables; None for a miss.

        `repeat`: when all that fit have been served, the last of them answers again. `rebind`:
        when none fits, one whose variables can be bound anew does.
        """
        live = self._ordered(asked)
        group = self._group(asked.look.key, live)
        recorded = self._again(asked.look.key, live) if repeat else None
        if group is None:
            return recorded
        position = self._first(group, live) if group.all.unserved else None
        if position is None and recorded:
            return recorded
        if position is None and repeat:
            position = self._last(group, live)
        rebound = position is None and rebind
        if rebound:
            position = self._rebindable(group, live, repeat=repeat)
        if position is None:
            return None
        for variable, one in zip(group.variables[position], live, strict=True):
            self.variables.bind(variable, one)
        self._serve(position)
        return Match(position, rebound)

    def _group(self, key: str, live: Sequence[Secret]) -> Group | None:
        return self._groups.get((key, _repeated(live)))

    def _ordered(self, asked: SealedRequest) -> tuple[Secret, ...]:
        """Return the secrets of a request, in an order in which something fits if anything does."""
        if not asked.look.alike:
            return asked.look.secrets
        orders = tuple(islice(self._shape.orders(asked, self.variables), _ORDERS))
        if len(orders) == 1:
            return orders[0]
        fits = (one for one in orders if self._fits_as_bound(asked.look.key, one))
        return next(fits, orders[0])

    def _fits_as_bound(self, key: str, live: Sequence[Secret]) -> bool:
        group = self._group(key, live)
        if group is None:
            return False
        return self._consistent(group, live) is not None or self._last(group, live) is not None

    def _again(self, key: str, live: Sequence[Secret]) -> Match | None:
        """Return what was recorded just now for the very same request."""
        if not self._recorded:
            return None
        position = self._recorded.get((key, self.variables.owners(live)))
        return None if position is None else Match(position)

    def is_certain(self, asked: SealedRequest, position: int) -> bool:
        """Tell whether a request just answered gets the same answer again in this era.

        That is so, whatever else is asked, if all that the answer quotes is bound, and if no other
        request can take its place: all others are recorded with another variable where this has
        its own, so they are barred from it; or none of them is yet to be served.
        """
        if position >= len(self._loaded) or self._again(asked.look.key, asked.look.secrets):
            return False
        if asked.look.alike or not all(map(self._is_known, self._loaded[position].answered)):
            return False
        group = self._places[position]
        if group.all.unserved:
            return group.apart
        return self._last(group, asked.look.secrets) == position

    def _is_known(self, variable: Variable) -> bool:
        return self.variables.value(variable) is not None or self._is_born(variable)

    def _is_shown_unbound(self, variable: Variable) -> bool:
        """Tell whether a client may read a variable's stand-in before it is bound."""
        return variable in self._answered and not self._is_known(variable)

    def serve_again(self, position: int) -> None:
        """Note that the answer of a position that was served before is given once more."""
        if position >= len(self._loaded):
            return
        if self._last_serving[position] <= self._noted:
            self._served_again.append(position)
        self._servings += 1
        self._last_serving[position] = self._servings

    def release(self, position: int) -> None:
        """Let a position be served again: its answer did not reach the client."""
        if position >= len(self._loaded):
            return
        self._note_served_again()
        self._turns += 1
        self._upheavals += 1
        self._places[position].release(position)
        self._twins.forget(position)

    def _serve(self, position: int) -> None:
        group = self._places[position]
        if position in group.all.served:
            self.serve_again(position)
            return
        self._note_served_again()
        self._turns += 1
        group.serve(position)
        self._twins.note(position)
        self._bind_made(position)

    def _bind_made(self, position: int) -> None:
        """Bind the ids that a client reads in an answer, if it is to send any of the kind."""
        for variable in self._loaded[position].answered:
            if variable[0] in self._asked_kinds and self.variables.value(variable) is None:
                self.variables.bind(variable, self._stand_in(variable))

    def _note_served_again(self) -> None:
        if self._served_again:
            for position in sorted(self._served_again, key=self._last_serving.__getitem__):
                self._places[position].serve(position)
            self._served_again.clear()
            self._noted = self._servings

    def _first(self, group: Group, live: Sequence[Secret]) -> int | None:
        """Return the first unserved position that fits, as things are bound or can be seen."""
        position = self._consistent(group, live)
        return self._changed(group, live) if position is None else position

    def _consistent(self, group: Group, live: Sequence[Secret]) -> int | None:
        owners = self.variables.owners(live)
        for position in self._closest(group, owners).unserved:
            if self._fits(group.variables[position], owners):
                return position
        return None

    def _last(self, group: Group, live: Sequence[Secret]) -> int | None:
        """Return the last position, served before, that fits as things are bound.

        There every value stands for the variable that it is bound to.
        """
        owners = self.variables.owners(live)
        if None in owners:
            return None  # a value not met before fits no request that was served
        served = self._closest(group, owners).backwards()
        return next((one for one in served if group.variables[one] == owners), None)

    def _closest(self, group: Group, owners: Owners) -> Pool:
        """Return the smallest pool that holds all requests which fit as things are bound."""
        if not owners:
            return group.all
        return min(self._holding(group, owners), key=len, default=group.loose)

    def _holding(self, group: Group, owners: Owners) -> Iterator[Pool]:
        """Yield the requests that hold a variable which a live value is bound to, for each."""
        for place, owner in enumerate(owners):
            if owner is not None:
                yield group.holding((place, owner))

    def _fits(self, variables: Sequence[Variable], owners: Owners) -> bool:
        """Tell whether variables can stand for values: as bound, or both being new.

        Where one stands twice, so does the other: they would not be of one group.
        """
        for variable, owner in zip(variables, owners, strict=True):
            if owner != variable and (owner or self.variables.value(variable) is not None):
                return False
        return True

    def _changed(self, group: Group, live: Sequence[Secret]) -> int | None:
        """Return the first position that fits once twins have changed places."""
        for position in tuple(islice(group.all.unserved, _LOOKED_AT)):
            if self._can_stand_for(position, group.variables[position], live):
                return position
        return None

    def _can_stand_for(
        self, position: int, variables: Sequence[Variable], live: Sequence[Secret]
    ) -> bool:
        """Let twins change places if need be, so that a position fits; it stays unserved."""
        if self._is_barred(position, variables, live):
            return False
        for variable, one in zip(variables, live, strict=True):
            value, owner = self._now(variable), self.variables.variable(one)
            if value != one and (value is not None or owner is not None):
                found = self._twins.exchange(variable, owner, position)
                if found is None or not self._pinned.isdisjoint(found[1]):
                    return False
                self._exchange(*found)
        return self._fits(variables, self.variables.owners(live))

    def _is_barred(
        self, position: int, variables: Sequence[Variable], live: Sequence[Secret]
    ) -> bool:
        """Tell whether no exchange can make a position fit; so none is made in vain."""
        group = self._places[position]
        for place, one in enumerate(zip(variables, live, strict=True)):
            owner = self.variables.variable(one[1])
            if owner not in (None, one[0]) and group.is_barred(position, (place, one[0]), owner):
                return True
        return False

    def _exchange(self, places: Places, names: Names) -> None:
        values = {names[variable]: self._now(variable) for variable in names}
        served = [places[here] for here in places if self._served(here)]
        self._note_served_again()
        for here in places:
            self.release(here)
        for there in served:
            self._serve(there)
        self.variables.exchange(values)
        self.exchanges.append(places)

    def _now(self, variable: Variable) -> Secret | None:
        """Return what a variable stands for; clients have read stand-ins of what answers make."""
        value = self.variables.value(variable)
        return self._stand_in(variable) if value is None and variable in self._answered else value

    def _stand_in(self, variable: Variable) -> Secret:
        kind, number = variable
        return secret(kind, stand_in(Placeholder(kind, str(number)), self._seed))

    def _served(self, position: int) -> bool:
        return position in self._places[position].all.served

    def _rebindable(self, group: Group, live: Sequence[Secret], *, repeat: bool) -> int | None:
        """Return the position served longest ago that fits once its variables are bound anew."""
        owners = self.variables.owners(live)
        for pool in self._least_torn(group, owners):
            if repeat and pool.served:
                self._note_served_again()
            for positions in (pool.unserved, pool.served if repeat else ()):
                for position in positions:
                    if self._fits_anew(group.variables[position], owners):
                        return position
        return None

    def _least_torn(self, group: Group, owners: Owners) -> Iterator[Pool]:
        """Yield pools to bind anew in: first those that keep what many other requests hold."""
        made_up = self._made_up(group, owners)
        if made_up is not None:
            yield made_up
            return
        yield from sorted(self._holding(group, owners), key=len, reverse=True)
        yield group.loose

    def _made_up(self, group: Group, owners: Owners) -> Pool | None:
        """Return the requests that hold an id which an answer made up, where one came in."""
        for place, owner in enumerate(owners):
            if owner is not None and self._is_born(owner):
                return group.holding((place, owner))
        return None

    def _fits_anew(self, variables: Sequence[Variable], owners: Owners) -> bool:
        """Tell whether variables can be bound to other values than now."""
        for variable, owner in zip(variables, owners, strict=True):
            stays = self._is_born(variable) or not self._pinned.isdisjoint((variable, owner))
            if stays and owner != variable:
                return False
        return True


def _repeated(ones: Sequence[Variable | Secret]) -> _Repeated:
    """Return which are one: only requests in which the same are can fit each other."""
    if len(set(ones)) == len(ones):
        return ()
    first: dict[Variable | Secret, int] = {}
    return tuple([first.setdefault(one, place) for place, one in enumerate(ones)])
