"""Judging many interactions: what was looked at once is not looked at again.

Interactions that differ in the numbers of their variables alone are judged as one: no number makes
anything right or wrong, except that a name may come to stand twice in one object. And whether a
field or a leaf of an answer is right hangs on its place, not on what stands beside it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from itertools import count

import orjson

from tokentape.pure.audit.admission import Look
from tokentape.pure.cassette.model import Interaction, Texts
from tokentape.pure.http.json_text import Json
from tokentape.pure.notation.placeholders import numbered
from tokentape.pure.redaction.values import Values

_REMEMBERED = 1_000
"""Outlines, fields, header lines and answers that are kept in mind."""
_AS_WRITTEN = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
_NO_JSON = "the answer's body, which is no JSON, or says something twice,"


class Judge:
    """Tells which places of interactions hold what the door would not have written."""

    def __init__(self, values: Values, match_headers: tuple[str, ...]) -> None:
        look = Look(values, match_headers)
        self._look = look
        self._outline = lru_cache(_REMEMBERED)(self._judged)
        self._entry = lru_cache(_REMEMBERED)(look.entry)
        self._request_header = lru_cache(_REMEMBERED)(look.request_header)
        self._response_header = lru_cache(_REMEMBERED)(look.response_header)
        self._right = _Right()

    def problems(self, one: Interaction) -> tuple[str, ...]:
        """Return each place of an interaction that is not right, in words for people."""
        found, may_repeat = self._outline(one.outline)
        if may_repeat and not found and _says_twice(one.texts.text):
            return (_NO_JSON,)
        return found

    def _judged(self, said: Texts) -> tuple[tuple[str, ...], bool]:
        """Return what is not right in an outline, and whether its numbers have to be looked at."""
        try:
            answer = _answer(said.text)
        except (ValueError, RecursionError):
            return (*self._around(said), _NO_JSON), False
        return (*self._around(said), *self._inside(said.text, answer)), answer.may_repeat

    def _around(self, said: Texts) -> Iterator[str]:
        """Yield what is not right outside the answer's body."""
        if not self._look.path(said.path):
            yield "the uri's path"
        for what, entries in (("query field", said.query), ("request field", said.body)):
            for number, entry in enumerate(entries, 1):
                if not self._entry(entry):
                    yield f"{what} {number}"
        for name, text in said.request_headers:
            if not self._request_header(name, text):
                yield "a request header"
        for name, text in said.response_headers:
            if not self._response_header(name, text):
                yield "a response header"

    def _inside(self, text: str, answer: _Answer) -> Iterator[str]:
        yield from self._look.spelling(text)
        if not text or self._right.holds(answer.document):
            return
        found = tuple(self._look.node(answer.document, ()))
        if not found:
            self._right.add(answer.document)
        yield from found


@dataclass(frozen=True, slots=True)
class _Answer:
    """The body of an answer, read as JSON."""

    document: Json
    may_repeat: bool = False
    """Names may be the same once the variables in them have their numbers."""


def _answer(text: str) -> _Answer:
    """Read the body of an outline. Raises ValueError or RecursionError for what is no JSON."""
    if not text:
        return _Answer(None)
    with suppress(orjson.JSONDecodeError, orjson.JSONEncodeError):
        document = orjson.loads(text)
        if orjson.dumps(document, option=_AS_WRITTEN).decode() == text:  # so no name is lost
            return _Answer(document)
    different = numbered(text, (("", number) for number in count(1)))
    return _Answer(json.loads(different, object_pairs_hook=_without_repeats), may_repeat=True)


def _says_twice(text: str) -> bool:
    try:
        json.loads(text, object_pairs_hook=_without_repeats)
    except ValueError:
        return True
    return False


def _without_repeats(members: list[tuple[str, Json]]) -> dict[str, Json]:
    """Return an object's members. Raises ValueError for a key that stands twice: one would hide."""
    document = dict(members)
    if len(document) < len(members):
        raise ValueError("a key stands twice")
    return document


_Place = dict[object, "_Place"]
"""What was right at one place: containers by type, with what is inside; leaves with their type."""
_LEAF: _Place = {}


class _Right:
    """Answers of which each value was right at its place, in one answer or another."""

    def __init__(self) -> None:
        self._root: _Place = {}
        self._added = 0

    def add(self, document: Json) -> None:
        """Take note of an answer that was found right."""
        if self._added % _REMEMBERED == 0:
            self._root = {}
        self._added += 1
        _add(document, self._root)

    def holds(self, document: Json) -> bool:
        """Tell whether all of an answer has been right before."""
        return _holds(document, self._root)


def _add(value: Json, place: _Place) -> None:
    if not isinstance(value, (dict, list)):
        place[type(value), value] = _LEAF
        return
    here = place.setdefault(type(value), {})
    for key, one in _members(value):
        _add(one, here.setdefault(key, {}))


def _holds(value: Json, place: _Place) -> bool:
    kind = type(value)
    if kind is not dict and kind is not list:
        return (kind, value) in place
    here = place.get(kind)
    if here is None:
        return False
    for key, one in _members(value):
        inner = here.get(key)
        if inner is None or not _holds(one, inner):
            return False
    return True


def _members(value: Json) -> Iterable[tuple[object, Json]]:
    """Return what is in an object or list, by name or index."""
    return value.items() if type(value) is dict else enumerate(value)
