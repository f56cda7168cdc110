"""The configuration file: YAML in the shape of a dataclass; all problems at once, with their lines.

All scalars are text, so YAML's own types (`no` is false, `1:30` is 90) do not matter.
"""

from __future__ import annotations

from collections import abc
from dataclasses import dataclass, field, is_dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

import yaml

from tokentape.edges.settings import Settings
from tokentape.edges.settings.texts import reader
from tokentape.errors import CassetteError, ConfigurationError
from tokentape.pure.cassette.yaml_nodes import Mapping, Node, Scalar, Sequence, read_documents

MAX_BYTES = 64 * 1024

_ALLOWED: dict[type[Node], str] = {
    Scalar: "a single value",
    Sequence: "a list, such as [one, two]",
    Mapping: "keys with values, indented under it",
}


def read(path: Path, *, named_by: str = "") -> Settings:
    """Return the settings in a file. Raises ConfigurationError with all problems of the file.

    A path that leads to no file is not quoted, but what it was `named_by`: it may be a secret.
    """
    root = _root(path, _text(path, named_by or str(path)))
    values = _Values()
    settings: Settings = values.read(root, Settings, "", root.line)
    if values.problems:
        problems = (f"{path}:{line}: {problem}" for line, problem in sorted(values.problems))
        raise ConfigurationError(tuple(problems))
    return settings


def _unreadable(path: Path, problem: object, line: int = 0) -> ConfigurationError:
    return ConfigurationError((f"{path}:{line}: {problem}" if line else f"{path}: {problem}",))


def _text(path: Path, named_by: str) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
        if len(data) <= MAX_BYTES:
            return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise _unreadable(path, "is not UTF-8; save the file as such", line) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "this is no path"
        raise ConfigurationError((f"{named_by}: the file cannot be read: {reason}",)) from None
    raise _unreadable(path, f"is too large; allowed: {MAX_BYTES} bytes")


def _root(path: Path, text: str) -> Node:
    """Return the only document of a text; an empty mapping if there is none."""
    try:
        documents = read_documents(text)
    except CassetteError as error:
        raise _unreadable(path, error.message, error.line) from None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line if error.problem_mark else 0
        raise _unreadable(path, f"is no YAML: {error.problem}", line + 1) from None
    except yaml.reader.ReaderError:
        match = yaml.reader.Reader.NON_PRINTABLE.search(text)
        line = text.count("\n", 0, match.start()) + 1 if match else 0
        raise _unreadable(path, "is no YAML: a control character", line) from None
    if len(documents) > 1:
        raise _unreadable(path, "a second document is not allowed", documents[1].line)
    return documents[0] if documents else Mapping(1)


@dataclass(slots=True)
class _Values:
    """Reads nodes as values of types, and collects the problems, each with its line.

    A path leads from the root to a value, such as `match.ignore[2]`.
    """

    problems: list[tuple[int, str]] = field(default_factory=list)

    def read(self, node: Node, hint: Any, path: str, line: int) -> Any:  # noqa: ANN401
        """Return a value of type `hint`; without a meaning if there are problems."""
        expected = _node_type(hint)
        if not isinstance(node, expected):
            problem = f"found {_describe(node)}; allowed: {_ALLOWED[expected]}"
            return self._add(path, line, problem)
        if isinstance(node, Scalar):
            return self._text(node.text, hint, path, line)
        if isinstance(node, Mapping):
            return self._mapping(node, hint, path)
        item_hint, _ = get_args(hint)
        items = enumerate(node.items)
        return tuple(self.read(item, item_hint, f"{path}[{at}]", item.line) for at, item in items)

    def _mapping(self, node: Mapping, hint: Any, path: str) -> Any:  # noqa: ANN401
        values = {}
        hints = _hints(hint)
        for key, item in node.items.items():
            inside, line = f"{path}.{key}" if path else key, node.lines[key]
            if not hints:
                key_hint, value_hint = get_args(hint)
                name = self._text(key, key_hint, inside, line)
                values[name] = self.read(item, value_hint, inside, line)
            elif key in hints:
                values[key] = self.read(item, hints[key], inside, line)
            else:
                self._add(inside, line, f"unknown key; {_suggestion(key, path)}")
        return hint(**values) if hints else values

    def _text(self, text: str, hint: Any, path: str, line: int) -> Any:  # noqa: ANN401
        try:
            return reader(hint)(text)
        except ValueError as error:
            return self._add(path, line, str(error))

    def _add(self, path: str, line: int, problem: str) -> None:
        where = path.encode("unicode_escape").decode()[:80]  # on one line and safe to print
        self.problems.append((line, f"{where}: {problem}" if path else problem))


def _node_type(hint: Any) -> type[Node]:  # noqa: ANN401
    origin = get_origin(hint)
    if origin is tuple:
        return Sequence
    return Mapping if origin is abc.Mapping or is_dataclass(hint) else Scalar


def _hints(hint: Any) -> dict[str, Any]:  # noqa: ANN401
    """Return the types of a dataclass's fields; nothing for any other type."""
    return get_type_hints(hint, include_extras=True) if is_dataclass(hint) else {}


def _describe(node: Node) -> str:
    if isinstance(node, Scalar):
        return "a single value" if node.text else "nothing"
    return "a list" if isinstance(node, Sequence) else "a mapping"


def _suggestion(unknown: str, section: str) -> str:
    if unknown == "mode" and not section:
        return "the mode is given by --mode, the command or TOKENTAPE_MODE"
    keys = {key: key.rpartition(".") for key in _keys(Settings)}
    for key, (_, _, last) in keys.items():
        if unknown in (key, last):
            return f"did you mean {' under '.join(reversed(key.split('.')))}?"
    parent_section = section.partition("[")[0]
    siblings = [last for parent, _, last in keys.values() if parent == parent_section]
    closest = get_close_matches(unknown, siblings, n=1)
    return f"did you mean {closest[0]}?" if closest else f"allowed: {', '.join(siblings)}"


def _keys(hint: Any, section: str = "") -> abc.Iterator[str]:  # noqa: ANN401
    """Yield the paths of all keys that a section, or each item of a list, may have."""
    hint = get_args(hint)[0] if get_origin(hint) is tuple else hint
    for name, inner in _hints(hint).items():
        yield section + name
        yield from _keys(inner, f"{section}{name}.")
