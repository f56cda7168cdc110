"""Joins releases of the SDK: a field that one of them has is a field of the API.

The newest release comes first: its documentation and names of ids in paths are taken. An older one
adds fields and values that were served once, and still are to whoever pins an older version.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from catalog.sdk import Declared, Fields, Operation, Release


@dataclass
class Api:
    """What the releases declare together."""

    operations: dict[str, Operation] = field(default_factory=dict)
    """By method and key."""
    objects: dict[str, Fields] = field(default_factory=dict)


def joined(releases: Iterable[Release]) -> Api:
    """Join releases, the newest first."""
    api = Api()
    for release in releases:
        for key, operation in release.operations.items():
            own = api.operations.setdefault(
                key, Operation(operation.method, operation.path, operation.answer, {})
            )
            _add(own.fields, operation.fields)
        for name, fields in release.objects.items():
            _add(api.objects.setdefault(name, {}), fields)
    return api


def completed(api: Api, rows: Iterable[Mapping[str, str]]) -> Api:
    """Add the operations of operations.csv, each with the fields of the one that it is like."""
    for row in rows:
        like = api.operations[row["like"]].fields if row["like"] else {}
        operation = Operation(row["method"], row["path"], row["answer"], copy.deepcopy(like))
        key = f"{operation.method} {operation.key}"
        if key in api.operations:
            raise ValueError(f"operations.csv: the SDK has {key}")
        api.operations[key] = operation
    return api


def _add(fields: Fields, more: Mapping[tuple[str, ...], Declared]) -> None:
    for path, declared in more.items():
        if path in fields:
            fields[path].add(declared)
        else:
            fields[path] = copy.deepcopy(declared)
