"""The configuration file: YAML in the shape of a dataclass; all problems at once, each by line.

All scalars are taken as text, so YAML's own reading (`no` is false, `1:30` is 90) never gets in
the way. Tags, anchors, aliases and keys written twice are refused: a file means what it shows.
"""

from __future__ import annotations

import reprlib
from collections.abc import Iterator
from dataclasses import dataclass, field, fields, is_dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import yaml
from pydantic import TypeAdapter, ValidationError

from tokentape.errors import ConfigurationError

if TYPE_CHECKING:
    from _typeshed import DataclassInstance
    from pydantic_core import ErrorDetails

T = TypeVar("T", bound="DataclassInstance")
Place = tuple[str | int, ...]
"""Where a value stands: keys and list positions from the root down."""
Problem = tuple[int, str]
"""A line, counted from 1, and what is wrong there."""

MAX_BYTES = 64 * 1024
MAX_DEPTH = 8

_SECTION = "keys with values, indented under it"
_ALLOWED = {
    "string_type": "a single value",
    "tuple_type": "a list, such as [one, two]",
    "dict_type": _SECTION,
    "dataclass_type": _SECTION,
}


def read(path: Path, shape: type[T]) -> T:
    """Return the file at `path` as a `shape`, a dataclass in which everything has a default.

    Raises ConfigurationError with all that is wrong.
    """
    text = _text(path)
    problems = list(_unreadable(text))
    if not problems:
        tree = _Tree()
        root = yaml.compose(text, Loader=yaml.BaseLoader)
        data = tree.plain(root, ()) if root else {}
        problems = tree.problems
        try:
            value = TypeAdapter(shape).validate_python(data)
        except ValidationError as error:
            problems += (_problem(tree, shape, each) for each in error.errors())
    if problems:
        raise ConfigurationError(tuple(f"{path}:{line}: {what}" for line, what in sorted(problems)))
    return value


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
        if len(data) <= MAX_BYTES:
            return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ConfigurationError((f"{path}:{line}: is not UTF-8; save the file as such",)) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ConfigurationError((f"{path}: cannot be read: {reason}",)) from None
    raise ConfigurationError((f"{path}: is too large; allowed: {MAX_BYTES} bytes",))


def _unreadable(text: str) -> Iterator[Problem]:
    """Name what keeps YAML from being read, and what is refused in it whatever it means."""
    try:
        yield from _refused(text)
    except yaml.MarkedYAMLError as error:
        yield _line(error.problem_mark), f"is no YAML: {error.problem}"
    except yaml.reader.ReaderError as error:
        yield text.count("\n", 0, error.position) + 1, "is no YAML: a control character"


def _refused(text: str) -> Iterator[Problem]:
    depth = documents = 0
    for event in yaml.parse(text, Loader=yaml.BaseLoader):
        line = _line(event.start_mark)
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        documents += isinstance(event, yaml.DocumentStartEvent)
        if depth > MAX_DEPTH or documents > 1:
            yield line, "found a second document" if documents > 1 else "is nested too deeply"
            return
        if getattr(event, "anchor", None):
            yield line, "found an anchor or alias; write the value out"
        if getattr(event, "tag", None):
            yield line, "found a tag; allowed: plain values"


def _line(mark: object) -> int:
    return int(getattr(mark, "line", 0)) + 1  # a mark may be missing, and counts from 0


@dataclass(slots=True)
class _Tree:
    """Makes plain data of YAML nodes, and remembers where each value stood."""

    lines: dict[Place, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def plain(self, node: yaml.Node, place: Place) -> object:
        self.lines.setdefault(place, _line(node.start_mark))
        if isinstance(node, yaml.MappingNode):
            return dict(self._items(node, place))
        if isinstance(node, yaml.SequenceNode):
            return [self.plain(item, (*place, index)) for index, item in enumerate(node.value)]
        return node.value

    def _items(self, node: yaml.MappingNode, place: Place) -> Iterator[tuple[str, object]]:
        for key, value in node.value:
            line = _line(key.start_mark)
            if not isinstance(key, yaml.ScalarNode):
                self.problems.append((line, "found a list or mapping as a key; allowed: text"))
                continue
            inside = (*place, key.value)
            if inside in self.lines:
                first = self.lines[inside]
                self.problems.append((line, f"{_name(inside)}: is on line {first} already"))
            self.lines[inside] = line
            yield key.value, self.plain(value, inside)


def _problem(tree: _Tree, shape: type[DataclassInstance], error: ErrorDetails) -> Problem:
    place = tuple(step for step in error["loc"] if step != "[key]")  # pydantic's mark for a key
    name = f"{_name(place)}: " if place else ""
    return tree.lines.get(place, 1), name + _said(shape, place, error)


def _said(shape: type[DataclassInstance], place: Place, error: ErrorDetails) -> str:
    kind = error["type"]
    if kind == "value_error":
        return str(error["ctx"]["error"])
    if kind == "unexpected_keyword_argument":
        return "unknown key; " + _suggestion(place, list(_keys(shape())))
    return f"found {_found(error['input'])}; allowed: {_ALLOWED.get(kind, error['msg'])}"


def _found(value: object) -> str:
    if isinstance(value, list):
        return "a list"
    if isinstance(value, dict):
        return "a mapping"
    return reprlib.repr(value) if value else "nothing"


def _suggestion(unknown: Place, known: list[tuple[str, ...]]) -> str:
    last = str(unknown[-1])
    elsewhere = [key for key in known if last in (key[-1], ".".join(key))]
    if elsewhere:
        return f"did you mean {' under '.join(reversed(elsewhere[0]))}?"
    beside = [key[-1] for key in known if key[:-1] == unknown[:-1]]
    near = get_close_matches(last, beside, n=1)
    return f"did you mean {near[0]}?" if near else f"allowed: {', '.join(beside)}"


def _keys(value: DataclassInstance, above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for each in fields(value):
        inner = getattr(value, each.name)
        yield (*above, each.name)
        if is_dataclass(inner) and not isinstance(inner, type):
            yield from _keys(inner, (*above, each.name))


def _name(place: Place) -> str:
    """Write a place as people do, `match.ignore[2]`, on one line and safe to print."""
    steps = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in place)
    return "".join(steps).removeprefix(".").encode("unicode_escape").decode()[:80]
