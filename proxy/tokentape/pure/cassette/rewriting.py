"""Cassettes as recording the same traffic would write them.

Fields and headers in the order in which redaction puts them, JSON in its one print, variables
numbered by first use. The meaning stays: which values are the same, and in which order requests
are served.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import replace

from tokentape.pure.cassette.model import Interaction, Texts, outlined
from tokentape.pure.http.json_text import Json, begun, enclosed, string
from tokentape.pure.notation.placeholders import Variable, blanked

Rename = Callable[[Variable], Variable]


def rewritten(recorded: Iterable[Interaction]) -> tuple[Interaction, ...]:
    """Return a cassette in the form in which recording writes it."""
    return renumbered(outlined(_ordered(one.texts)) for one in recorded)


def renumbered(recorded: Iterable[Interaction]) -> tuple[Interaction, ...]:
    """Return a cassette with its variables numbered by first use."""
    numbers: dict[Variable, Variable] = {}
    highest: dict[str, int] = defaultdict(int)

    def number(variable: Variable) -> Variable:
        if variable not in numbers:
            highest[variable[0]] += 1
            numbers[variable] = (variable[0], highest[variable[0]])
        return numbers[variable]

    return tuple(renamed(one, number) for one in recorded)


def renamed(one: Interaction, rename: Rename) -> Interaction:
    """Return an interaction with its variables renamed, asked for in the order of their use."""
    asked = tuple(map(rename, one.request_variables))
    return replace(
        one, request_variables=asked, response_variables=tuple(map(rename, one.response_variables))
    )


def _ordered(one: Texts) -> Texts:
    return replace(
        one,
        query=_entries(one.query),
        request_headers=tuple(sorted(one.request_headers, key=lambda line: line[0])),
        body=_entries(one.body),
        response_headers=tuple(sorted(one.response_headers, key=lambda line: line[0].lower())),
        text=_printed(one.text),
    )


def _entries(entries: tuple[str, ...]) -> tuple[str, ...]:
    """Sort fields by how they look; those that look the same stay in their order."""
    return tuple(sorted(entries, key=lambda entry: blanked(entry)[0]))


class _Number(str):
    """A number of a JSON text, spelled as it stands there."""

    __slots__ = ()


def _printed(text: str) -> str:
    if not text:
        return text
    return _print(json.loads(text, parse_int=_Number, parse_float=_Number), 0) + "\n"


def _print(value: Json, depth: int) -> str:
    begin = begun(depth + 1)
    if isinstance(value, dict):
        members = [
            f"{begin}{string(key)}: {_print(inside, depth + 1)}" for key, inside in value.items()
        ]
        return enclosed("{", members, "}", depth)
    if isinstance(value, list):
        items = [begin + _print(inside, depth + 1) for inside in value]
        return enclosed("[", items, "]", depth)
    if isinstance(value, _Number):
        return value
    return string(value) if isinstance(value, str) else json.dumps(value)
