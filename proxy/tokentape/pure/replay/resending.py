"""A recorded request as it can be sent again: its placeholders filled as a client would.

Published values as they are, what the upstream made up as it made it up this time, and a
well-formed stand-in of the same class for everything else: what was not published then is not now.
A key is sent in the Authorization header and nowhere else, whatever a cassette asks for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import quote, quote_plus

from tokentape.pure.cassette.model import Interaction, Numbering, Texts
from tokentape.pure.cassette.rewriting import Renaming
from tokentape.pure.http.messages import Request
from tokentape.pure.notation.placeholders import Placeholder, Variable, parts
from tokentape.pure.stripe.kinds import MADE_KINDS, SLOTS, stand_in
from tokentape.pure.stripe.published import Published
from tokentape.pure.stripe.times import Times

_AUTHORIZATION = "Authorization"
_KEY_FIELD = "key={{key:"
"""Of Stripe.js; a field of this name may hold other things, too."""

Fill = Callable[[Placeholder], str]
"""Returns the text to send for a placeholder."""


@dataclass(frozen=True, slots=True)
class Refilling:
    """What placeholders are filled from: values of this time and public values."""

    names: Renaming
    """Recorded variables by their names of this time."""
    numbering: Numbering
    published: Published
    seed: str
    times: Times

    def __call__(self, placeholder: Placeholder) -> str:
        """Return the text to send for a placeholder."""
        kind, slot = placeholder.kind, placeholder.slot
        text = self._value(placeholder)
        return SLOTS[kind][slot](text) if slot else text

    def _value(self, placeholder: Placeholder) -> str:
        kind, number = placeholder.kind, int(placeholder.number or 0)
        if number:
            name = self.names.to_other((kind, number))
            bound = name and self.numbering.value(name)
            text = bound.text if bound else None
        else:
            text = self.published.value(kind, placeholder.name)
        if text is not None:
            return text
        if kind == "time":
            return str(self.times.shown(number, placeholder.name))
        return stand_in(kind, number or 1, placeholder.name, self.seed)


def request(recorded: Interaction, fill: Fill, keys: Mapping[str, str]) -> Request:
    """Return a recorded request as it can be sent; `keys` are the API keys by their classes.

    A key that was sent as a field, as Stripe.js does, is sent as a header.
    """
    texts = recorded.texts
    path = _text(texts.path, lambda placeholder: quote(fill(placeholder), safe=""))
    query, body = (_form(entries, fill) for entries in (texts.query, texts.body))
    headers = [
        (name, _text(text, fill)) for name, text in texts.request_headers if name != _AUTHORIZATION
    ]
    recorded_key = _key_class(texts)
    if recorded_key is not None:
        headers.append((_AUTHORIZATION, f"Bearer {keys[recorded_key]}"))
    target = f"{path}?{query}" if query else path
    return Request(texts.method, target, tuple(headers), body.encode("ascii"))


def _form(entries: Iterable[str], fill: Fill) -> str:
    def value(placeholder: Placeholder) -> str:
        return quote_plus(fill(placeholder))

    return "&".join(_text(entry, value) for entry in entries if not entry.startswith(_KEY_FIELD))


def _text(text: str, fill: Fill) -> str:
    return "".join(part if isinstance(part, str) else fill(part) for part in parts(text))


def key_classes(recorded: Iterable[Interaction]) -> frozenset[str]:
    """Return the classes of the API keys that requests were recorded with."""
    classes = (_key_class(interaction.outline) for interaction in recorded)
    return frozenset(filter(None, classes))


def _key_class(texts: Texts) -> str | None:
    in_headers = (text for name, text in texts.request_headers if name == _AUTHORIZATION)
    in_fields = (entry for entry in (*texts.query, *texts.body) if entry.startswith(_KEY_FIELD))
    for text in (*in_headers, *in_fields):
        for part in parts(text):
            if isinstance(part, Placeholder) and part.kind == "key":
                return part.name
    return None


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
