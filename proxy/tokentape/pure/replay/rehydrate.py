"""Recorded answers with their placeholders filled: the live client's own values, or stand-ins.

A template is prepared once for all answers that differ in the numbers of their variables alone.
What hangs neither on these nor on the request is filled in for good.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from typing import NamedTuple

from tokentape.pure.cassette.model import Interaction, Texts, Variables
from tokentape.pure.http.messages import Headers, Response
from tokentape.pure.notation.placeholders import Placeholder, Variable, parts, whole
from tokentape.pure.replay.stand_ins import stand_in
from tokentape.pure.stripe.kinds import CLASS_ONLY, INTEGER_KINDS, SLOTS, Secret
from tokentape.pure.stripe.published import Published

_TOKEN_KINDS = INTEGER_KINDS | {"json", "exp_month", "exp_year"}
"""Kinds that stand for a whole JSON token, quotes and all."""
_STRING = re.compile(r'"(\{\{[^"{}]*\}\})"')
_UNSAFE = re.compile(r"[^\x20-\x7e\x80-\xff]")
_quoted = json.JSONEncoder().encode

Write = Callable[[str], str]
"""Returns a value, or the part of it that is shown, as it is written in a place."""


class Hole(NamedTuple):
    """A place to fill."""

    found: Placeholder
    write: Write
    variable: int | None = None
    """Which of the answer's variables stands here; None for a class."""


@dataclass(frozen=True, slots=True)
class Blank:
    """A text to fill."""

    pieces: tuple[str, ...]
    """By turns what stands there for good, and nothing where a hole is."""
    holes: tuple[Hole, ...]


@dataclass(frozen=True, slots=True)
class Template:
    """The answers of one outline."""

    status: int
    headers: Headers
    blanks: tuple[tuple[int, str, Blank], ...]
    """Header lines to fill: their places and names."""
    body: Blank


@dataclass(slots=True)
class Answers:
    """The answers of one session, and what they are filled from."""

    variables: Variables
    published: Published
    seed: str
    more: Headers = ()
    """Headers beside the recorded ones."""
    _templates: dict[int, tuple[Texts, Template]] = field(default_factory=dict, repr=False)
    """By the identity of their outlines."""
    _made: dict[str, dict[Variable, str]] = field(
        default_factory=partial(defaultdict, dict), repr=False
    )
    """The stand-ins given so far, by guard and variable."""

    def response(self, one: Interaction, live: Mapping[str, Secret]) -> Response:
        """Return what a client gets; `live` is what it sent for kinds kept as a class alone."""
        prepared = self._template(one.outline)
        headers = list(prepared.headers)
        for at, name, blank in prepared.blanks:
            headers[at] = (name, self._filled(blank, one, live))
        body = self._filled(prepared.body, one, live).encode("utf-8", "replace")
        return Response(prepared.status, tuple(headers), body)

    def _template(self, outline: Texts) -> Template:
        known = self._templates.get(id(outline))
        if known is None:
            made = template(outline, self.more, self._settled)
            known = self._templates[id(outline)] = (outline, made)
        return known[1]

    def _settled(self, found: Placeholder) -> str | None:
        """Return what a placeholder stands for whoever asks, or None."""
        if found.number:
            return None
        public = self.published.value(found.kind, found.name)
        return public or (None if found.kind in CLASS_ONLY else stand_in(found, self.seed))

    def _filled(self, blank: Blank, one: Interaction, live: Mapping[str, Secret]) -> str:
        texts = []
        for found, write, number in blank.holes:
            if number is None:
                sent = live.get(found.kind)
                texts.append(write(sent.text if sent else stand_in(found, self.seed)))
            else:
                bound = self.variables.value(variable := one.answered[number])
                texts.append(write(bound.text if bound else self._made_up(variable, found.name)))
        pieces = list(blank.pieces)
        pieces[1::2] = texts
        return "".join(pieces)

    def _made_up(self, variable: Variable, guard: str) -> str:
        made = self._made[guard].get(variable)
        if made is None:
            kind, number = variable
            made = stand_in(Placeholder(kind, str(number), guard), self.seed)
            self._made[guard][variable] = made
        return made


def template(
    outline: Texts, more: Headers, settled: Callable[[Placeholder], str | None]
) -> Template:
    """Take recorded answers apart; what `settled` knows is filled in for good."""
    numbers = count()

    def blank(found: Iterable[str | Hole]) -> Blank:
        pieces, holes = [""], []
        for one in found:
            text = one if isinstance(one, str) else settled(one.found)
            if isinstance(one, str):
                pieces[-1] += one
            elif text is not None:
                pieces[-1] += one.write(text)
            else:
                holes.append(one._replace(variable=next(numbers) if one.found.number else None))
                pieces += ("", "")
        return Blank(tuple(pieces), tuple(holes))

    headers = (*outline.response_headers, *more)
    blanks = tuple(
        (at, name, blank(_pieces(text, _header_safe)))
        for at, (name, text) in enumerate(headers)
        if "{{" in text
    )
    return Template(outline.status, headers, blanks, blank(_json_pieces(outline.text)))


def _json_pieces(text: str) -> Iterator[str | Hole]:
    for index, part in enumerate(_STRING.split(text)):
        token = whole(part) if index % 2 else None
        if token is None:
            yield from _pieces(f'"{part}"' if index % 2 else part, _inside_string)
        elif token.kind in _TOKEN_KINDS:
            yield _hole(token, str if token.kind == "json" else _number)
        else:
            yield from ('"', _hole(token, _inside_string), '"')


def _pieces(text: str, write: Write) -> Iterable[str | Hole]:
    if "{{" not in text:
        return (text,)
    return (part if isinstance(part, str) else _hole(part, write) for part in parts(text))


def _hole(found: Placeholder, write: Write) -> Hole:
    if not found.slot:
        return Hole(found, write)
    part = SLOTS[found.kind][found.slot]
    return Hole(found, lambda text: write(part(text)))


def _number(text: str) -> str:
    """Return a JSON number; as a client sent it, `05` is none."""
    plain = text.strip()
    right = plain.isascii() and plain.isdigit() and len(plain) <= 15
    return str(int(plain)) if right else _quoted(text)


def _inside_string(text: str) -> str:
    return _quoted(text)[1:-1]


def _header_safe(text: str) -> str:
    return _UNSAFE.sub("?", text)
