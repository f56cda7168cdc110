"""Recorded responses with their placeholders filled: the live client's own values, or stand-ins.

A template is prepared once for all responses that differ in the numbers of their variables only.
What depends neither on these nor on the request is filled in once.

    recorded   {"id": "{{tok.1}}", "object": "token", "name": "{{name.1}}"}
    template   {"id": " " ", "object": "token", "name": " " "}    two holes
    rendered   {"id": "tok_1Ab…", "object": "token", "name": "Grace"}

A whole card number, CVC or key is never filled in, whatever a recorded response asks for: Stripe
answers with parts of them only.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import NamedTuple

from tokentape.pure.cassette.model import Interaction, Texts
from tokentape.pure.http.json_text import string
from tokentape.pure.http.messages import Headers, Response
from tokentape.pure.notation.placeholders import Placeholder, Variable, parts, whole
from tokentape.pure.stripe.kinds import (
    CLASS_ONLY,
    NEVER_ANSWERED,
    SLOTS,
    UNQUOTED_KINDS,
    Secret,
    stand_in,
)
from tokentape.pure.stripe.published import Published
from tokentape.pure.stripe.times import Times

_STRING = re.compile(r'"(\{\{[^"{}]*\}\})"')
_UNSAFE = re.compile(r"[^\x20-\x7e\x80-\xff]")

Write = Callable[[str], str]
"""Returns a value, or the part of it that is shown, as it is written in a place."""


class Hole(NamedTuple):
    """A place to fill."""

    placeholder: Placeholder
    write: Write
    variable: int | None = None
    """Which of the response's variables stands here; None for a class."""


@dataclass(frozen=True, slots=True)
class Blank:
    """A text to fill."""

    text: str
    """A format with %s for each hole."""
    holes: tuple[Hole, ...]


@dataclass(frozen=True, slots=True)
class Template:
    """The responses of one outline."""

    outline: Texts
    headers: Headers
    blanks: tuple[tuple[int, str, Blank], ...]
    """Header lines to fill: their places and names."""
    body: Blank


@dataclass(slots=True)
class Renderer:
    """Renders the responses of one session. `seed` is what stand-ins follow from."""

    published: Published
    seed: str
    times: Times
    more: Headers = ()
    """Headers beside the recorded ones."""
    _templates: dict[int, Template] = field(default_factory=dict, repr=False)
    """By the identity of their outlines, which they keep alive."""
    _stand_ins: dict[tuple[str, int, str], str] = field(default_factory=dict, repr=False)
    """Those given so far, by variable and class."""

    def response(
        self,
        interaction: Interaction,
        values: Sequence[str | None],
        live: Mapping[str, Secret],
        echo: Headers = (),
    ) -> Response:
        """Return what a client gets, `echo` being headers that depend on this request only.

        `values` are those of the response's variables, None for a stand-in; `live` is what the
        client sent for kinds kept as a class only.
        """
        outline = interaction.outline
        template = self._templates.get(id(outline))
        if template is None:
            template = _template(outline, self.more, self._settled)
            self._templates[id(outline)] = template
        variables = interaction.response_variables
        headers = template.headers
        if template.blanks:
            lines = list(headers)
            for index, name, blank in template.blanks:
                lines[index] = (name, self._filled(blank, variables, values, live))
            headers = tuple(lines)
        body = self._filled(template.body, variables, values, live).encode("utf-8", "replace")
        return Response(outline.status, headers, body, echo)

    def _filled(
        self,
        blank: Blank,
        variables: Sequence[Variable],
        values: Sequence[str | None],
        live: Mapping[str, Secret],
    ) -> str:
        texts = []
        for placeholder, write, variable in blank.holes:
            if variable is None:
                sent = live.get(placeholder.kind)
                text = sent.text if sent else None
                standing = placeholder.kind, 1
            else:
                text, standing = values[variable], variables[variable]
            if text is None:
                text = self._stand_in(*standing, placeholder.name)
            texts.append(write(text))
        return blank.text % tuple(texts)

    def _settled(self, placeholder: Placeholder) -> str | None:
        """Return what a placeholder stands for in every response, or None."""
        if placeholder.kind in NEVER_ANSWERED and not placeholder.slot:
            return self._stand_in(placeholder.kind, 1, placeholder.name)
        if placeholder.number:
            return None
        public = self.published.value(placeholder.kind, placeholder.name)
        if public is not None or placeholder.kind in CLASS_ONLY:
            return public
        return self._stand_in(placeholder.kind, 1, placeholder.name)

    def _stand_in(self, kind: str, number: int, guard: str) -> str:
        if kind == "time":
            return str(self.times.shown(number, guard))
        text = self._stand_ins.get((kind, number, guard))
        if text is None:
            text = stand_in(kind, number, guard, self.seed)
            self._stand_ins[kind, number, guard] = text
        return text


def _template(
    outline: Texts, more: Headers, settled: Callable[[Placeholder], str | None]
) -> Template:
    """Take recorded responses apart; what `settled` knows is filled in."""
    numbers = count()

    def blank(parts: Iterable[str | Hole]) -> Blank:
        pieces, holes = [], []
        for part in parts:
            if isinstance(part, str):
                pieces.append(part.replace("%", "%%"))
                continue
            variable = next(numbers) if part.placeholder.number else None
            text = settled(part.placeholder)
            if text is not None:
                pieces.append(part.write(text).replace("%", "%%"))
            else:
                pieces.append("%s")
                holes.append(part._replace(variable=variable))
        return Blank("".join(pieces), tuple(holes))

    headers = (*outline.response_headers, *more)
    blanks = tuple(
        (index, name, blank(_pieces(text, _header_safe)))
        for index, (name, text) in enumerate(headers)
        if "{{" in text
    )
    return Template(outline, headers, blanks, blank(_json_pieces(outline.text)))


def _json_pieces(text: str) -> Iterator[str | Hole]:
    for index, part in enumerate(_STRING.split(text)):
        placeholder = whole(part) if index % 2 else None
        if placeholder is None:
            yield from _pieces(f'"{part}"' if index % 2 else part, _inside_string)
        elif placeholder.kind in UNQUOTED_KINDS:
            yield _hole(placeholder, str if placeholder.kind == "json" else _number)
        else:
            yield _hole(placeholder, string)


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
    is_number = plain.isascii() and plain.isdigit() and len(plain) <= 15
    return str(int(plain)) if is_number else string(text)


def _inside_string(text: str) -> str:
    return string(text)[1:-1]


def _header_safe(text: str) -> str:
    plain = text.isascii() and text.isprintable()
    return text if plain else _UNSAFE.sub("?", text)
