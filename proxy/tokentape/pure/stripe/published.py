"""Stripe's published test values and their public names.

They are not secret: Stripe documents them, and its responses depend on them. So they are stored by
name, and a name matches only its own value.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from tokentape.pure.stripe.kinds import KINDS, same


@dataclass(frozen=True, slots=True)
class Published:
    """The published values by name, and their names by value."""

    names: Mapping[tuple[str, str], str]
    """(kind, value in the form that is compared) -> public name"""
    values: Mapping[tuple[str, str], str]
    """(kind, public name) -> value"""
    rows: Sequence[Mapping[str, str]]
    """The table as it is: what else Stripe documents of each value."""

    def name(self, kind: str, text: str) -> str | None:
        """Return the public name of a value, or None if it is not published."""
        return self.names.get((kind, same(kind, text)))

    def value(self, kind: str, name: str) -> str | None:
        """Return the published value with a kind and public name, or None."""
        return self.values.get((kind, name))


@lru_cache(maxsize=1)
def read_published(text: str) -> Published:
    """Read the table (CSV: kind, name, value, brand, funding, country, behaviour, source).

    Raises KeyError for an unknown kind.
    """
    names: dict[tuple[str, str], str] = {}
    values: dict[tuple[str, str], str] = {}
    rows = tuple(csv.DictReader(text.splitlines()))
    for row in rows:
        kind = KINDS[row["kind"]].name
        values[kind, row["name"]] = row["value"]
        names.setdefault((kind, same(kind, row["value"])), row["name"])
    return Published(names, values, rows)
