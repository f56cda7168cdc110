"""A recorded request made one that can be sent again: its placeholders filled as a client would.

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


@dataclass(frozen=True, slots=True)
class Refilling:
    """What placeholders are filled from: values of this time, keys by class, public values."""

    names: Renaming
    """Recorded variables by their names of this time."""
    numbering: Numbering
    keys: Mapping[str, str] = field(repr=False)
    published: Published
    seed: str

    def __call__(self, found: Placeholder) -> str:
        """Return the text to send for a placeholder."""
        text = self._value(found)
        return SLOTS[found.kind][found.slot](text) if found.slot else text

    def _value(self, found: Placeholder) -> str:
        if found.kind == "key":
            return self.keys[found.name]
        if not found.number:
            public = self.published.value(found.kind, found.name)
            return stand_in(found.kind, 1, found.name, self.seed) if public is None else public
        number = int(found.number)
        name = self.names.to_other((found.kind, number))
        bound = name and self.numbering.value(name)
        return bound.text if bound else stand_in(found.kind, number, found.name, self.seed)


def request(one: Interaction, fill: Fill) -> Request:
    """Return a recorded request as it can be sent."""
    said = one.texts
    path = _text(said.path, lambda found: quote(fill(found), safe=""))
    query = _form(said.query, fill)
    headers = tuple((name, _text(text, fill)) for name, text in said.request_headers)
    target = f"{path}?{query}" if query else path
    return Request(said.method, target, headers, _form(said.body, fill).encode("ascii"))


def _form(entries: Iterable[str], fill: Fill) -> str:
    def value(found: Placeholder, entry: str) -> str:
        # A cassette may ask for a key anywhere: it is sent where keys belong, and nowhere else.
        if found.kind == "key" and not entry.startswith("key="):
            return "key"
        return quote_plus(fill(found))

    return "&".join(_text(entry, partial(value, entry=entry)) for entry in entries)


def _text(text: str, fill: Fill) -> str:
    return "".join(part if isinstance(part, str) else fill(part) for part in parts(text))


def key_classes(recorded: Iterable[Interaction]) -> frozenset[str]:
    """Return the classes of the API keys that requests were recorded with."""
    return frozenset(
        found.name
        for one in recorded
        for text in one.outline.request()
        for found in parts(text)
        if isinstance(found, Placeholder) and found.kind == "key"
    )


def ambiguous(recorded: Iterable[Interaction]) -> frozenset[Variable]:
    """Return the variables that no request sends and that are no ids or times.

    Where two fields of a request had one value, an answer that repeats it has a variable beside
    theirs; sent again, the two have two values, and it repeats one of them.
    """
    sent: set[Variable] = set()
    shown: set[Variable] = set()
    for interaction in recorded:
        sent |= {*interaction.request_variables}
        shown |= {*interaction.response_variables}
    return frozenset(variable for variable in shown - sent if variable[0] not in MADE_KINDS)


def stand_ins(recorded: Iterable[Interaction]) -> frozenset[Variable]:
    """Return the variables that requests bring in: no answer says what to send for them."""
    brought: set[Variable] = set()
    met: set[Variable] = set()
    for one in recorded:
        brought |= {*one.request_variables} - met
        met |= {*one.request_variables, *one.response_variables}
    return frozenset(brought)
