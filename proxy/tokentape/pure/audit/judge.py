"""Checks many interactions, and equal parts of them only once.

Interactions that differ only in the numbers of their variables have one outline and one result:
a number cannot make a part invalid, except that a name may then occur twice in one JSON object.
And whether a field, or a leaf of a response body, is valid depends on its path only.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from itertools import count

import orjson

from tokentape.pure.audit.admission import RedactionCheck
from tokentape.pure.cassette.model import Interaction, Texts
from tokentape.pure.http.json_text import Json
from tokentape.pure.notation.placeholders import numbered
from tokentape.pure.redaction.values import Values

_CACHE_SIZE = 1_000
"""Outlines, fields, header lines and response bodies whose result is cached."""
_AS_WRITTEN = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
_BAD_JSON = "the answer's body, which is no JSON or repeats a name,"


class Judge:
    """Reports the positions in interactions that hold what redaction would not have written."""

    def __init__(self, values: Values, match_headers: tuple[str, ...]) -> None:
        check = RedactionCheck(values, match_headers)
        self._check = check
        self._judged_outline = lru_cache(_CACHE_SIZE)(self._judge)
        self._cached_entry = lru_cache(_CACHE_SIZE)(check.entry)
        self._cached_request_header = lru_cache(_CACHE_SIZE)(check.request_header)
        self._cached_response_header = lru_cache(_CACHE_SIZE)(check.response_header)
        self._valid_bodies = _ValidBodies()

    def problems(self, interaction: Interaction) -> tuple[str, ...]:
        """Return the positions of unredacted values in an interaction, in words for people."""
        problems, may_have_repeats = self._judged_outline(interaction.outline)
        if may_have_repeats and not problems and _has_repeats(interaction.texts.text):
            return (_BAD_JSON,)
        return problems

    def _judge(self, texts: Texts) -> tuple[tuple[str, ...], bool]:
        """Return the problems of an outline, and whether names may repeat once it has numbers."""
        try:
            body = _read_body(texts.text)
        except (ValueError, RecursionError):
            return (*self._problems_outside_body(texts), _BAD_JSON), False
        problems = (*self._problems_outside_body(texts), *self._body_problems(texts.text, body))
        return problems, body.may_have_repeats

    def _problems_outside_body(self, texts: Texts) -> Iterator[str]:
        """Yield the problems outside the response body."""
        if not self._check.path(texts.path):
            yield "the uri's path"
        for label, entries in (("query field", texts.query), ("request field", texts.body)):
            for number, entry in enumerate(entries, 1):
                if not self._cached_entry(entry):
                    yield f"{label} {number}"
        for name, text in texts.request_headers:
            if not self._cached_request_header(name, text):
                yield "a request header"
        for name, text in texts.response_headers:
            if not self._cached_response_header(name, text):
                yield "a response header"

    def _body_problems(self, text: str, body: _Body) -> Iterator[str]:
        yield from self._check.spelling(text)
        if not text or self._valid_bodies.holds(body.document):
            return
        problems = tuple(self._check.node(body.document, ()))
        if not problems:
            self._valid_bodies.add(body.document)
        yield from problems


@dataclass(frozen=True, slots=True)
class _Body:
    """A response body, read as JSON."""

    document: Json
    may_have_repeats: bool = False
    """Names may repeat once the variables in them have their numbers."""


def _read_body(text: str) -> _Body:
    """Read the body of an outline. Raises ValueError or RecursionError for invalid JSON."""
    if not text:
        return _Body(None)
    with suppress(orjson.JSONDecodeError, orjson.JSONEncodeError):
        document = orjson.loads(text)
        if orjson.dumps(document, option=_AS_WRITTEN).decode() == text:  # so no name repeats
            return _Body(document)
    renumbered = numbered(text, (("", number) for number in count(1)))
    document = json.loads(renumbered, object_pairs_hook=_without_repeats)
    return _Body(document, may_have_repeats=True)


def _has_repeats(text: str) -> bool:
    try:
        json.loads(text, object_pairs_hook=_without_repeats)
    except ValueError:
        return True
    return False


def _without_repeats(members: list[tuple[str, Json]]) -> dict[str, Json]:
    """Return an object's members. Raises ValueError for a repeated key, which would hide a value.

    >>> _without_repeats([("a", 1), ("b", 2)])
    {'a': 1, 'b': 2}
    >>> _without_repeats([("a", 1), ("a", 2)])
    Traceback (most recent call last):
    ValueError: a key occurs twice
    """
    document = dict(members)
    if len(document) < len(members):
        raise ValueError("a key occurs twice")
    return document


_Node = dict[object, "_Node"]
"""Valid content of one path: containers by type, with their children; leaves with their type."""
_LEAF: _Node = {}


class _ValidBodies:
    """All values that were valid at their path, in any response body so far."""

    def __init__(self) -> None:
        self._root: _Node = {}
        self._added = 0

    def add(self, document: Json) -> None:
        """Add the values of a valid body."""
        if self._added % _CACHE_SIZE == 0:
            self._root = {}
        self._added += 1
        _add(document, self._root)

    def holds(self, document: Json) -> bool:
        """Tell whether each value of a body was valid at its path before."""
        return _holds(document, self._root)


def _add(value: Json, node: _Node) -> None:
    if not isinstance(value, (dict, list)):
        node[type(value), value] = _LEAF
        return
    children = node.setdefault(type(value), {})
    for key, item in _members(value):
        _add(item, children.setdefault(key, {}))


def _holds(value: Json, node: _Node) -> bool:
    kind = type(value)
    if kind is not dict and kind is not list:
        return (kind, value) in node
    children = node.get(kind)
    if children is None:
        return False
    for key, item in _members(value):
        child = children.get(key)
        if child is None or not _holds(item, child):
            return False
    return True


def _members(value: Json) -> Iterable[tuple[object, Json]]:
    """Return the items of an object or list by name or index."""
    return value.items() if type(value) is dict else enumerate(value)
