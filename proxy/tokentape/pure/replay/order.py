"""Recorded requests that nothing but their order tells apart, though their answers differ."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from tokentape.pure.cassette.model import Interaction, Shape
from tokentape.pure.notation.placeholders import Variable


@dataclass(frozen=True, slots=True)
class OrderDependent:
    """Two interactions, by number from 1: a replay that asks in another order gets them swapped."""

    first: int
    second: int

    def __str__(self) -> str:
        return (
            f"interactions {self.first} and {self.second} are one request to every rule, "
            "but their answers differ: only their order tells them apart. Use a published test "
            "value in one of them, keep a field apart (redact.keep, match.headers), or record "
            "them in two cassettes"
        )


def order_dependent(recorded: Iterable[Interaction], shape: Shape) -> tuple[OrderDependent, ...]:
    """Return each interaction that only its order tells from an earlier one, with that one."""
    found: list[OrderDependent] = []
    anchors: dict[Variable, str] = {}
    first: dict[_Request, tuple[int, Interaction, _Numbers]] = {}
    for number, one in enumerate(recorded, 1):
        key, variables = shape.recorded(one)
        _anchor(one, key, anchors)
        told = tuple([each if anchors[each] != key else None for each in variables])
        numbers = _counted_off((*variables, *one.answered))
        request = key, told, numbers[: len(variables)]
        earlier, like, others = first.setdefault(request, (number, one, numbers))
        if numbers != others or _answer(one) != _answer(like):
            found.append(OrderDependent(earlier, number))
    return tuple(found)


def _anchor(one: Interaction, key: str, anchors: dict[Variable, str]) -> None:
    """Note where variables come in first: the key of that request, or "" for an answer.

    A variable that comes in elsewhere is bound by then, and so tells requests of this key apart.
    """
    for variable in one.asked:
        anchors.setdefault(variable, key)
    for variable in one.answered:
        anchors.setdefault(variable, "")


_Numbers = tuple[int, ...]

_Request = tuple[str, tuple[Variable | None, ...], _Numbers]
"""What is the same for requests that are one to every rule."""


def _counted_off(variables: Iterable[Variable]) -> _Numbers:
    """Return for each variable how many others came in before it."""
    numbers: dict[Variable, int] = {}
    return tuple([numbers.setdefault(one, len(numbers)) for one in variables])


def _answer(one: Interaction) -> tuple[object, ...]:
    said = one.outline
    return said.status, said.response_headers, said.text
