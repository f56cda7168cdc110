"""Recorded requests that nothing but their order tells apart, though their answers differ."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from proxy.pure.cassette import (
    Interaction,
    Shape,
)
from proxy.pure.placeholders import Placeholder, Variable, substitute


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


def order_dependent(recorded: Sequence[Interaction], shape: Shape) -> tuple[OrderDependent, ...]:
    """Return each interaction that only its order tells from an earlier one, with that one."""
    keys = [shape.recorded(one) for one in recorded]
    anchors = _anchors(recorded, [key for key, _ in keys])
    groups: dict[tuple[object, ...], list[int]] = defaultdict(list)
    for index, (key, variables) in enumerate(keys):
        told = tuple(one if anchors[one] != key else None for one in variables)
        same = tuple(variables.index(one) for one in variables)
        groups[key, told, same].append(index)
    return tuple(
        OrderDependent(group[0] + 1, index + 1)
        for group in groups.values()
        for index in group[1:]
        if _answer(recorded[index], shape) != _answer(recorded[group[0]], shape)
    )


def _anchors(recorded: Sequence[Interaction], keys: Sequence[str]) -> dict[Variable, str]:
    """Return where each variable comes in first: the key of that request, or "" for an answer.

    A variable that comes in elsewhere is bound by then, and so tells requests of this key apart.
    """
    anchors: dict[Variable, str] = {}
    for one, key in zip(recorded, keys, strict=True):
        for variable in one.asked:
            anchors.setdefault(variable, key)
        for variable in one.answered:
            anchors.setdefault(variable, "")
    return anchors


def _answer(one: Interaction, shape: Shape) -> tuple[object, ...]:
    """Return an answer with its variables renamed by what the request calls them."""
    _, asked = shape.recorded(one)
    names: dict[Variable, str] = {}
    for variable in asked:
        names.setdefault(variable, f"asked {len(names)}")

    def rename(found: Placeholder) -> str:
        if not found.number:
            return str(found)
        variable = (found.kind, int(found.number))
        return f"<{found.kind} {names.setdefault(variable, f'made {len(names)}')} {found.slot}>"

    said = one.texts
    lines = tuple((name, substitute(text, rename)) for name, text in said.response_headers)
    return said.status, lines, substitute(said.text, rename)
