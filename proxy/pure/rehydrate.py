"""Recorded answers with their placeholders filled: the live client's own values, or stand-ins.

A template is prepared once and filled for each answer.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from proxy.pure.cassette import Interaction, Variables
from proxy.pure.kinds import INTEGER_KINDS, SLOTS, Secret
from proxy.pure.messages import Response
from proxy.pure.placeholders import Placeholder, parts, whole
from proxy.pure.published import Published
from proxy.pure.stand_ins import stand_in

_RAW_KINDS = INTEGER_KINDS | {"json", "exp_month", "exp_year"}
_RAW = re.compile(r'"(\{\{[^"{}]*\}\})"')
_UNSAFE = re.compile(r"[^\x20-\x7e\x80-\xff]")


@dataclass(frozen=True, slots=True)
class Template:
    """One recorded answer, taken apart."""

    status: int
    headers: tuple[tuple[str, tuple[str | Placeholder, ...]], ...]
    body: tuple[str | Placeholder, ...]
    """Literal JSON and placeholders inside strings; those outside are in `raw`."""
    raw: frozenset[int]
    """Positions in `body` of placeholders that stand for a whole JSON token."""


def template(one: Interaction) -> Template:
    """Take a recorded answer apart. Raises ValueError for malformed tape notation."""
    pieces: list[str | Placeholder] = []
    raw: set[int] = set()
    for index, text in enumerate(_RAW.split(one.text)):
        token = whole(text) if index % 2 else None
        if token is not None and token.kind in _RAW_KINDS:
            raw.add(len(pieces))
            pieces.append(token)
        else:
            pieces.extend(parts(f'"{text}"' if index % 2 else text))
    headers = tuple((name, tuple(parts(text))) for name, text in one.response_headers)
    return Template(one.status, headers, tuple(pieces), frozenset(raw))


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

    def _value(self, found: Placeholder) -> str:
        if found.number:
            bound = self.variables.value((found.kind, int(found.number)))
            return bound.text if bound else stand_in(found, self.seed)
        public = self.published.value(found.kind, found.name)
        if public is not None:
            return public
        live = self.live.get(found.kind)
        return live.text if live else stand_in(found, self.seed)


def response(prepared: Template, fill: Callable[[Placeholder], str]) -> Response:
    """Return the answer that a live client gets."""
    headers = tuple(
        (name, "".join(p if isinstance(p, str) else _header_safe(fill(p)) for p in pieces))
        for name, pieces in prepared.headers
    )
    body = "".join(
        piece
        if isinstance(piece, str)
        else fill(piece)
        if index in prepared.raw
        else _inside_string(fill(piece))
        for index, piece in enumerate(prepared.body)
    )
    return Response(prepared.status, headers, body.encode("utf-8", "replace"))


def _inside_string(text: str) -> str:
    return json.dumps(text)[1:-1]


def _header_safe(text: str) -> str:
    return _UNSAFE.sub("?", text)
