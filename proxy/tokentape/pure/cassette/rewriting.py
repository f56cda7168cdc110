"""Cassettes as recording the same traffic would write them, and variables of other names.

Fields and headers are in the order of redaction, JSON is pretty-printed, and variables are numbered
by first use. The meaning stays: which values are the same, and in which order requests are served.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence

from tokentape.pure.cassette.model import Interaction, Texts, outlined
from tokentape.pure.http.json_text import Json, begun, enclosed, string
from tokentape.pure.notation.placeholders import Variable, blanked


def rewritten(recorded: Iterable[Interaction]) -> tuple[Interaction, ...]:
    """Return a cassette in the form in which recording writes it."""
    return renumbered(outlined(_ordered(interaction.texts)) for interaction in recorded)


def renumbered(recorded: Iterable[Interaction]) -> tuple[Interaction, ...]:
    """Return a cassette with its variables numbered by first use."""
    numbers: dict[Variable, Variable] = {}
    highest: dict[str, int] = defaultdict(int)

    def number(variable: Variable) -> Variable:
        if variable not in numbers:
            highest[variable[0]] += 1
            numbers[variable] = (variable[0], highest[variable[0]])
        return numbers[variable]

    return tuple(renamed(interaction, number) for interaction in recorded)


def renamed(interaction: Interaction, rename: Callable[[Variable], Variable]) -> Interaction:
    """Return an interaction with its variables renamed, in the order of their use."""
    request_variables = tuple(map(rename, interaction.request_variables))
    response_variables = tuple(map(rename, interaction.response_variables))
    return Interaction(interaction.outline, request_variables, response_variables)


def _ordered(texts: Texts) -> Texts:
    return texts._replace(
        query=_sorted_fields(texts.query),
        request_headers=tuple(sorted(texts.request_headers, key=lambda line: line[0])),
        body=_sorted_fields(texts.body),
        response_headers=tuple(sorted(texts.response_headers, key=lambda line: line[0].lower())),
        text=texts.text and _pretty_printed(texts.text) + "\n",
    )


def _sorted_fields(fields: tuple[str, ...]) -> tuple[str, ...]:
    """Sort fields without regard to the numbers of their variables."""
    return tuple(sorted(fields, key=lambda field: blanked(field)[0]))


class _Number(str):
    """A number of a JSON text, as it is spelled in it: libraries spell the exponent differently."""

    __slots__ = ()


def _pretty_printed(text: str) -> str:
    return _print(json.loads(text, parse_int=_Number, parse_float=_Number), 0)


def _print(value: Json, depth: int) -> str:
    begin = begun(depth + 1)
    if isinstance(value, dict):
        members = (
            f"{begin}{string(key)}: {_print(item, depth + 1)}" for key, item in value.items()
        )
        return enclosed("{", tuple(members), "}", depth)
    if isinstance(value, list):
        return enclosed("[", [begin + _print(item, depth + 1) for item in value], "]", depth)
    return value if isinstance(value, _Number) else json.dumps(value)


class Renaming:
    """Pairs of variables of this and another recording; each variable is in one pair at most.

    The `free` ones of this recording are paired with none: they may be any.
    """

    def __init__(self, free: Collection[Variable] = ()) -> None:
        self._free = free
        self._to_other: dict[Variable, Variable] = {}
        self._from_other: dict[Variable, Variable] = {}

    def to_other(self, variable: Variable) -> Variable | None:
        """Return the variable of the other recording for one of this recording, or None."""
        return self._to_other.get(variable)

    def from_other(self, variable: Variable) -> Variable | None:
        """Return the variable of this recording for one of the other recording, or None."""
        return self._from_other.get(variable)

    def agree(self, variables: Sequence[Variable], counterparts: Sequence[Variable]) -> bool:
        """Pair variables with counterparts, one by one; False, without a change, if impossible.

        >>> names = Renaming()
        >>> names.agree([("name", 1), ("name", 2)], [("name", 5), ("name", 6)])
        True
        >>> names.agree([("name", 1)], [("name", 6)])
        False
        >>> names.to_other(("name", 1))
        ('name', 5)
        """
        pairs = set(zip(variables, counterparts, strict=True))
        pairs = {pair for pair in pairs if pair[0] not in self._free}
        to_other = dict(pairs)
        from_other = {counterpart: variable for variable, counterpart in pairs}
        if not len(pairs) == len(to_other) == len(from_other) or any(
            self._to_other.get(variable, counterpart) != counterpart
            or self._from_other.get(counterpart, variable) != variable
            for variable, counterpart in pairs
        ):
            return False
        self._to_other |= to_other
        self._from_other |= from_other
        return True
