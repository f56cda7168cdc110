"""What changed between a recorded answer and one of today, both redacted, field by field.

Numbers of variables do not count, but which values are the same does: a recorded variable is one
value of today in all answers.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from tokentape.pure.cassette.model import Interaction, Lines
from tokentape.pure.cassette.renaming import Renaming
from tokentape.pure.http.json_text import Json
from tokentape.pure.notation.placeholders import Placeholder, blanked, substitute


@dataclass(frozen=True, slots=True)
class Difference:
    """A place in an answer and what stands there, redacted; None where the field is not there."""

    place: str
    recorded: str | None
    now: str | None

    def __str__(self) -> str:
        if self.recorded is None:
            return f"added    {self.place}: {self.now}"
        if self.now is None:
            return f"removed  {self.place}: {self.recorded}"
        return f"changed  {self.place}: {self.recorded} → {self.now}"


def differences(recorded: Interaction, now: Interaction, names: Renaming) -> tuple[Difference, ...]:
    """Compare the answers of one request; `names` learns which variables of today are which."""
    if recorded.outline.request() == now.outline.request():
        names.agree(recorded.asked, now.asked)
    walk, texts = _Walk(names), (recorded.texts, now.texts)
    head, today = ({"status": one.status} | _headers(one.response_headers) for one in texts)
    body, body_now = (json.loads(one.text or "null") for one in texts)
    return (*walk.node(head, today, ""), *walk.node(body, body_now, ""))


def _headers(lines: Lines) -> dict[str, Json]:
    found: dict[str, list[str]] = {}
    for name, text in lines:
        found.setdefault(f"header {name}", []).append(text)
    return {name: ", ".join(texts) for name, texts in found.items()}


@dataclass(frozen=True, slots=True)
class _Walk:
    names: Renaming

    def node(self, recorded: Json, now: Json, place: str) -> Iterator[Difference]:
        """Yield what differs from one place in an answer downwards."""
        if isinstance(recorded, dict) and isinstance(now, dict):
            yield from self._members(recorded, now, place)
        elif isinstance(recorded, list) and isinstance(now, list):
            yield from self._members(_by_place(recorded), _by_place(now), place)
        elif not self._same(recorded, now):
            yield Difference(place or "body", _shown(recorded), self._today(now))

    def _members(
        self, recorded: Mapping[str, Json], now: Mapping[str, Json], place: str
    ) -> Iterator[Difference]:
        kept, added = self._paired(recorded, now)
        for key, value in recorded.items():
            if key in kept:
                yield from self.node(value, kept[key], _inside(place, key))
            else:
                yield Difference(_inside(place, key), _shown(value), None)
        for key, value in added:
            yield Difference(_inside(place, key), None, self._today(value))

    def _paired(
        self, recorded: Mapping[str, Json], now: Mapping[str, Json]
    ) -> tuple[dict[str, Json], list[tuple[str, Json]]]:
        """Return today's members by their recorded keys, and those that are new.

        Redacted keys not met before are taken in their order: nothing else tells them apart.
        """
        names = {key: self._text(key) for key in now}
        free = [key for key in recorded if "{{" in key and key not in names.values()]
        kept: dict[str, Json] = {}
        added: list[tuple[str, Json]] = []
        for key, value in now.items():
            like = (one for one in free if one not in kept and self._same(one, key))
            name = names[key] if names[key] in recorded else next(like, None)
            if name is None:
                added.append((names[key], value))
            else:
                kept[name] = value
        return kept, added

    def _same(self, recorded: Json, now: Json) -> bool:
        if not (isinstance(recorded, str) and isinstance(now, str)):
            return type(recorded) is type(now) and bool(recorded == now)
        (looks, variables), (looks_now, variables_now) = blanked(recorded), blanked(now)
        return looks == looks_now and self.names.agree(variables, variables_now)

    def _today(self, value: Json) -> str:
        return self._text(_shown(value))

    def _text(self, text: str) -> str:
        """Return a text of today by recorded names; variables that have none show no number."""

        def fill(found: Placeholder) -> str:
            if not found.number:
                return str(found)
            known = self.names.here((found.kind, int(found.number)))
            number = str(known[1]) if known else ""
            return str(replace(found, number=number))

        return substitute(text, fill)


def _by_place(items: list[Json]) -> dict[str, Json]:
    return {str(index): value for index, value in enumerate(items)}


def _inside(place: str, key: str) -> str:
    return f"{place}.{key}" if place else key


def _shown(value: Json) -> str:
    if isinstance(value, (dict, list)) and value:
        return "{…}" if isinstance(value, dict) else "[…]"
    return json.dumps(value)
