"""Recorded requests that nothing but their order tells apart, though their responses differ."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from tokentape.pure.cassette.match_key import MatchRules
from tokentape.pure.cassette.model import Interaction
from tokentape.pure.notation.placeholders import Variable
from tokentape.pure.replay.recordings import Recordings


@dataclass(frozen=True, slots=True)
class OrderDependent:
    """Two interactions, by number from 1: a replay in another order would swap their responses."""

    first: int
    second: int

    def __str__(self) -> str:
        return (
            f"interactions {self.first} and {self.second} are one request to every rule, "
            "but their answers differ: only their order tells them apart. Use a published test "
            "value in one of them, keep a field apart (redact.keep, match.headers), or record "
            "them in two cassettes"
        )


_Numbers = tuple[int, ...]
_Request = tuple[int, tuple[tuple[int, int], ...], _Numbers, int]
"""What is the same for requests that are one to every rule."""


def order_dependent(
    recorded: Iterable[Interaction], rules: MatchRules
) -> tuple[OrderDependent, ...]:
    """Return each interaction that only its order tells from an earlier one, with that one.

    Its key tells, and which request sent each of its variables first, as far as that one's key
    tells it from others: in another order, people and ids that are alike would change places.
    A request that names an id is in a story of its own: its repetitions have their order there, as
    the retrieval of a customer before and after a change, and each counts apart.
    """
    pairs: list[OrderDependent] = []
    senders: dict[Variable, tuple[int, int]] = {}
    repetitions: Counter[tuple[int, tuple[Variable, ...]]] = Counter()
    recordings = Recordings(rules)
    first: dict[_Request, tuple[int, Interaction, _Numbers]] = {}
    for number, interaction in enumerate(recorded, 1):
        origin = recordings.add(interaction)
        variables = rules.of_recorded(interaction)[1]
        for place, variable in enumerate(variables):
            senders.setdefault(variable, (origin, place))
        telling = tuple([senders[variable] for variable in variables])
        numbers = _numbered((*variables, *interaction.response_variables))
        repetition = 0
        if any(map(recordings.is_made_id, variables)):
            repetition = repetitions[origin, variables] = repetitions[origin, variables] + 1
        request = origin, telling, numbers[: len(variables)], repetition
        earlier, alike, others = first.setdefault(request, (number, interaction, numbers))
        if numbers != others or interaction.outline.response() != alike.outline.response():
            pairs.append(OrderDependent(earlier, number))
    return tuple(pairs)


def _numbered(variables: Iterable[Variable]) -> _Numbers:
    """Return for each variable how many others came in before it."""
    numbers: dict[Variable, int] = {}
    return tuple([numbers.setdefault(variable, len(numbers)) for variable in variables])
