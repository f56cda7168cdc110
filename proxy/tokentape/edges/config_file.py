"""The configuration file: YAML in the shape of a dataclass; all problems at once, with their lines.

All scalars are text, so YAML's own types (`no` is false, `1:30` is 90) do not matter.
"""

from __future__ import annotations

import reprlib
from collections.abc import Iterator
from dataclasses import dataclass, field, fields, is_dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar, get_args, get_origin, get_type_hints

import yaml

from tokentape.errors import CassetteError, ConfigurationError
from tokentape.pure.cassette.yaml_nodes import Mapping, Node, Scalar, Sequence, read_documents

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

T = TypeVar("T", bound="DataclassInstance")
KeyPath = tuple[str | int, ...]
"""Keys and list positions from the root to a value."""

MAX_BYTES = 64 * 1024

_SECTION = "keys with values, indented under it"
_ALLOWED = {Scalar: "a single value", Sequence: "a list, such as [one, two]", Mapping: _SECTION}


def read(path: Path, shape: type[T]) -> T:
    """Return the file at `path` as a `shape`, a dataclass in which every field has a default.

    A field is a dataclass, text with a reader (`Annotated[type, reader]`, whose method `read` takes
    the text and may raise ValueError), or a tuple or mapping of such texts. Raises
    ConfigurationError with all problems of the file.
    """
    try:
        root = _root(_text(path))
    except _Problem as problem:
        line = f":{problem.line}" if problem.line else ""
        raise ConfigurationError((f"{path}{line}: {problem}",)) from None
    reader = _Reader(list(_keys(shape())))
    value: T = reader.value(root, shape, (), root.line)
    if reader.problems:
        problems = (f"{path}:{line}: {problem}" for line, problem in sorted(reader.problems))
        raise ConfigurationError(tuple(problems))
    return value


class _Problem(Exception):
    """A problem because of which the file cannot be read; `line` 0 is the whole file."""

    def __init__(self, message: object, line: int = 0) -> None:
        super().__init__(message)
        self.line = line


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
        if len(data) <= MAX_BYTES:
            return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise _Problem("is not UTF-8; save the file as such", line) from None
    except (OSError, ValueError) as error:
        raise _Problem(f"cannot be read: {getattr(error, 'strerror', None) or error}") from None
    raise _Problem(f"is too large; allowed: {MAX_BYTES} bytes")


def _root(text: str) -> Node:
    """Return the only document of a text; an empty mapping if there is none."""
    try:
        documents = read_documents(text)
    except CassetteError as error:
        raise _Problem(error.message, error.line) from None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line if error.problem_mark else 0
        raise _Problem(f"is no YAML: {error.problem}", line + 1) from None
    except yaml.reader.ReaderError:
        match = yaml.reader.Reader.NON_PRINTABLE.search(text)
        line = text.count("\n", 0, match.start()) + 1 if match else 0
        raise _Problem("is no YAML: a control character", line) from None
    if len(documents) > 1:
        raise _Problem("a second document is not allowed", documents[1].line)
    return documents[0] if documents else Mapping(1)


@dataclass(slots=True)
class _Reader:
    """Reads nodes as values of types, and collects the problems, each with its line."""

    keys: list[tuple[str, ...]]
    """All keys that the file may have."""
    problems: list[tuple[int, str]] = field(default_factory=list)

    def value(self, node: Node, hint: Any, path: KeyPath, line: int) -> Any:  # noqa: ANN401
        """Return a value of type `hint`; without a meaning if there are problems."""
        origin, inner = get_origin(hint), get_args(hint)
        expected = Scalar if origin is Annotated else Sequence if origin is tuple else Mapping
        if not isinstance(node, expected):
            return self._add(path, line, f"found {_found(node)}; allowed: {_ALLOWED[expected]}")
        if isinstance(node, Scalar):
            return self._text(node.text, hint, path, line)
        if isinstance(node, Sequence):
            items = enumerate(node.items)
            return tuple(self.value(item, inner[0], (*path, at), item.line) for at, item in items)
        if origin is None:
            hints = get_type_hints(hint, include_extras=True)
            return hint(**dict(self._fields(node, hints, path)))
        return dict(self._entries(node, inner, path))

    def _fields(
        self, node: Mapping, hints: dict[str, Any], path: KeyPath
    ) -> Iterator[tuple[str, Any]]:
        for key, item in node.items.items():
            inside, line = (*path, key), node.lines[key]
            if key in hints:
                yield key, self.value(item, hints[key], inside, line)
            else:
                self._add(inside, line, f"unknown key; {_suggestion(inside, self.keys)}")

    def _entries(
        self, node: Mapping, hints: tuple[Any, ...], path: KeyPath
    ) -> Iterator[tuple[Any, Any]]:
        key_hint, hint = hints
        for key, item in node.items.items():
            inside, line = (*path, key), node.lines[key]
            yield self._text(key, key_hint, inside, line), self.value(item, hint, inside, line)

    def _text(self, text: str, hint: Any, path: KeyPath, line: int) -> Any:  # noqa: ANN401
        try:
            return hint.__metadata__[0].read(text)
        except ValueError as error:
            return self._add(path, line, str(error))

    def _add(self, path: KeyPath, line: int, problem: str) -> None:
        self.problems.append((line, f"{_name(path)}: {problem}" if path else problem))


def _found(node: Node) -> str:
    if isinstance(node, Scalar):
        return reprlib.repr(node.text) if node.text else "nothing"
    return "a list" if isinstance(node, Sequence) else "a mapping"


def _suggestion(unknown: KeyPath, keys: list[tuple[str, ...]]) -> str:
    last = str(unknown[-1])
    elsewhere = [key for key in keys if last in (key[-1], ".".join(key))]
    if elsewhere:
        return f"did you mean {' under '.join(reversed(elsewhere[0]))}?"
    siblings = [key[-1] for key in keys if key[:-1] == unknown[:-1]]
    closest = get_close_matches(last, siblings, n=1)
    return f"did you mean {closest[0]}?" if closest else f"allowed: {', '.join(siblings)}"


def _keys(value: DataclassInstance, above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for each in fields(value):
        inner = getattr(value, each.name)
        yield (*above, each.name)
        if is_dataclass(inner) and not isinstance(inner, type):
            yield from _keys(inner, (*above, each.name))


def _name(path: KeyPath) -> str:
    """Return a path on one line and safe to print.

    >>> _name(("match", "ignore", 2))
    'match.ignore[2]'
    """
    steps = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return "".join(steps).removeprefix(".").encode("unicode_escape").decode()[:80]
