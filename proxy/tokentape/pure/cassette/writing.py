"""The text of a cassette: YAML that vcrpy loads, in one canonical form.

ASCII, a fixed order of keys, bodies as block scalars; so that recording the same behaviour again
changes no byte, and a diff of a cassette shows a change of the API and nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from http import HTTPStatus

from tokentape.pure.cassette.model import Interaction, Lines, Texts
from tokentape.pure.notation.placeholders import to_number

HEADER = "version: 1\nrecorded_with: tokentape 0.1\ninteractions:\n"
"""What every cassette begins with; its interactions follow."""
EMPTY = HEADER.rstrip("\n") + " []\n"
"""A cassette without interactions."""

FRAME = HEADER + "request method uri headers body response status code message string OK open"
"""The words of the format itself."""

MARGIN = "\n" + " " * 8
"""What comes before each line of a body."""

_REMEMBERED = 200
"""Outlines whose text is kept in mind: what is recorded one after the other is much alike."""

_PLAIN = re.compile(r"[A-Za-z/][A-Za-z0-9_\[\]{}.:=&%+?/*-]*")


def cassette_text(interactions: Iterable[Interaction]) -> str:
    """Return a whole cassette."""
    chunks = [chunk(one) for one in interactions]
    return HEADER + "".join(chunks) if chunks else EMPTY


def chunk(one: Interaction) -> str:
    """Return one interaction: an item of the list, its first line at the margin."""
    return _form(one.outline) % tuple([number for _, number in one.variables])


@lru_cache(_REMEMBERED)
def _form(outline: Texts) -> str:
    return to_number(said(outline))


@lru_cache(_REMEMBERED)
def said(one: Texts) -> str:
    """Return the text of an interaction that says this; what numbers its variables have is one."""
    return (
        "- request:\n"
        f"    method: {one.method}\n"
        f"    uri: {scalar(one.uri)}\n"
        f"{_headers(one.request_headers)}"
        f"    body: {scalar('&'.join(one.body))}\n"
        "  response:\n"
        f"    status: {{code: {one.status}, message: {phrase(one.status)}}}\n"
        f"{_headers(one.response_headers)}"
        "    body:\n"
        f"      string: {block(one.text)}"
    )


_NAMED_ANEW = {413: "Content Too Large", 416: "Range Not Satisfiable", 422: "Unprocessable Content"}
"""Phrases of RFC 9110 that Python has since 3.13 alone."""


def phrase(status: int) -> str:
    """Return the standard reason phrase of a status (RFC 9110 §15); what was sent is not kept."""
    if status in _NAMED_ANEW:
        return _NAMED_ANEW[status]
    try:
        return HTTPStatus(status).phrase.replace("'", "")
    except ValueError:
        return "Unknown"


def _headers(lines: Lines) -> str:
    if not lines:
        return "    headers: {}\n"
    values: dict[str, list[str]] = {}
    for name, text in lines:
        values.setdefault(name, []).append(_quoted(text) if _odd(text) else text)
    rows = (f"      {name}: [{', '.join(texts)}]\n" for name, texts in values.items())
    return "    headers:\n" + "".join(rows)


_FLOW = re.compile(r"[A-Za-z][A-Za-z0-9/_-]*")
_WORDS = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})


def _odd(text: str) -> bool:
    return not _FLOW.fullmatch(text) or text.lower() in _WORDS


def scalar(text: str) -> str:
    """Return a uri or form as a cassette has it: plain where YAML allows."""
    plain = _PLAIN.fullmatch(text) and ("=" in text or "/" in text) and not text.endswith(":")
    return text if plain else _quoted(text)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def block(text: str) -> str:
    """Return the body of an answer as a cassette has it: its lines, indented."""
    if not text:
        return "''\n"
    return MARGIN.join(("|", *text.removesuffix("\n").split("\n"))) + "\n"
