"""A field of the API: its class, and which of its values are kept as they are."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache

from tokentape.pure.stripe.kinds import KINDS, SLOTS
from tokentape.pure.stripe.vocabularies import FORMS, Vocabulary

KEEP = "keep"
HASH = "hash"
_LONGEST = 1_000
"""Characters of the longest value that a vocabulary can have."""
_OWN_CLASSES = frozenset({KEEP, HASH, "message", "path"})
"""Classes of the catalog that are not kinds of sensitive values."""


@dataclass(frozen=True, slots=True)
class Field:
    """A field: `kind` is keep, hash, message or a sensitive kind, `slot` the part that is sent."""

    kind: str
    slot: str = ""
    values: frozenset[str] = frozenset()
    form: str = ""
    blank_unsets: bool = False
    anything: bool = False
    """Kept with any value, by the user's configuration (`redact.keep`)."""
    types: frozenset[str] = frozenset()
    """The object types that may stand here in place of an id; * is any."""


@dataclass(frozen=True, slots=True)
class Located:
    """The place of a path in the catalog: its first `depth` segments are fields of the API.

    `free` holds the positions of segments that users may name (metadata keys).
    """

    field: Field | None
    depth: int
    free: frozenset[int] = frozenset()


@lru_cache(maxsize=4096)
def field_of(class_name: str, values: str, *, blank_unsets: bool = False) -> Field:
    """Return the field of a class with its values, joined by |: a word after ~ is a closed form.

    Raises ValueError for an unknown class, slot or form.

    >>> field_of("keep", "~integer|inf").form
    'integer'
    """
    kind, _, slot = class_name.partition(".")
    check("class", kind, {*KINDS, *_OWN_CLASSES})
    if slot:
        check("slot", slot, SLOTS.get(kind, {}))
    members = values.split("|") if values else []
    form = next((member[1:] for member in members if member.startswith("~")), "")
    if form:
        check("form", form, FORMS)
    closed = frozenset(member for member in members if not member.startswith("~"))
    types, closed = (closed, frozenset[str]()) if kind == "object_id" else (frozenset(), closed)
    return Field(kind, slot, closed, form, blank_unsets, types=types)


def normal_value(field: Field, value: str, vocabulary: Vocabulary) -> str | None:
    """Return the normal form of a value of a field that keeps some, or None for another value."""
    if len(value) > _LONGEST:
        return None
    normal = FORMS[field.form](value, vocabulary) if field.form else None
    return value if normal is None and value in field.values else normal


def check(column: str, word: str, allowed: Collection[str]) -> None:
    """Raise ValueError with the closest allowed word for one that is not allowed."""
    if word not in allowed:
        closest = get_close_matches(word, sorted(allowed), n=1, cutoff=0)
        hint = f"did you mean {closest[0]}?" if closest else "allowed: none"
        raise ValueError(f"unknown {column} {word!r}; {hint}")
