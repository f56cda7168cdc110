"""YAML as plain nodes with line numbers, from a parser that trusts nothing.

The parser's events are taken one by one and never composed: libyaml's composer recurses and takes
the process down with it on deep input. No tags, no aliases or anchors, no merge or duplicate
keys, one document, bounded depth and size.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import yaml

from proxy.errors import CassetteError

# libyaml is optional in PyYAML: without it the same grammar, only slower.
_Parser = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

MAX_DEPTH = 8


@dataclass(slots=True)
class Scalar:
    """A scalar: its text, and whether it was written plain: then it may stand for null."""

    line: int
    text: str
    plain: bool


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


def read_yaml(text: str) -> Node:
    """Return the one document of `text`. Raises CassetteError naming the line."""
    try:
        return _read(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 0
        raise CassetteError("this is no YAML that can be read", line=line) from None


def _read(text: str) -> Node:
    root = Sequence(1)
    stack: list[Sequence | Mapping] = [root]
    keys: list[str | None] = [None]
    parser = _Parser(text)
    while not parser.check_event(yaml.StreamEndEvent):
        event = parser.get_event()
        line = event.start_mark.line + 1
        if isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent, yaml.ScalarEvent)):
            _plain_only(event, line)
            node = _node(event, line)
            _attach(stack[-1], keys, node, line)
            if not isinstance(node, Scalar):
                if len(stack) > MAX_DEPTH:
                    raise CassetteError("this is nested too deeply for a cassette", line=line)
                stack.append(node)
                keys.append(None)
        elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
            stack.pop()
            keys.pop()
        elif isinstance(event, yaml.AliasEvent):
            raise CassetteError("an alias (*name) has no place in a cassette", line=line)
    if len(root.items) != 1:
        raise CassetteError("a cassette is one YAML document", line=1)
    return root.items[0]


def _plain_only(event: yaml.NodeEvent, line: int) -> None:
    if event.anchor is not None:
        raise CassetteError("an anchor (&name) has no place in a cassette", line=line)
    if getattr(event, "tag", None) is not None:
        raise CassetteError("a tag (!name) has no place in a cassette", line=line)


def _node(event: yaml.Event, line: int) -> Node:
    if isinstance(event, yaml.ScalarEvent):
        return Scalar(line, event.value, plain=event.style in (None, ""))
    return Mapping(line) if isinstance(event, yaml.MappingStartEvent) else Sequence(line)


def _attach(parent: Sequence | Mapping, keys: list[str | None], node: Node, line: int) -> None:
    if isinstance(parent, Sequence):
        parent.items.append(node)
    elif keys[-1] is not None:
        parent.items[keys[-1]] = node
        keys[-1] = None
    elif not isinstance(node, Scalar):
        raise CassetteError("a key of a cassette is a word", line=line)
    elif node.text in parent.items:
        raise CassetteError("a key stands twice in one place", line=line)
    else:
        keys[-1] = node.text
        parent.items[node.text] = Scalar(line, "", plain=True)
