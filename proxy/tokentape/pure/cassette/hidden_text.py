"""Text of a cassette outside its interactions: comments, spacing, unusual JSON.

Text that a reader ignores could hide a secret, and no check of the interactions would see it. The
spelling of a cassette is free (vcrpy and editors quote and indent differently), but each character
must be part of a value, or of the structure around it in its simplest form.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import suppress

import orjson
import yaml

from tokentape.pure.cassette.yaml_nodes import Parser
from tokentape.pure.http.json_text import string

_SPACING = re.compile(r"[ \t\r]+$|\t", re.MULTILINE)
_STRUCTURE = re.compile(r"(?:---\n)?(?:[-:,\[\]{}]|\n\n?+(?!\n) *+| (?! ))*+")
_NOT_ASCII = re.compile(r"[^\x00-\x7e]")
_BLOCK = re.compile(r"[|>][+-]?\n")


def hidden_lines(text: str) -> Iterator[int]:
    """Yield lines of a cassette that have more than its interactions.

    The cassette has been read: its schema is closed, and each value of it is in an interaction.
    """
    yield from (_line(text, spacing.start()) for spacing in _SPACING.finditer(text))
    yield from unread_lines(text)


def unread_lines(text: str) -> Iterator[int]:
    r"""Yield lines with text outside values: comments, directives, unusual spacing.

    >>> list(unread_lines("a: b\nc: d # text\n"))
    [2]
    """
    end = 0
    for event in yaml.parse(text, Parser):
        if isinstance(event, yaml.ScalarEvent):
            start, stop = (mark.index for mark in (event.start_mark, event.end_mark) if mark)
            yield from _outside_values(text, end, start)
            if event.style in ("|", ">") and not _BLOCK.match(text, start):
                yield _line(text, start)
            end = stop
    yield from _outside_values(text, end, len(text))


def _outside_values(text: str, start: int, end: int) -> Iterator[int]:
    structure = _STRUCTURE.match(text, start, end)
    structure_end = structure.end() if structure else start
    if structure_end < end:
        yield _line(text, structure_end)


def _line(text: str, offset: int) -> int:
    return text.count("\n", 0, offset) + 1


def is_plain_json(body: str) -> bool:
    """Tell whether JSON is spelt as a program prints it, so that the spelling hides nothing.

    >>> is_plain_json('{"a": 1}'), is_plain_json('{"a":    1}'), is_plain_json('{"a": 1, "a": 1}')
    (True, False, False)
    """
    text = body.rstrip("\n")
    return not text or any(text == spelling for spelling in _usual_spellings(text))


def _usual_spellings(text: str) -> Iterator[str]:
    with suppress(orjson.JSONDecodeError):  # it is faster than `json`
        document = orjson.loads(text)
        try:
            spelling = orjson.dumps(document, option=orjson.OPT_INDENT_2).decode()
        except orjson.JSONEncodeError:
            return  # nested too deeply
        yield spelling
        yield _NOT_ASCII.sub(lambda char: string(char[0])[1:-1], spelling)
    document = json.loads(text)
    yield json.dumps(document, indent=2)
    yield json.dumps(document)
    yield json.dumps(document, separators=(",", ":"))
