"""Strict YAML: nodes with line numbers, without tags, aliases, anchors or repeated keys.

The parser's events are read one by one: libyaml's composer is recursive, and deep input makes it
crash the process. Here depth is bounded, and merge keys have no meaning.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import yaml

from tokentape.errors import CassetteError
from tokentape.wording import did_you_mean

# libyaml is optional in PyYAML: without it the grammar is the same, but parsing is slower.
Parser = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

MAX_DEPTH = 8
_TOO_DEEP = "this is nested too deeply"
_TOP_LISTS = 2
"""The depth of lists in the top mapping."""


@dataclass(slots=True)
class Scalar:
    """A scalar: its text, and whether it has no quotes, so that it may stand for null."""

    line: int
    text: str
    plain: bool
    binary: bool = False
    """The text is base64; in a cassette it never is."""

    @property
    def is_null(self) -> bool:
        """Whether YAML reads this as null."""
        return self.plain and self.text in ("null", "~", "")


@dataclass(slots=True)
class Sequence:
    """A list."""

    line: int
    items: list[Node] = field(default_factory=list)


@dataclass(slots=True)
class Mapping:
    """A mapping: its values by key, and the lines of its keys."""

    line: int
    items: dict[str, Node] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)

    def check_keys(self, required: set[str], allowed: Iterable[str] = ()) -> None:
        """Raise CassetteError for a missing key, and for one that is not allowed."""
        names = required | {*allowed}
        if unknown := [key for key in self.items if key not in names]:
            hint = did_you_mean(unknown[0], sorted(names))
            message = f"an unknown key; known here are: {', '.join(sorted(names))}{hint}"
            raise CassetteError(message, line=self.items[unknown[0]].line)
        if missing := required - self.items.keys():
            raise CassetteError(f"missing here: {', '.join(sorted(missing))}", line=self.line)


Node = Scalar | Sequence | Mapping


def scalar_text(node: Node) -> str:
    """Return the text of a scalar. Raises CassetteError for any other node."""
    if not isinstance(node, Scalar):
        raise CassetteError(
            f"a single value is expected here: {_found(node)} stands here", line=node.line
        )
    return node.text


def mapping(node: Node, what: str) -> Mapping:
    """Return a node that is a mapping. Raises CassetteError for any other; `what` names it."""
    if not isinstance(node, Mapping):
        raise CassetteError(f"{what} is a mapping, and {_found(node)} stands here", line=node.line)
    return node


def sequence(node: Node, what: str) -> list[Node]:
    """Return the items of a list. Raises CassetteError for any other node; `what` names it."""
    if not isinstance(node, Sequence):
        raise CassetteError(f"{what} is a list, and {_found(node)} stands here", line=node.line)
    return node.items


def _found(node: Node) -> str:
    kinds = {Scalar: "a single value", Sequence: "a list", Mapping: "a mapping"}
    return kinds[type(node)]


def items_of(node: Node) -> list[Node]:
    """Return the items of a list; any other node is its only item."""
    return node.items if isinstance(node, Sequence) else [node]


Taker = Callable[[Node], None]


def read_yaml(text: str | bytes, take: Taker | None = None) -> Node:
    """Return the only document of a cassette. Raises CassetteError with a line.

    If there is a `take`, the items of lists in the top mapping are passed to it and not stored, so
    that a large cassette is never in memory as nodes.
    """
    try:
        documents = read_documents(text, take)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise CassetteError("this is not valid YAML", line=mark.line + 1 if mark else 0) from None
    if len(documents) != 1:
        raise CassetteError("a cassette is one YAML document", line=1)
    return documents[0]


def read_documents(text: str | bytes, take: Taker | None = None) -> list[Node]:
    """Return all documents of a YAML text, as `read_yaml` does.

    Raises yaml.YAMLError for text that is not YAML, and CassetteError for what is not allowed.
    """
    try:
        return _Reader(text, take).documents()
    except yaml.MarkedYAMLError as error:
        if "nesting" not in str(error.problem):  # libyaml has its own limit
            raise
        mark = error.problem_mark
        raise CassetteError(_TOO_DEEP, line=mark.line + 1 if mark else 0) from None


_NodeEvent = yaml.AliasEvent | yaml.ScalarEvent | yaml.CollectionStartEvent


class _Reader:
    """Builds nodes from events; it calls itself to the bounded depth at most."""

    def __init__(self, text: str | bytes, take: Taker | None) -> None:
        self._next = Parser(text).get_event
        self._take = take

    def documents(self) -> list[Node]:
        self._next()  # the start of the stream
        documents = []
        while type(self._next()) is yaml.DocumentStartEvent:
            documents.append(self._node(self._next(), 1))
            self._next()  # the end of the document
        return documents

    def _node(self, event: _NodeEvent, depth: int) -> Node:
        line = _line(event)
        if isinstance(event, yaml.AliasEvent):
            raise CassetteError("an alias (*name) is not allowed: write the value", line=line)
        if event.anchor is not None:
            raise CassetteError("an anchor (&name) is not allowed", line=line)
        if event.tag is not None:
            raise CassetteError("a tag (!name) is not allowed", line=line)
        if isinstance(event, yaml.ScalarEvent):
            return Scalar(line, event.value, event.style in (None, ""))
        if depth > MAX_DEPTH:
            raise CassetteError(_TOO_DEEP, line=line)
        is_list = isinstance(event, yaml.SequenceStartEvent)
        return self._sequence(line, depth) if is_list else self._mapping(line, depth)

    def _sequence(self, line: int, depth: int) -> Sequence:
        sequence = Sequence(line)
        add = self._take if self._take and depth == _TOP_LISTS else sequence.items.append
        while type(event := self._next()) is not yaml.SequenceEndEvent:
            add(self._node(event, depth + 1))
        return sequence

    def _mapping(self, line: int, depth: int) -> Mapping:
        mapping = Mapping(line)
        while type(event := self._next()) is not yaml.MappingEndEvent:
            if isinstance(event, yaml.CollectionStartEvent):
                message = "a list or mapping is not allowed as a key"
                raise CassetteError(message, line=_line(event))
            key = scalar_text(self._node(event, depth))
            if key in mapping.lines:
                message = f"this key is on line {mapping.lines[key]} already"
                raise CassetteError(message, line=_line(event))
            mapping.lines[key] = _line(event)
            mapping.items[key] = self._node(self._next(), depth + 1)
        return mapping


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 0
