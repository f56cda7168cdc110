"""The differences between a recorded response and a new one, both redacted, field by field.

Numbers of variables are not compared. But equal values must still be equal: a recorded variable is
the same new variable in all responses.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from tokentape.pure.cassette.model import Interaction, Texts
from tokentape.pure.cassette.rewriting import Renaming
from tokentape.pure.http.json_text import Json
from tokentape.pure.notation.placeholders import Placeholder, blanked, substitute


@dataclass(frozen=True, slots=True)
class Difference:
    """The redacted values of one field of a response; None where the field is absent."""

    path: str
    recorded: str | None
    now: str | None

    def __str__(self) -> str:
        if self.recorded is None:
            return f"added    {self.path}: {self.now}"
        if self.now is None:
            return f"removed  {self.path}: {self.recorded}"
        return f"changed  {self.path}: {self.recorded} → {self.now}"


def differences(recorded: Interaction, now: Interaction, names: Renaming) -> tuple[Difference, ...]:
    """Compare the responses to one request; adds pairs of variables to `names`."""
    if recorded.outline.request() == now.outline.request():
        names.agree(recorded.request_variables, now.request_variables)
    compare = _Comparison(names).node
    heads = compare(_head(recorded.texts), _head(now.texts), "")
    return (*heads, *compare(_body(recorded.texts), _body(now.texts), ""))


def _body(texts: Texts) -> Json:
    return json.loads(texts.text or "null")


def _head(texts: Texts) -> dict[str, Json]:
    head: dict[str, Json] = {"status": texts.status}
    for name, text in texts.response_headers:
        before = head.get(f"header {name}")
        head[f"header {name}"] = text if before is None else f"{before}, {text}"
    return head


@dataclass(frozen=True, slots=True)
class _Comparison:
    names: Renaming

    def node(self, recorded: Json, now: Json, path: str) -> Iterator[Difference]:
        """Yield the differences between two JSON values at a path."""
        if type(recorded) is type(now) and isinstance(recorded, (dict, list)):
            yield from self._members(_by_name(recorded), _by_name(now), path and f"{path}.")
        elif not self._same(recorded, now):
            yield Difference(path or "body", _shown(recorded), self._shown_now(now))

    def _members(
        self, recorded: Mapping[str, Json], now: Mapping[str, Json], prefix: str
    ) -> Iterator[Difference]:
        paired, added = self._paired(recorded, now)
        for key, value in recorded.items():
            if key in paired:
                yield from self.node(value, paired[key], prefix + key)
            else:
                yield Difference(prefix + key, _shown(value), None)
        for key, value in added:
            yield Difference(prefix + key, None, self._shown_now(value))

    def _paired(
        self, recorded: Mapping[str, Json], now: Mapping[str, Json]
    ) -> tuple[dict[str, Json], list[tuple[str, Json]]]:
        """Return the new members by their recorded keys, and those without a recorded key.

        Redacted keys that have no pair yet are paired in order: nothing else distinguishes them.
        """
        names = {key: self._with_recorded_names(key) for key in now}
        unpaired = [key for key in recorded if "{{" in key and key not in names.values()]
        paired: dict[str, Json] = {}
        added: list[tuple[str, Json]] = []
        for key, value in now.items():
            candidates = (name for name in unpaired if name not in paired and self._same(name, key))
            name = names[key] if names[key] in recorded else next(candidates, None)
            if name is None:
                added.append((names[key], value))
            else:
                paired[name] = value
        return paired, added

    def _same(self, recorded: Json, now: Json) -> bool:
        if not (isinstance(recorded, str) and isinstance(now, str)):
            return type(recorded) is type(now) and bool(recorded == now)
        (text, variables), (text_now, variables_now) = blanked(recorded), blanked(now)
        return text == text_now and self.names.agree(variables, variables_now)

    def _shown_now(self, value: Json) -> str:
        return self._with_recorded_names(_shown(value))

    def _with_recorded_names(self, text: str) -> str:
        """Replace new variables by the recorded ones; a variable without a pair has no number."""

        def fill(placeholder: Placeholder) -> str:
            if not placeholder.number:
                return str(placeholder)
            variable = self.names.from_other((placeholder.kind, int(placeholder.number)))
            return str(replace(placeholder, number=str(variable[1]) if variable else ""))

        return substitute(text, fill)


def _by_name(container: Json) -> Mapping[str, Json]:
    """Return the items of an object by name, those of a list by position."""
    if isinstance(container, dict):
        return container
    return {str(position): item for position, item in enumerate(container)}


def _shown(value: Json) -> str:
    if isinstance(value, (dict, list)) and value:
        return "{…}" if isinstance(value, dict) else "[…]"
    return json.dumps(value)
