"""What a cassette has recorded, by all that replay looks it up by. Built once, and only read then.

Recorded requests with one match key have one *shape*. Among them, those that name the same ids of
the recording have one *exact key*, and of these, those with the same variables are one *recorded
set*. Two ids are *alike* if the same request made them and was answered alike: who made one could
as well have made the other.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from tokentape.pure.cassette.match_key import MatchRules
from tokentape.pure.cassette.model import Interaction
from tokentape.pure.notation.placeholders import Variable
from tokentape.pure.stripe.kinds import ID_KINDS, MADE_KINDS, NUMBER_KINDS

Ids = tuple[Variable | None, ...]
"""For each value of a key the variable of the recording that made this id, or None."""


@dataclass(slots=True, eq=False)
class RecordedSet:
    """Recorded requests of one key with the same variables."""

    variables: tuple[Variable, ...]
    positions: list[int] = field(default_factory=list)


class ExactKey:
    """The recorded requests of one key that name the same ids of the recording."""

    __slots__ = ("_by_variables", "_holding", "begun", "number", "sets", "text")

    def __init__(self, number: int, text: str) -> None:
        self.number = number
        self.text = text
        self.sets: list[RecordedSet] = []
        """In recorded order."""
        self.begun = False
        """An instance of one of them has begun."""
        self._by_variables: dict[tuple[Variable, ...], RecordedSet] = {}
        self._holding: dict[tuple[int, Variable], list[int]] = {}

    def add(self, position: int, variables: tuple[Variable, ...]) -> None:
        """Append a request with these variables."""
        recorded = self._by_variables.get(variables)
        if recorded is None:
            recorded = self._by_variables[variables] = RecordedSet(variables)
            for place in enumerate(variables):
                self._holding.setdefault(place, []).append(len(self.sets))
            self.sets.append(recorded)
        recorded.positions.append(position)

    def holding(self, place: int, variable: Variable) -> Sequence[int]:
        """Return the numbers of the sets that have a variable at a place."""
        return self._holding.get((place, variable), ())


@dataclass(slots=True)
class Alike:
    """Exact keys that differ in ids that are alike."""

    keys: list[ExactKey] = field(default_factory=list)
    used: int = 0
    """All before this one have begun."""
    _holding: dict[tuple[int, Variable], list[ExactKey]] = field(default_factory=dict)
    """By place and id."""
    _used: dict[tuple[int, Variable], int] = field(default_factory=dict)
    """Of the keys that have an id at a place, how many have begun, from the first on."""

    def add(self, exact: ExactKey, ids: Ids) -> None:
        """Append the key that names these ids."""
        self.keys.append(exact)
        for place, variable in enumerate(ids):
            if variable is not None:
                self._holding.setdefault((place, variable), []).append(exact)

    def holding(self, place: int, variable: Variable, *, begun: bool) -> ExactKey | None:
        """Return a key that names an id at a place, if need be and `begun` one that has begun."""
        held = place, variable
        keys = self._holding.get(held, ())
        used = self._used.get(held, 0)
        while used < len(keys) and keys[used].begun:
            used += 1
        self._used[held] = used
        if used < len(keys):
            return keys[used]
        return keys[0] if keys and begun else None

    def next(self) -> ExactKey:
        """Return the first that has not begun, or else each in turn."""
        while self.used < len(self.keys) and self.keys[self.used].begun:
            self.used += 1
        if self.used < len(self.keys):
            return self.keys[self.used]
        self.keys.append(self.keys.pop(0))
        return self.keys[-1]


@dataclass(slots=True)
class _Shape:
    """The recorded requests of one key, in which values repeat at the same places."""

    exact: dict[Ids, ExactKey] = field(default_factory=dict)
    alike: dict[tuple[object, ...], Alike] = field(default_factory=dict)
    """By where the ids come from."""


class Recordings:
    """The interactions of a cassette."""

    def __init__(self, rules: MatchRules) -> None:
        self._rules = rules
        self._interactions: list[Interaction] = []
        self._origins: list[int] = []
        """By position: the same for requests that are alike, with all the ids that they name."""
        self._numbers_of_origins: dict[object, int] = {}
        self._shapes: dict[tuple[str, tuple[int, ...]], _Shape] = defaultdict(_Shape)
        self._keys = 0
        self._sent: set[Variable] = set()
        self._sent_kinds: set[str] = set()
        self._makers: dict[Variable, int] = {}
        self._spent: set[int] = set()
        self._numbers: dict[Variable, tuple[Variable, int]] = {}
        self._fingerprints: Counter[Variable] = Counter()

    def __len__(self) -> int:
        return len(self._interactions)

    def add(self, interaction: Interaction) -> int:
        """Append an interaction of the cassette.

        Return its origin: the same for requests of one key that name ids which are alike.
        """
        position = len(self._interactions)
        text, variables = self._rules.of_recorded(interaction)
        ids = _or_none([self.is_made_id(each) for each in variables], variables)
        shape = self._shapes[text, repetition(variables)]
        exact = shape.exact.get(ids)
        if exact is None:
            self._keys += 1
            exact = shape.exact[ids] = ExactKey(self._keys, text)
            if ids:
                shape.alike.setdefault(self._origin_of(ids), Alike()).add(exact, ids)
        exact.add(position, variables)
        origin = self._number((text, self._origin_of(ids)))
        self._origins.append(origin)
        self._interactions.append(interaction)
        if interaction.outline.method != "GET":
            self._spent.update(self._makers_of(interaction.request_variables))
        self._sent.update(interaction.request_variables)
        self._sent_kinds.update([kind for kind, _ in interaction.request_variables])
        for variable in interaction.response_variables:
            if variable[0] in MADE_KINDS and variable not in self._sent:
                self._makers.setdefault(variable, position)
                if variable[0] == "fingerprint":
                    self._meet_fingerprint(variable, interaction)
        return origin

    def find(
        self, text: str, keys: Sequence[str], ids: Ids
    ) -> tuple[ExactKey | None, Alike | None]:
        """Return the recorded requests of a key, `keys` being those of its values.

        Where none names these ids, return those that name ids that are alike, if there are any.
        """
        shape = self._shapes.get((text, repetition(keys)))
        if shape is None:
            return None, None
        ids = _or_none(ids, ids)
        exact = shape.exact.get(ids)
        if exact is not None or not ids:
            return exact, None
        alike = shape.alike.get(self._origin_of(ids))
        return (None, alike) if alike is not None else (shape.exact.get(()), None)

    def is_spent(self, position: int) -> bool:
        """Tell whether a later request changes what this one made, or uses it up.

        So nobody else may get the same.
        """
        return position in self._spent

    def _makers_of(self, variables: Sequence[Variable]) -> Iterator[int]:
        """Yield the positions of the POST requests that made ids."""
        for variable in variables:
            position = self._makers.get(variable)
            if position is not None and self._interactions[position].outline.method == "POST":
                yield position

    def key_variables(self, position: int) -> tuple[Variable, ...]:
        """Return the variables of a recorded request, as far as they count."""
        return self._rules.of_recorded(self._interactions[position])[1]

    def is_made_id(self, variable: Variable) -> bool:
        """Tell whether a variable is an id that an answer shows first."""
        return variable[0] in ID_KINDS and variable in self._makers

    def made_ids(self, position: int) -> Iterator[Variable]:
        """Yield the ids that an answer shows first."""
        for variable in self.response_variables(position):
            if self._makers.get(variable) == position and variable[0] in ID_KINDS:
                yield variable

    def maker(self, variable: Variable) -> int | None:
        """Return the position of the answer that shows an id, time or fingerprint first.

        None for what a request had shown before.
        """
        return self._makers.get(variable)

    def is_sent(self, variable: Variable) -> bool:
        """Tell whether a recorded request sends a variable."""
        return variable in self._sent

    def is_sent_kind(self, kind: str) -> bool:
        """Tell whether a recorded request sends any variable of a kind."""
        return kind in self._sent_kinds

    def response_variables(self, position: int) -> tuple[Variable, ...]:
        """Return the variables of a recorded answer."""
        return self._interactions[position].response_variables

    def variables_around(self, variable: Variable) -> tuple[Variable, ...]:
        """Return the variables of the interaction that made one, as far as they count."""
        position = self._makers[variable]
        return (*self.key_variables(position), *self.response_variables(position))

    def number_behind(self, fingerprint: Variable) -> tuple[Variable, int] | None:
        """Return the card or account number that a fingerprint was made from, if it is known.

        And how many other fingerprints of that number were recorded before.
        """
        return self._numbers.get(fingerprint)

    def _number(self, origin: object) -> int:
        """Return a number for an origin: those of ids would be nested in each other without end."""
        return self._numbers_of_origins.setdefault(origin, len(self._numbers_of_origins))

    def _origin_of(self, ids: Ids) -> tuple[object, ...]:
        """Return where ids come from: the request that made each, its answer, the place in it."""
        origins: list[object] = []
        for variable in ids:
            if variable is None:
                origins.append(None)
                continue
            position = self._makers[variable]
            interaction = self._interactions[position]
            place = interaction.response_variables.index(variable)
            origin = self._origins[position], interaction.outline.response(), place
            origins.append(self._number(origin))
        return tuple(origins)

    def _meet_fingerprint(self, variable: Variable, interaction: Interaction) -> None:
        numbers = {each for each in interaction.request_variables if each[0] in NUMBER_KINDS}
        if len(numbers) == 1 and variable not in self._numbers:
            (number,) = numbers
            self._numbers[variable] = number, self._fingerprints[number]
            self._fingerprints[number] += 1


def _or_none(chosen: Sequence[object], variables: Sequence[Variable | None]) -> Ids:
    """Return the chosen variables in their places; nothing where none is chosen."""
    if not any(chosen):
        return ()
    return tuple([each if choose else None for choose, each in zip(chosen, variables, strict=True)])


def repetition(values: Sequence[object]) -> tuple[int, ...]:
    """Return which values are one: for each, the place of the first; nothing if none repeats.

    >>> repetition(["a", "b", "a"])
    (0, 1, 0)
    """
    if len(set(values)) == len(values):
        return ()
    first: dict[object, int] = {}
    return tuple([first.setdefault(value, place) for place, value in enumerate(values)])
