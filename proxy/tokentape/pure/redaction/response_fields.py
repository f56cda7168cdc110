"""A field of responses, and what has been redacted there before."""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import field as field_

from tokentape.pure.http.forms import Path
from tokentape.pure.http.json_text import Json
from tokentape.pure.stripe.fields import Field


@dataclass(frozen=True, slots=True, repr=False)
class ResponseField:
    """A field of responses, and what has been redacted there before.

    Remembered are the API's own names, and values of its closed vocabularies: few, and no secret.
    """

    owner: str
    """The type of the object that it is in; blank for the answer as a whole."""
    path: Path
    """In that object; a position in a list is blank."""
    depth: int
    """How many hashes and lists are around it in the answer."""
    name: str
    """Which field it is, wherever its object stands; list positions aside."""
    definition: Field | None
    in_catalog: bool
    """The API knows the whole path."""
    begin: str = ""
    """How its line begins, with its name."""
    members: dict[str, ResponseField] = field_(default_factory=dict)
    lines: dict[tuple[type, Json], str] = field_(default_factory=dict)
    """Whole lines, by value and its type: `1` is not `true`."""
