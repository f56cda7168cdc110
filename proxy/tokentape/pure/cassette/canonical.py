"""Cassettes in canonical form, read at the speed of slicing; all others are `tape_reader`'s.

Writing is the inverse of reading. So whatever stands here is read by a guess at where its parts
are, and believed if it would be written just so: then the general reader reads the same. It is the
general reader that is asked about the frame, which is much the same in all interactions, and no
interaction is looked at twice that differs from another in the numbers of its variables alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import lru_cache
from typing import NoReturn, TypeVar

from tokentape.errors import CassetteError
from tokentape.pure.cassette.model import Interaction, Texts
from tokentape.pure.cassette.reading import ANSWER, FIELDS, MAX_BODY, read_tape
from tokentape.pure.cassette.writing import HEADER, MARGIN, block, said, scalar
from tokentape.pure.notation.placeholders import UNNUMBERED, blanked, unnumbered

_BEGINNING = f"{HEADER}- request:\n".encode("ascii")
_NEXT = b"\n- request:\n"
_UNNUMBERED = f".{UNNUMBERED}".encode("ascii")
_BODY = "    body: "
_STRING = "      string: "
_REMEMBERED = 1_000
"""Outlines that are kept in mind while a cassette is read."""


T = TypeVar("T")


class _OtherForm(Exception):
    """This is not in canonical form, or no cassette at all."""


def read_canonical(data: bytes) -> tuple[Interaction, ...] | None:
    """Return the interactions of a cassette in canonical form; None for anything else."""
    if not data.startswith(_BEGINNING) or _UNNUMBERED in data or not data.isascii():
        return None
    outline = _remembering()
    try:
        return tuple(_interaction(chunk, outline) for chunk in _chunks(data))
    except (_OtherForm, CassetteError):
        return None


def _chunks(data: bytes) -> Iterator[str]:
    """Yield the text of each interaction. No more of a large cassette is in memory twice."""
    start = len(HEADER)
    while start < len(data):
        end = data.find(_NEXT, start) + 1 or len(data)
        yield data[start:end].decode("ascii")
        start = end


_Outline = Callable[[str], tuple[Texts, int]]
"""Returns what a chunk with unnumbered variables says, and how many of them are the request's."""


def _interaction(chunk: str, outline: _Outline) -> Interaction:
    if len(chunk) > MAX_BODY:
        raise _OtherForm
    blank, variables = blanked(chunk)
    texts, asked = outline(blank)
    return Interaction(texts, variables[:asked], variables[asked:])


def _remembering() -> _Outline:
    """Return a reader of chunks that reads what it remembers no second time."""
    frame = lru_cache(_REMEMBERED)(_frame)
    same = lru_cache(_REMEMBERED)(str)  # equal fields of a cassette are in memory once

    @lru_cache(_REMEMBERED)
    def outline(blank: str) -> tuple[Texts, int]:
        head, _, rest = blank.partition(_BODY)
        body, _, rest = rest.partition("\n")
        middle, _, answer = rest.partition(_STRING)
        form = tuple(map(same, _form(body)))
        texts = replace(frame(head, middle), body=form, text=_answer(answer))
        return texts, sum(map(unnumbered, texts.request()))

    return outline


def _frame(head: str, middle: str) -> Texts:
    """Return what the general reader makes of an interaction around empty bodies."""
    chunk = f"{head}{_BODY}''\n{middle}{_STRING}''\n"
    placed = read_tape(HEADER + chunk.replace(f".{UNNUMBERED}", ".1"))
    texts = placed[0].interaction.outline
    return _if_so_written(said(texts), chunk, texts)


def _form(body: str) -> tuple[str, ...]:
    text = body[1:-1].replace("''", "'") if body.startswith("'") else body
    form = tuple(text.split("&")) if text else ()
    return _if_so_written(scalar(text), body, form) if FIELDS.fullmatch(text) else _other()


def _answer(string: str) -> str:
    text = string[len("|" + MARGIN) :].replace(MARGIN, "\n")
    right = not text or (ANSWER.fullmatch(text) and not text.endswith("\n\n"))
    return _if_so_written(block(text), string, text) if right else _other()


def _if_so_written(written: str, stands: str, read: T) -> T:
    return read if written == stands else _other()


def _other() -> NoReturn:
    raise _OtherForm
