"""Stripe's published test values and their public names.

They are not secret: Stripe documents them, and its responses depend on them. So they are stored by
name, and a name matches only its own value.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass

from tokentape.pure.stripe.kinds import ID_KINDS, same


@dataclass(frozen=True, slots=True)
class Published:
    """The published values by name, and their names by value."""

    names: Mapping[tuple[str, str], str]
    """(kind, value in the form that is compared) -> public name"""
    values: Mapping[tuple[str, str], str]
    """(kind, public name) -> value"""

    def name(self, kind: str, text: str) -> str | None:
        """Return the public name of a value, or None if it is not published."""
        return self.names.get((kind, same(kind, text)))

    def value(self, kind: str, name: str) -> str | None:
        """Return the published value with a kind and public name, or None."""
        return self.values.get((kind, name))


def read_published(text: str) -> Published:
    """Read the table (CSV: kind, name, value, …, source)."""
    names: dict[tuple[str, str], str] = {}
    values: dict[tuple[str, str], str] = {}
    for row in csv.DictReader(text.splitlines()):
        kind = ID_KINDS.get(row["kind"], row["kind"]) if row["kind"] != "card" else "card"
        values[kind, row["name"]] = row["value"]
        names.setdefault((kind, same(kind, row["value"])), row["name"])
    return Published(names, values)
