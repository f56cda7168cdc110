"""Strict YAML: nodes with line numbers, without tags, aliases, anchors or repeated keys.

The parser's events are read one by one and never composed: libyaml's composer is recursive, and
deep input makes it crash the process. Depth is bounded, and merge keys have no meaning.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import yaml

from tokentape.errors import CassetteError

# libyaml is optional in PyYAML: without it the grammar is the same, but parsing is slower.
_Parser = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

MAX_DEPTH = 8
_TOO_DEEP = "this is nested too deeply"
_BINARY = "tag:yaml.org,2002:binary"
_TOP_LISTS = 2
"""How many containers are around the items of lists in the top mapping: the list of documents, and
the mapping."""


@dataclass(slots=True)
class Scalar:
    """A scalar: its text, and whether it has no quotes, so that it may stand for null."""

    line: int
    text: str
    plain: bool
    binary: bool = False
    """It has the tag !!binary: the text is base64."""


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


Node = Scalar | Sequence | Mapping


Taker = Callable[[Node], None]


def read_yaml(text: str | bytes, take: Taker | None = None, *, binary: bool = False) -> Node:
    """Return the only document of a cassette. Raises CassetteError with a line.

    With `binary`, a scalar may have the tag !!binary. If there is a `take`, the items of lists in
    the top mapping are passed to it and not stored, so that a large cassette is never in memory
    as nodes.
    """
    try:
        documents = read_documents(text, take, binary=binary)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise CassetteError("this is not valid YAML", line=mark.line + 1 if mark else 0) from None
    if len(documents) != 1:
        raise CassetteError("a cassette is one YAML document", line=1)
    return documents[0]


def read_documents(
    text: str | bytes, take: Taker | None = None, *, binary: bool = False
) -> list[Node]:
    """Return all documents of a YAML text, as `read_yaml` does.

    Raises yaml.YAMLError for text that is not YAML, and CassetteError for what is not allowed.
    """
    try:
        return _read(text, take, (None, _BINARY) if binary else _UNTAGGED)
    except yaml.MarkedYAMLError as error:
        if "nesting" not in str(error.problem):  # libyaml has its own limit
            raise
        mark = error.problem_mark
        raise CassetteError(_TOO_DEEP, line=mark.line + 1 if mark else 0) from None


def _read(text: str | bytes, take: Taker | None, tags: tuple[str | None, ...]) -> list[Node]:
    next_event = _Parser(text).get_event
    tree = _Tree(take)
    while (kind := type(event := next_event())) is not yaml.StreamEndEvent:
        line = event.start_mark.line + 1
        if kind is yaml.ScalarEvent:
            _check_plain(event.anchor, event.tag, line, tags)
            plain = event.style in (None, "")
            tree.add(Scalar(line, event.value, plain, event.tag == _BINARY))
        elif kind in _ENDS:
            tree.close()
        elif kind in _CONTAINERS:
            _check_plain(event.anchor, event.tag, line)
            tree.open(_CONTAINERS[kind](line))
        elif kind is yaml.AliasEvent:
            raise CassetteError("an alias (*name) is not allowed: write the value", line=line)
    return tree.documents.items


_UNTAGGED = (None,)
_CONTAINERS = {yaml.MappingStartEvent: Mapping, yaml.SequenceStartEvent: Sequence}
_ENDS = frozenset({yaml.MappingEndEvent, yaml.SequenceEndEvent})


def _check_plain(
    anchor: str | None, tag: str | None, line: int, tags: tuple[str | None, ...] = _UNTAGGED
) -> None:
    if anchor is not None:
        raise CassetteError("an anchor (&name) is not allowed", line=line)
    if tag not in tags:
        raise CassetteError("a tag (!name) is not allowed", line=line)


class _Tree:
    """Documents under construction."""

    def __init__(self, take: Taker | None) -> None:
        self._take = take
        self.documents = Sequence(1)
        self._outer: list[Sequence | Mapping] = []
        """The open containers around the innermost."""
        self._keys: list[str | None] = []
        """For each of them, the key whose value is not complete."""
        self._innermost: Sequence | Mapping = self.documents
        self._key: str | None = None

    def add(self, node: Node) -> None:
        """Add a node as an item, a key or a value."""
        container = self._innermost
        if isinstance(container, Sequence):
            container.items.append(node)
        elif self._key is not None:
            container.items[self._key] = node
            self._key = None
        elif not isinstance(node, Scalar):
            raise CassetteError("a list or mapping is not allowed as a key", line=node.line)
        elif node.text in container.lines:
            first = container.lines[node.text]
            raise CassetteError(f"this key is on line {first} already", line=node.line)
        else:
            self._key = node.text
            container.lines[node.text] = node.line

    def open(self, node: Sequence | Mapping) -> None:
        """Add a container; the following nodes go into it."""
        self.add(node)
        if len(self._outer) >= MAX_DEPTH:
            raise CassetteError(_TOO_DEEP, line=node.line)
        self._outer.append(self._innermost)
        self._keys.append(self._key)
        self._innermost, self._key = node, None

    def close(self) -> None:
        """End the innermost container."""
        self._innermost, self._key = self._outer.pop(), self._keys.pop()
        if self._take and len(self._outer) == _TOP_LISTS and isinstance(self._innermost, Sequence):
            self._take(self._innermost.items.pop())
