"""A recorded request as it can be sent again: its placeholders filled as a client would.

Published values as they are, what the upstream made up as it made it up this time, and a
well-formed stand-in of the same class for everything else: what was not published then is not now.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from urllib.parse import quote, quote_plus

from tokentape.pure.cassette.model import Interaction, Numbering
from tokentape.pure.cassette.rewriting import Renaming
from tokentape.pure.http.messages import Request
from tokentape.pure.notation.placeholders import Placeholder, Variable, parts
from tokentape.pure.stripe.kinds import MADE_KINDS, SLOTS, stand_in
from tokentape.pure.stripe.published import Published

Fill = Callable[[Placeholder], str]
"""Returns the text to send for a placeholder."""


@dataclass(frozen=True, slots=True)
class Refilling:
    """What placeholders are filled from: values of this time, keys by class, public values."""

    names: Renaming
    """Recorded variables by their names of this time."""
    numbering: Numbering
    keys: Mapping[str, str] = field(repr=False)
    published: Published
    seed: str

    def __call__(self, placeholder: Placeholder) -> str:
        """Return the text to send for a placeholder."""
        kind, slot = placeholder.kind, placeholder.slot
        text = self.keys[placeholder.name] if kind == "key" else self._value(placeholder)
        return SLOTS[kind][slot](text) if slot else text

    def _value(self, placeholder: Placeholder) -> str:
        kind, number = placeholder.kind, int(placeholder.number or 0)
        if number:
            name = self.names.to_other((kind, number))
            bound = name and self.numbering.value(name)
            text = bound.text if bound else None
        else:
            text = self.published.value(kind, placeholder.name)
        return stand_in(kind, number or 1, placeholder.name, self.seed) if text is None else text


def request(recorded: Interaction, fill: Fill) -> Request:
    """Return a recorded request as it can be sent."""
    texts = recorded.texts
    path = _text(texts.path, lambda placeholder: quote(fill(placeholder), safe=""))
    query = _form(texts.query, fill)
    headers = tuple((name, _text(text, fill)) for name, text in texts.request_headers)
    target = f"{path}?{query}" if query else path
    return Request(texts.method, target, headers, _form(texts.body, fill).encode("ascii"))


def _form(entries: Iterable[str], fill: Fill) -> str:
    def value(placeholder: Placeholder, entry: str) -> str:
        # A cassette may ask for a key anywhere: it is sent where keys belong, and nowhere else.
        if placeholder.kind == "key" and not entry.startswith("key="):
            return "key"
        return quote_plus(fill(placeholder))

    return "&".join(_text(entry, partial(value, entry=entry)) for entry in entries)


def _text(text: str, fill: Fill) -> str:
    return "".join(part if isinstance(part, str) else fill(part) for part in parts(text))


def key_classes(recorded: Iterable[Interaction]) -> frozenset[str]:
    """Return the classes of the API keys that requests were recorded with."""
    return frozenset(
        part.name
        for interaction in recorded
        for text in interaction.outline.request()
        for part in parts(text)
        if isinstance(part, Placeholder) and part.kind == "key"
    )


def ambiguous(recorded: Iterable[Interaction]) -> frozenset[Variable]:
    """Return the variables that no request sends and that are no ids or times.

    Where two fields of a request had one value, a response that repeats it has a variable beside
    theirs; sent again, the two have two values, and it repeats one of them.
    """
    sent: set[Variable] = set()
    shown: set[Variable] = set()
    for interaction in recorded:
        sent |= {*interaction.request_variables}
        shown |= {*interaction.response_variables}
    return frozenset(variable for variable in shown - sent if variable[0] not in MADE_KINDS)


def stand_ins(recorded: Iterable[Interaction]) -> frozenset[Variable]:
    """Return the variables that requests bring in: no response says what to send for them."""
    sent_first: set[Variable] = set()
    seen: set[Variable] = set()
    for interaction in recorded:
        sent_first |= {*interaction.request_variables} - seen
        seen |= {*interaction.variables}
    return frozenset(sent_first)
