"""Recorded answers with their placeholders filled: the live client's own values, or stand-ins.

A template is prepared once, with all that no request can change filled in for good, and filled
for each answer.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby

from proxy.pure.cassette import Interaction, Variables
from proxy.pure.kinds import INTEGER_KINDS, SLOTS, Secret
from proxy.pure.messages import Again, Headers, Response
from proxy.pure.placeholders import Placeholder, Variable, parts, whole
from proxy.pure.published import Published
from proxy.pure.stand_ins import stand_in

_TOKEN_KINDS = INTEGER_KINDS | {"json", "exp_month", "exp_year"}
"""Kinds that stand for a whole JSON token, quotes and all."""
_STRING = re.compile(r'"(\{\{[^"{}]*\}\})"')
_UNSAFE = re.compile(r"[^\x20-\x7e\x80-\xff]")

Write = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Hole:
    """A place to fill: its placeholder, and how a value is written there."""

    found: Placeholder
    write: Write
    variable: Variable | None = None


def _hole(found: Placeholder, write: Write) -> Hole:
    return Hole(found, write, (found.kind, int(found.number)) if found.number else None)


Pieces = tuple[str | Hole, ...]
Fill = Callable[[Placeholder], str | None]
"""Returns the text that a placeholder stands for; None for one that is not settled."""


@dataclass(frozen=True, slots=True)
class Template:
    """One recorded answer, taken apart: literal text, and holes for what depends on the request."""

    status: int
    headers: tuple[tuple[str, Pieces], ...]
    body: Pieces
    plain: Headers | None
    """The headers, where nothing in them depends on the request."""


def template(one: Interaction, settled: Fill, more: Headers = ()) -> Template:
    """Take a recorded answer apart; what `settled` knows is filled in for good.

    `more` are headers beside the recorded ones.
    """
    said = one.texts
    headers = tuple(
        (name, _filled(_pieces(text, _header_safe), settled))
        for name, text in (*said.response_headers, *more)
    )
    holes = any(isinstance(piece, Hole) for _, pieces in headers for piece in pieces)
    plain = None if holes else tuple((name, "".join(map(str, one))) for name, one in headers)
    return Template(said.status, headers, _filled(_json_pieces(said.text), settled), plain)


def response(prepared: Template, fill: Filling, again: Again | None = None) -> Response:
    """Return the answer that a live client gets."""
    headers = prepared.plain
    if headers is None:
        headers = tuple([(name, _text(pieces, fill)) for name, pieces in prepared.headers])
    body = _text(prepared.body, fill).encode("utf-8", "replace")
    return Response(prepared.status, headers, body, again)


def _text(pieces: Pieces, fill: Filling) -> str:
    if len(pieces) == 1 and isinstance(pieces[0], str):
        return pieces[0]
    return "".join([one if isinstance(one, str) else one.write(fill.hole(one)) for one in pieces])


def _json_pieces(text: str) -> Iterator[str | Hole]:
    for index, part in enumerate(_STRING.split(text)):
        token = whole(part) if index % 2 else None
        if token is not None and token.kind in _TOKEN_KINDS:
            yield _hole(token, str if token.kind == "json" else _number)
        else:
            yield from _pieces(f'"{part}"' if index % 2 else part, _inside_string)


def _pieces(text: str, write: Write) -> Iterator[str | Hole]:
    return (part if isinstance(part, str) else _hole(part, write) for part in parts(text))


def _filled(pieces: Iterable[str | Hole], settled: Fill) -> Pieces:
    """Fill in what is settled, and put neighbouring texts together."""
    done: list[str | Hole] = []
    for piece in pieces:
        text = piece if isinstance(piece, str) else settled(piece.found)
        done.append(piece if text is None or isinstance(piece, str) else piece.write(text))
    runs = groupby(done, key=lambda piece: isinstance(piece, str))
    return tuple(
        piece for literal, run in runs for piece in (("".join(map(str, run)),) if literal else run)
    )


@dataclass(frozen=True, slots=True)
class Filling:
    """What placeholders are filled from: bindings, the live request's own values, public values."""

    variables: Variables
    live: Mapping[str, Secret]
    published: Published
    seed: str

    def __call__(self, found: Placeholder) -> str:
        """Return the text that a placeholder stands for now."""
        text = self._value(found)
        return SLOTS[found.kind][found.slot](text) if found.slot else text

    def hole(self, hole: Hole) -> str:
        """Return the text for a hole, which is most often the whole of a bound variable."""
        if hole.variable is not None and not hole.found.slot:
            bound = self.variables.value(hole.variable)
            if bound is not None:
                return bound.text
        return self(hole.found)

    def _value(self, found: Placeholder) -> str:
        if found.number:
            bound = self.variables.value((found.kind, int(found.number)))
            return bound.text if bound else stand_in(found, self.seed)
        public = self.published.value(found.kind, found.name)
        if public is not None:
            return public
        live = self.live.get(found.kind)
        return live.text if live else stand_in(found, self.seed)


def _number(text: str) -> str:
    """Return a JSON number; as a client sent it, `05` is none."""
    plain = text.strip()
    return str(int(plain)) if re.fullmatch("[0-9]{1,15}", plain) else json.dumps(text)


def _inside_string(text: str) -> str:
    if text.isalnum() and text.isascii():
        return text
    return json.dumps(text)[1:-1]


def _header_safe(text: str) -> str:
    return _UNSAFE.sub("?", text)
