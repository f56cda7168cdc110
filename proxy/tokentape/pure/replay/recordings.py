"""What a cassette has recorded, by all that replay looks it up by. Built once, and only read then.

Recorded requests with one match key have one *shape*. Among them, those that name the same ids of
the recording have one *exact key*, and of these, those with the same variables are one *recorded
set*. Two ids are *alike* if the same request made them and was answered alike: who made one could
as well have made the other.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
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
class _Alike:
    """Exact keys that differ in ids that are alike."""

    keys: list[ExactKey] = field(default_factory=list)
    used: int = 0
    """All before this one have begun."""

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
    alike: dict[tuple[object, ...], _Alike] = field(default_factory=dict)
    """By where the ids come from."""


class Recordings:
    """The interactions of a cassette, and what was recorded since."""

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
        self._numbers: dict[Variable, tuple[Variable, int]] = {}
        self._fingerprints: Counter[Variable] = Counter()

    def __len__(self) -> int:
        return len(self._interactions)

    def add(self, interaction: Interaction) -> int:
        """Append an interaction that may be played.

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
                shape.alike.setdefault(self._origin_of(ids), _Alike()).keys.append(exact)
        exact.add(position, variables)
        origin = self._number((text, self._origin_of(ids)))
        self._origins.append(origin)
        self.add_recorded(interaction)
        return origin

    def add_recorded(self, interaction: Interaction) -> int:
        """Append an interaction, and return its position."""
        position = len(self._interactions)
        self._interactions.append(interaction)
        self._sent.update(interaction.request_variables)
        self._sent_kinds.update([kind for kind, _ in interaction.request_variables])
        for variable in interaction.response_variables:
            if variable[0] in MADE_KINDS and variable not in self._sent:
                self._makers.setdefault(variable, position)
                if variable[0] == "fingerprint":
                    self._meet_fingerprint(variable, interaction)
        return position

    def find(self, text: str, keys: Sequence[str], ids: Ids) -> tuple[ExactKey | None, bool]:
        """Return the recorded requests of a key, `keys` being those of its values.

        Where none names these ids but some name ids that are alike, return those, and True.
        """
        shape = self._shapes.get((text, repetition(keys)))
        if shape is None:
            return None, False
        ids = _or_none(ids, ids)
        exact = shape.exact.get(ids)
        if exact is not None or not ids:
            return exact, False
        alike = shape.alike.get(self._origin_of(ids))
        if alike is not None:
            return alike.next(), True
        return shape.exact.get(()), False

    def is_made_id(self, variable: Variable) -> bool:
        """Tell whether a variable is an id that an answer shows first."""
        return variable[0] in ID_KINDS and variable in self._makers

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
        interaction = self._interactions[self._makers[variable]]
        return (*self._rules.of_recorded(interaction)[1], *interaction.response_variables)

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
