"""The parameters of a call as values: text, numbers, flags, lists and what is nested in them."""

from __future__ import annotations

import csv
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from tokentape.mock.api_errors import (
    ApiError,
    invalid_request,
    missing_parameter,
    unsupported,
)
from tokentape.pure.http.forms import Pair, Path, join_name

Fields = dict[str, Any]
"""Parameters by name, None for one that is blank, nested ones as Fields."""
Tree = dict[str, Any]
"""Texts by the parts of their names."""

_FLAGS = {"true": True, "false": False, "1": True, "0": False}
_MAX_METADATA = 50


@dataclass(frozen=True, slots=True)
class ParameterType:
    """What one parameter may be; `type` is a kind of text, words with `|`, or another owner."""

    type: str
    required: bool


Schema = Mapping[str, Mapping[str, ParameterType]]
"""Types of parameters by owner (an operation or a nested object) and name."""


@lru_cache(maxsize=1)
def read_schema(table: str) -> Schema:
    """Read mock_parameters.csv."""
    schema: dict[str, dict[str, ParameterType]] = defaultdict(dict)
    for row in csv.DictReader(table.splitlines()):
        types = schema[row["owner"]]
        types[row["parameter"]] = ParameterType(row["type"], row["required"] == "required")
    return schema


def read_fields(
    pairs: Iterable[Pair],
    schema: Schema,
    owners: tuple[str, ...],
    stripe_has: Callable[[Path], bool],
) -> Fields:
    """Return the parameters of a call; `owners` have the types of those that it may have.

    `stripe_has` tells whether Stripe has a parameter. Raises ApiError for values and parameters
    that Stripe refuses (400), and for parameters that the mock alone does not know.
    """
    types = {"expand": ParameterType("list", required=False)}
    for owner in owners:
        types |= schema.get(owner, {})
    return _Reader(schema, owners[0], stripe_has).fields(_tree(pairs), types, ())


def _tree(pairs: Iterable[Pair]) -> Tree:
    tree: Tree = {}
    for path, value in pairs:
        *outer, last = path
        node = tree
        for segment in outer:
            inner = node.setdefault(segment, {})
            node = inner if isinstance(inner, dict) else node
        node[last or str(len(node))] = value
    return tree


@dataclass(frozen=True, slots=True)
class _Reader:
    schema: Schema
    operation: str
    stripe_has: Callable[[Path], bool]

    def fields(self, tree: Tree, types: Mapping[str, ParameterType], path: Path) -> Fields:
        for name in tree:
            if name not in types:
                raise self.unknown((*path, name))
        for name, type_ in types.items():
            if type_.required and not tree.get(name):
                raise missing_parameter((*path, name))
        return {
            name: self.value(node, types[name].type, (*path, name)) for name, node in tree.items()
        }

    def unknown(self, path: Path) -> ApiError:
        parameter = join_name(path)
        if self.stripe_has(path):
            return unsupported(f"the parameter {parameter} of {self.operation}")
        message = f"Received unknown parameter: {parameter}"
        return invalid_request(message, "parameter_unknown", parameter)

    def value(self, node: Any, type_: str, path: Path) -> Any:  # noqa: ANN401  any of Fields
        if type_ in self.schema:
            return self.fields(_tree_at(node, path), self.schema[type_], path) if node else None
        if type_ == "metadata":
            return _metadata(node, path)
        if type_ == "list":
            return [_text(item, (*path, name)) for name, item in _tree_at(node, path).items()]
        return _scalar(_text(node, path), type_, path)


def _tree_at(node: Any, path: Path) -> Tree:  # noqa: ANN401  a Tree or a text
    if isinstance(node, dict):
        return node
    raise invalid_request("Invalid object", "", join_name(path))


def _text(node: Any, path: Path) -> str:  # noqa: ANN401  a Tree or a text
    if isinstance(node, str):
        return node
    raise invalid_request(f"Invalid string: {node}", "", join_name(path))


def _scalar(text: str, type_: str, path: Path) -> str | int | bool | None:
    name = join_name(path)
    if not text:
        if type_ in ("text", "email"):
            return None
        raise _empty(name)
    if type_ in _READERS:
        return _READERS[type_](text, name)
    _check_word(text, type_.split("|"), name)
    return text


def _integer(text: str, name: str) -> int:
    if not re.fullmatch(r"-?[0-9]{1,15}", text):
        raise invalid_request(f"Invalid integer: {text}", "parameter_invalid_integer", name)
    return int(text)


def _boolean(text: str, name: str) -> bool:
    if text.lower() not in _FLAGS:
        raise invalid_request(f"Invalid boolean: {text}", "", name)
    return _FLAGS[text.lower()]


def _currency(text: str, name: str) -> str:
    if not re.fullmatch("[A-Za-z]{3}", text):
        raise invalid_request(f"Invalid currency: {text.lower()}", "", name)
    return text.lower()


def _email(text: str, name: str) -> str:
    if "@" not in text:
        raise invalid_request(f"Invalid email address: {text}", "email_invalid", name)
    return text


_READERS: Mapping[str, Callable[[str, str], str | int | bool]] = {
    "boolean": _boolean,
    "currency": _currency,
    "email": _email,
    "id": lambda text, _: text,
    "integer": _integer,
    "text": lambda text, _: text,
}
"""By type: takes a text and its parameter's name."""


def _check_word(text: str, words: list[str], name: str) -> None:
    if text not in words:
        allowed = " or ".join(filter(None, (", ".join(words[:-1]), words[-1])))
        raise invalid_request(f"Invalid {name}: must be one of {allowed}", "", name)


def _empty(name: str) -> ApiError:
    message = (
        f"You passed an empty string for '{name}'. We assume empty values are an attempt to unset "
        f"a parameter; however '{name}' cannot be unset. You should remove '{name}' from your "
        "request or supply a non-empty value."
    )
    return invalid_request(message, "parameter_invalid_empty", name)


def _metadata(node: Any, path: Path) -> dict[str, str]:  # noqa: ANN401  a Tree or a text
    """Return metadata, in which a blank is a key to be removed."""
    if node == "":
        return {}
    texts = {name: _text(text, (*path, name)) for name, text in _tree_at(node, path).items()}
    if len(texts) > _MAX_METADATA:
        message = f"Metadata can have at most {_MAX_METADATA} keys, and {len(texts)} were sent."
        raise invalid_request(message, "", join_name(path))
    return texts
