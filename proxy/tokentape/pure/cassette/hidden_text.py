"""What the text of a cassette says beside its interactions: comments, spacing, unread values.

Whatever a reader leaves unread could hide something, and no second look at what was read would
see it. How a cassette is spelt is free (vcrpy and editors quote and indent in their own ways), but
each character must be part of a value that was read, or of the plainest structure around it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import suppress

import orjson
import yaml

from tokentape.pure.cassette.yaml_nodes import Mapping, Node, Scalar, Sequence, read_yaml

# libyaml is optional in PyYAML: without it the same grammar, only slower.
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_SPACING = re.compile(r"[ \t\r]+$|\t", re.MULTILINE)
_STRUCTURE = re.compile(r"(?:---\n)?(?:[-:,\[\]{}]|\n\n?+(?!\n) *+| (?! ))*+")
_BLOCK = re.compile(r"[|>][+-]?\n")


def hidden_lines(text: str, canonical: str) -> Iterator[int]:
    """Yield lines of a cassette that say more than its interactions do.

    `canonical` is the cassette that tokentape makes of these interactions.
    """
    if text != canonical:
        yield from _unsaid(read_yaml(text), read_yaml(canonical))
        yield from (_line(text, space.start()) for space in _SPACING.finditer(text))
        yield from unread_lines(text)


def _unsaid(node: Node, said: Node) -> Iterator[int]:
    """Yield the lines of values that differ from what the interactions say."""
    if isinstance(node, Mapping) and isinstance(said, Mapping):
        for name, item in node.items.items():
            if name not in said.items:  # a header without a value
                yield item.line
            elif name != "recorded_with":
                yield from _unsaid(item, said.items[name])
    elif isinstance(node, Sequence) and isinstance(said, Sequence):
        for item, other in zip(node.items, said.items, strict=True):
            yield from _unsaid(item, other)
    elif isinstance(node, Scalar) and isinstance(said, Scalar):
        if _value(node) != _value(said):
            yield node.line
    elif isinstance(said, Sequence):  # a header's only value, or no headers or interactions at all
        yield from _unsaid(Sequence(node.line, [node]), said)


def _value(node: Scalar) -> str:
    return "" if node.plain and node.text == "null" else node.text.rstrip("\n")


def unread_lines(text: str) -> Iterator[int]:
    """Yield lines with text that is no part of a value: comments, directives, odd spacing."""
    end = 0
    for event in yaml.parse(text, _Loader):
        if isinstance(event, yaml.ScalarEvent):
            start, stop = (mark.index for mark in (event.start_mark, event.end_mark) if mark)
            yield from _between(text, end, start)
            if event.style in ("|", ">") and not _BLOCK.match(text, start):
                yield _line(text, start)
            end = stop
    yield from _between(text, end, len(text))


def _between(text: str, start: int, end: int) -> Iterator[int]:
    structure = _STRUCTURE.match(text, start, end)
    reached = structure.end() if structure else start
    if reached < end:
        yield _line(text, reached)


def _line(text: str, offset: int) -> int:
    return text.count("\n", 0, offset) + 1


def says_it_plainly(body: str) -> bool:
    """Tell whether JSON is spelt as a program prints it, so that its spelling hides nothing."""
    text = body.rstrip("\n")
    return not text or any(text == spelt for spelt in _spelt(text))


def _spelt(text: str) -> Iterator[str]:
    with suppress(orjson.JSONDecodeError):  # it takes less than `json` does
        yield orjson.dumps(orjson.loads(text), option=orjson.OPT_INDENT_2).decode()
    document = json.loads(text)
    yield json.dumps(document, indent=2)
    yield json.dumps(document)
    yield json.dumps(document, separators=(",", ":"))
