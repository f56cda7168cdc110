"""The JSON schema of the configuration file, for editors: written from the settings themselves.

    python -m tokentape.edges.settings.schema < config.example.yaml > docs/config.schema.json

What a key means comes from the comments of the example; which keys there are, and what they take,
from the dataclasses. The schema allows a little more than the reader, whose errors say the rest.
"""

from __future__ import annotations

import json
import re
import sys
from collections import abc
from dataclasses import is_dataclass
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

from tokentape.edges.settings import Settings, texts

Schema = dict[str, Any]

_TEXT: Schema = {"type": "string"}
_NUMBER_OR_TEXT: Schema = {"type": ["integer", "string"]}
_BY_TYPE: dict[Any, Schema] = {
    bool: {"type": "boolean"},
    float: {"type": "number", "exclusiveMinimum": 0, "maximum": 86_400},
    Path: _TEXT,
    texts.Count: {"type": "integer", "minimum": 1, "maximum": 999_999},
    texts.Kind: {"enum": list(texts.KINDS)},
    texts.Size: _NUMBER_OR_TEXT,
}


def schema(example: str) -> Schema:
    """Return the schema; `example` is the text of config.example.yaml."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "tokentape.yaml",
        **_of(Settings, _comments(example), ""),
    }


def _of(hint: Any, comments: abc.Mapping[str, str], path: str) -> Schema:  # noqa: ANN401  any type
    """Return the schema of a type at a path of keys."""
    if is_dataclass(hint):
        hints = get_type_hints(hint, include_extras=True)
        paths = {name: f"{path}.{name}" if path else name for name in hints}
        members = {name: _of(hints[name], comments, paths[name]) for name in hints}
        for name, member in members.items():
            if comments.get(paths[name]):
                member["description"] = comments[paths[name]]
        return {"type": "object", "additionalProperties": False, "properties": members}
    origin, inside = get_origin(hint), get_args(hint)
    if origin is Literal:
        return {"enum": [*inside]}
    if origin is tuple:
        return {"type": "array", "items": _of(inside[0], comments, path)}
    if origin is abc.Mapping:
        return {"type": "object", "additionalProperties": _of(inside[1], comments, path)}
    return dict(_BY_TYPE.get(hint, _TEXT))


def _comments(example: str) -> dict[str, str]:
    r"""Return what the comments before the keys of a YAML text say, by the path of each key.

    >>> _comments("# How.\na: 1\n\nb:\n  # What\n  # it is.\n  c: 2\n")
    {'a': 'How.', 'b': '', 'b.c': 'What it is.'}
    """
    comments: dict[str, str] = {}
    section, comment, is_over = "", "", True
    for line in example.splitlines():
        key = re.match(r"( *)([a-z_]+):", line)
        if key is None:
            begun = "" if is_over else comment
            is_over = not line.lstrip().startswith("#")
            comment = "" if is_over else f"{begun} {line.strip(' #')}".strip()
            continue
        section = section if key[1] else key[2]
        comments[f"{section}.{key[2]}" if key[1] else key[2]] = comment  # of several keys, too
        is_over = True
    return comments


if __name__ == "__main__":
    sys.stdout.write(json.dumps(schema(sys.stdin.read()), indent=2) + "\n")
