"""YAML as plain nodes with line numbers, from a parser that trusts nothing.

The parser's events are taken one by one and never composed: libyaml's composer recurses and takes
the process down with it on deep input. No tags, no aliases or anchors, no merge or duplicate
keys, one document, bounded depth and size.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import yaml

from tokentape.errors import CassetteError

# libyaml is optional in PyYAML: without it the same grammar, only slower.
_Parser = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

MAX_DEPTH = 8
_TOO_DEEP = "this is nested too deeply for a cassette"
_BINARY = "tag:yaml.org,2002:binary"
_TOP_LISTS = 2
"""How many containers are around the items of lists at the top: none is around the list of
documents, which holds the mapping at the top."""


@dataclass(slots=True)
class Scalar:
    """A scalar: its text, and whether it was written plain: then it may stand for null."""

    line: int
    text: str
    plain: bool
    binary: bool = False
    """It is base64, and says so."""


@dataclass(slots=True)
class Sequence:
    """A list."""

    line: int
    items: list[Node] = field(default_factory=list)


@dataclass(slots=True)
class Mapping:
    """A mapping: keys are texts, each with its value."""

    line: int
    items: dict[str, Node] = field(default_factory=dict)


Node = Scalar | Sequence | Mapping


Taker = Callable[[Node], None]


def read_yaml(text: str | bytes, take: Taker | None = None, *, binary: bool = False) -> Node:
    """Return the one document of `text`. Raises CassetteError naming the line.

    With `binary`, a scalar may have one tag: !!binary.

    If `take` is there, it is given the items of lists at the top, which are not kept then: a large
    cassette never is in memory as nodes.
    """
    try:
        return _read(text, take, (None, _BINARY) if binary else _UNTAGGED)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 0
        deep = "nesting" in str(getattr(error, "problem", ""))  # PyYAML 6.0.4 looks ahead
        raise CassetteError(
            _TOO_DEEP if deep else "this is no YAML that can be read", line=line
        ) from None


_UNTAGGED = (None,)


def _read(text: str | bytes, take: Taker | None, tags: tuple[str | None, ...]) -> Node:
    next_event = _Parser(text).get_event
    tree = _Tree(take)
    while (kind := type(event := next_event())) is not yaml.StreamEndEvent:
        line = event.start_mark.line + 1
        if kind is yaml.ScalarEvent:
            _plain_only(event.anchor, event.tag, line, tags)
            plain = event.style in (None, "")
            tree.add(Scalar(line, event.value, plain, event.tag == _BINARY))
        elif kind in _ENDS:
            tree.close()
        elif kind in _CONTAINERS:
            _plain_only(event.anchor, event.tag, line)
            tree.open(_CONTAINERS[kind](line))
        elif kind is yaml.AliasEvent:
            raise CassetteError("an alias (*name) has no place in a cassette", line=line)
    return tree.document()


_CONTAINERS = {yaml.MappingStartEvent: Mapping, yaml.SequenceStartEvent: Sequence}
_ENDS = frozenset({yaml.MappingEndEvent, yaml.SequenceEndEvent})


def _plain_only(
    anchor: str | None, tag: str | None, line: int, tags: tuple[str | None, ...] = _UNTAGGED
) -> None:
    if anchor is not None:
        raise CassetteError("an anchor (&name) has no place in a cassette", line=line)
    if tag not in tags:
        raise CassetteError("a tag (!name) has no place in a cassette", line=line)


class _Tree:
    """Nodes as they are put together."""

    def __init__(self, take: Taker | None) -> None:
        self._take = take
        self._root = Sequence(1)
        self._inside: list[Sequence | Mapping] = []
        """The containers that are open around the innermost."""
        self._keys: list[str | None] = []
        """For each of them, the key that waits for its value."""
        self._here: Sequence | Mapping = self._root
        self._key: str | None = None

    def document(self) -> Node:
        """Return the one document. Raises CassetteError if there is none, or more."""
        if len(self._root.items) != 1:
            raise CassetteError("a cassette is one YAML document", line=1)
        return self._root.items[0]

    def add(self, node: Node) -> None:
        """Put a node where the next one belongs."""
        here = self._here
        if isinstance(here, Sequence):
            here.items.append(node)
        elif self._key is not None:
            here.items[self._key] = node
            self._key = None
        elif not isinstance(node, Scalar):
            raise CassetteError("a key of a cassette is a word", line=node.line)
        elif node.text in here.items:
            raise CassetteError("a key stands twice in one place", line=node.line)
        else:
            self._key = node.text
            here.items[node.text] = Scalar(node.line, "", plain=True)

    def open(self, node: Sequence | Mapping) -> None:
        """Put a container where the next node belongs; what follows goes into it."""
        self.add(node)
        if len(self._inside) >= MAX_DEPTH:
            raise CassetteError(_TOO_DEEP, line=node.line)
        self._inside.append(self._here)
        self._keys.append(self._key)
        self._here, self._key = node, None

    def close(self) -> None:
        """End the innermost container."""
        self._here, self._key = self._inside.pop(), self._keys.pop()
        if self._take and len(self._inside) == _TOP_LISTS and isinstance(self._here, Sequence):
            self._take(self._here.items.pop())
