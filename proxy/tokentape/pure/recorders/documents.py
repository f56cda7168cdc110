"""From the text of a recording to its fields: YAML, read leniently, or JSON.

Recorders in other languages write YAML that a cassette of tokentape may not have: tags such as
`!ruby/struct:VCR::Request`, symbols as keys (`:method:`), `!binary`, and anchors where one object
stands in two places. No tag makes an object: but for binary data, a tag says nothing here. An alias
is the node that it names, not a copy, and none can be within itself, so a file is never more in
memory than it is on disk.
"""

from __future__ import annotations

import orjson
import yaml

from tokentape.errors import CassetteError
from tokentape.pure.cassette.yaml_nodes import Mapping, Node, Parser, Scalar, Sequence
from tokentape.pure.recorders.fields import RawField

MAX_BYTES = 64 << 20
"""Bytes of the largest recording that is read: it is read in memory."""
MAX_DEPTH = 200
"""Levels of nesting. HAR files of browsers have stacks of calls in them."""

_BINARY = frozenset({"tag:yaml.org,2002:binary", "!binary"})
_TOO_DEEP = f"this is nested deeper than {MAX_DEPTH} levels: such a file is not read"


def read_document(text: str) -> RawField:
    """Return the top field of a recording. Raises CassetteError with a line."""
    if len(text) > MAX_BYTES:
        raise CassetteError(f"this has more than {MAX_BYTES >> 20} MiB: split it")
    is_json = text.lstrip()[:1] in ("{", "[")
    return RawField(_json(text) if is_json else _yaml(text))


def _json(text: str) -> Node:
    try:
        return _node(orjson.loads(text), 0)
    except orjson.JSONDecodeError as error:
        raise CassetteError("this is not valid JSON", line=error.lineno) from None


def _node(value: object, depth: int) -> Node:
    if depth > MAX_DEPTH:
        raise CassetteError(_TOO_DEEP)
    if isinstance(value, str):
        return Scalar(0, value, plain=False)
    if isinstance(value, dict):
        return Mapping(0, {key: _node(item, depth + 1) for key, item in value.items()})
    if isinstance(value, list):
        return Sequence(0, [_node(item, depth + 1) for item in value])
    return Scalar(0, orjson.dumps(value).decode(), plain=True)


def _yaml(text: str) -> Node:
    try:
        return _Reader(text).document()
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        erb = ": it has ERB (`<%`), so have Ruby write the values in first" if "<%" in text else ""
        raise CassetteError(f"this is not valid YAML{erb}", line=line) from None
    except yaml.YAMLError:  # a character that YAML does not have
        raise CassetteError("this is not valid YAML") from None


class _Reader:
    """Builds nodes from the parser's events; it calls itself to the bounded depth at most."""

    def __init__(self, text: str) -> None:
        self._next = Parser(text).get_event
        self._anchored: dict[str, Node] = {}

    def document(self) -> Node:
        self._next()  # the start of the stream
        if type(self._next()) is not yaml.DocumentStartEvent:
            raise CassetteError("this is empty: nothing is recorded in it", line=1)
        return self._node(self._next(), 0)

    def _node(self, event: yaml.Event, depth: int) -> Node:
        assert isinstance(event, yaml.NodeEvent), "the parser sees to the grammar"
        line = event.start_mark.line + 1 if event.start_mark else 0
        if isinstance(event, yaml.AliasEvent):
            if event.anchor in self._anchored:
                return self._anchored[event.anchor]
            raise CassetteError("this alias (*name) names nothing above it", line=line)
        if depth > MAX_DEPTH:
            raise CassetteError(_TOO_DEEP, line=line)
        node = self._built(event, line, depth)
        if event.anchor is not None:
            self._anchored[event.anchor] = node
        return node

    def _built(self, event: yaml.NodeEvent, line: int, depth: int) -> Node:
        if isinstance(event, yaml.ScalarEvent):
            return Scalar(line, event.value, event.style in (None, ""), event.tag in _BINARY)
        if isinstance(event, yaml.SequenceStartEvent):
            items = []
            while type(item := self._next()) is not yaml.SequenceEndEvent:
                items.append(self._node(item, depth + 1))
            return Sequence(line, items)
        mapping = Mapping(line)
        while type(item := self._next()) is not yaml.MappingEndEvent:
            key = self._node(item, depth + 1)
            name = key.text.removeprefix(":") if isinstance(key, Scalar) else ""
            mapping.items[name] = self._node(self._next(), depth + 1)
        return mapping
