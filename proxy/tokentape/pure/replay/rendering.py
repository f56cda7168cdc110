"""Recorded answers with their placeholders filled: the live client's own values, or stand-ins.

A template is prepared once for all answers that differ in the numbers of their variables only. What
depends neither on these nor on the request is filled in once.

    recorded   {"id": "{{tok.1}}", "object": "token", "name": "{{name.1}}"}
    template   {"id": " " ", "object": "token", "name": " " "}    two holes
    rendered   {"id": "tok_1Ab…", "object": "token", "name": "Grace"}
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import NamedTuple

from tokentape.pure.cassette.model import Interaction, Texts
from tokentape.pure.http.messages import Headers, Response
from tokentape.pure.notation.placeholders import Placeholder, Variable, parts, whole
from tokentape.pure.stripe.kinds import CLASS_ONLY, SLOTS, UNQUOTED_KINDS, Secret, stand_in
from tokentape.pure.stripe.published import Published

_STRING = re.compile(r'"(\{\{[^"{}]*\}\})"')
_UNSAFE = re.compile(r"[^\x20-\x7e\x80-\xff]")
_quoted = json.JSONEncoder().encode

Write = Callable[[str], str]
"""Returns a value, or the part of it that is shown, as it is written in a place."""


class Hole(NamedTuple):
    """A place to fill."""

    placeholder: Placeholder
    write: Write
    variable: int | None = None
    """Which of the answer's variables stands here; None for a class."""


@dataclass(frozen=True, slots=True)
class Blank:
    """A text to fill."""

    pieces: tuple[str, ...]
    """By turns what always stands there, and nothing where a hole is."""
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
class Renderer:
    """Renders the answers of one session."""

    published: Published
    seed: str
    more: Headers = ()
    """Headers beside the recorded ones."""
    _templates: dict[int, tuple[Texts, Template]] = field(default_factory=dict, repr=False)
    """By the identity of their outlines."""
    _stand_ins: dict[tuple[Variable, str], str] = field(default_factory=dict, repr=False)
    """Those given so far, by variable and class."""

    def response(
        self,
        interaction: Interaction,
        values: Sequence[str | None],
        live: Mapping[str, Secret],
        echo: Headers = (),
    ) -> Response:
        """Return what a client gets, `echo` being headers that depend on this request only.

        `values` are those of the answer's variables, None for a stand-in; `live` is what the client
        sent for kinds kept as a class only.
        """
        template = self._template(interaction.outline)
        variables = interaction.response_variables

        def filled(blank: Blank) -> str:
            texts = []
            for placeholder, write, number in blank.holes:
                if number is None:
                    text = self._sent(placeholder, live)
                else:
                    value = values[number]
                    text = (
                        self._stand_in(variables[number], placeholder.name)
                        if value is None
                        else value
                    )
                texts.append(write(text))
            pieces = list(blank.pieces)
            pieces[1::2] = texts
            return "".join(pieces)

        headers = list(template.headers)
        for at, name, blank in template.blanks:
            headers[at] = (name, filled(blank))
        body = filled(template.body).encode("utf-8", "replace")
        return Response(template.status, tuple(headers), body, echo)

    def _template(self, outline: Texts) -> Template:
        prepared = self._templates.get(id(outline))
        if prepared is None:
            prepared = outline, template(outline, self.more, self._settled)
            self._templates[id(outline)] = prepared
        return prepared[1]

    def _settled(self, placeholder: Placeholder) -> str | None:
        """Return what a placeholder stands for whoever asks, or None."""
        if placeholder.number:
            return None
        public = self.published.value(placeholder.kind, placeholder.name)
        if public is not None or placeholder.kind in CLASS_ONLY:
            return public
        return self._stand_in((placeholder.kind, 1), placeholder.name)

    def _sent(self, placeholder: Placeholder, live: Mapping[str, Secret]) -> str:
        sent = live.get(placeholder.kind)
        return sent.text if sent else self._stand_in((placeholder.kind, 1), placeholder.name)

    def _stand_in(self, variable: Variable, guard: str) -> str:
        text = self._stand_ins.get((variable, guard))
        if text is None:
            kind, number = variable
            text = stand_in(kind, number, guard, self.seed)
            self._stand_ins[variable, guard] = text
        return text


def template(
    outline: Texts, more: Headers, settled: Callable[[Placeholder], str | None]
) -> Template:
    """Take recorded answers apart; what `settled` knows is filled in."""
    numbers = count()

    def blank(parts: Iterable[str | Hole]) -> Blank:
        pieces, holes = [""], []
        for part in parts:
            if isinstance(part, str):
                pieces[-1] += part
            elif (text := settled(part.placeholder)) is not None:
                pieces[-1] += part.write(text)
            else:
                number = next(numbers) if part.placeholder.number else None
                holes.append(part._replace(variable=number))
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
        elif token.kind in UNQUOTED_KINDS:
            yield _hole(token, str if token.kind == "json" else _number)
        else:
            yield from ('"', _hole(token, _inside_string), '"')


def _pieces(text: str, write: Write) -> Iterable[str | Hole]:
    if "{{" not in text:
        return (text,)
    return (part if isinstance(part, str) else _hole(part, write) for part in parts(text))


def _hole(placeholder: Placeholder, write: Write) -> Hole:
    if not placeholder.slot:
        return Hole(placeholder, write)
    part = SLOTS[placeholder.kind][placeholder.slot]
    return Hole(placeholder, lambda text: write(part(text)))


def _number(text: str) -> str:
    """Return a JSON number; as a client sent it, `05` is none."""
    plain = text.strip()
    right = plain.isascii() and plain.isdigit() and len(plain) <= 15
    return str(int(plain)) if right else _quoted(text)


def _inside_string(text: str) -> str:
    return _quoted(text)[1:-1]


def _header_safe(text: str) -> str:
    return _UNSAFE.sub("?", text)
