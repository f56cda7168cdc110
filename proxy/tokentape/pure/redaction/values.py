"""One value through redaction: by its public name, by its class alone, or as a variable."""

from __future__ import annotations

from dataclasses import dataclass, replace
from dataclasses import field as field_
from functools import lru_cache
from urllib.parse import quote_plus

from tokentape.pure.http.forms import Path, join_name
from tokentape.pure.notation.placeholders import UNNUMBERED, Placeholder, whole
from tokentape.pure.notation.redacted import Redacted
from tokentape.pure.stripe.catalog import KEEP, Catalog, Field, Located
from tokentape.pure.stripe.kinds import CLASS_ONLY, KINDS, SLOTS, guard, id_kind, secret
from tokentape.pure.stripe.phrases import Phrases
from tokentape.pure.stripe.published import Published

_MOST_KEPT = 200
_JOINT = "\x1f"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a field of a request belongs."""

    name: Redacted
    field: str = field_(repr=False)
    """Which field it is, list positions aside: equal values are the same only within one."""
    known: Field | None
    """What the catalog knows of values that may be kept; None where none may."""
    kind: str
    """What a value is that may not be kept."""
    slot: str = ""
    """The part of such a value that is sent here."""
    kept: dict[str, Redacted] = field_(default_factory=dict, repr=False, compare=False)
    """Fields with values of a closed vocabulary or published ones, redacted: no secrets."""
    _texts: dict[str, str] = field_(default_factory=dict, repr=False, compare=False)
    """By the text of a redacted value, that of the field: so equal ones are in memory once."""

    def keep(self, value: str, entry: Redacted) -> None:
        """Remember a field with a value that is no secret."""
        if len(self.kept) < _MOST_KEPT:
            self.kept[value] = entry

    def entry(self, value: Redacted) -> Redacted:
        """Return the field with a redacted value."""
        text = self._texts.get(value.text)
        if text is None:
            text = f"{self.name.text}={value.text}"
            if len(self._texts) < _MOST_KEPT:
                self._texts[value.text] = text
        return Redacted(text, self.name.secrets + value.secrets)


@dataclass(frozen=True, slots=True)
class Values:
    """What redaction knows of the API and its public values."""

    catalog: Catalog
    published: Published
    phrases: Phrases
    this_year: int
    """The year by which a card's expiry is past or future."""
    _places: dict[Path, Place] = field_(default_factory=dict, init=False, repr=False, compare=False)
    """Places looked up before: of the API's own names alone, so they are few and no secret."""

    def redacted(self, kind: str, text: str, field: str, slot: str = "") -> Redacted:
        """Redact one sensitive value of a field, or the part of it that `slot` names."""
        if kind == "object_id":
            kind = id_kind(text)
        if kind in CLASS_ONLY:
            known_class = guard(kind, text, this_year=self.this_year)
            return Redacted(_notation(kind, "", known_class, slot))
        name = self.published.name(kind, text)
        if name is not None:
            return Redacted(_notation(kind, "", name, slot))
        # A guard stands with the whole value alone: a part of it tells no more.
        text_of = _notation(kind, UNNUMBERED, "" if slot else guard(kind, text), slot)
        return Redacted(text_of, (secret(kind, text, field),))

    def place(self, path: Path) -> Place:
        """Return where a field of a request belongs."""
        known = self._places.get(path)
        return known or self._located(path)

    def _located(self, path: Path) -> Place:
        located = self.catalog.locate_request(path)
        pieces = [
            Redacted(quote_plus(segment))
            if position < located.depth and position not in located.free
            else self.redacted("field", segment, field_name(path[:position], located))
            for position, segment in enumerate(path)
        ]
        text = join_name(piece.text for piece in pieces)
        name = Redacted(text, tuple(one for piece in pieces for one in piece.secrets))
        place = _place(name, path, located)
        if located.depth == len(path) and not located.free:
            self._places[path] = place
        return place

    def name(self, path: Path) -> Redacted:
        """Redact a field's name: segments of the API as they are, any other as a variable."""
        return self.place(path).name

    def part(self, number: Redacted, slot: str) -> tuple[Redacted, str]:
        """Return a part of a redacted number, redacted, and what it reads."""
        found, sliced = _sliced(number.text, slot)
        if found is None:
            return number, ""
        text = (
            number.secrets[0].text
            if number.secrets
            else self.published.value(found.kind, found.name) or ""
        )
        return Redacted(sliced, number.secrets), SLOTS[found.kind][slot](text)


@lru_cache(maxsize=1024)
def _sliced(number: str, slot: str) -> tuple[Placeholder | None, str]:
    found = whole(number)
    if found is None:
        return None, number
    return found, str(replace(found, name="" if found.number else found.name, slot=slot))


def field_name(path: Path, located: Located) -> str:
    """Return which field a path is: its segments without positions in lists of the API."""
    segments = enumerate(path)
    return _JOINT.join(
        [
            segment
            for position, segment in segments
            if position >= located.depth or position in located.free or not segment.isdigit()
        ]
    )


def last_name(field: str) -> str:
    """Return the last segment of what `field_name` returned."""
    return field.rpartition(_JOINT)[2]


def _place(name: Redacted, path: Path, located: Located) -> Place:
    known, field = located.field, field_name(path, located)
    if known is None:
        return Place(name, field, None, "text")
    if known.slot:  # the parts of a date of birth are one value, of the field around them
        return Place(name, field_name(path[:-1], located), None, "dob", known.slot)
    kind = known.kind if known.kind in KINDS else "text"
    return Place(name, field, known if known.kind == KEEP or known.anything else None, kind)


@lru_cache(maxsize=1024)
def _notation(kind: str, number: str, name: str, slot: str) -> str:
    return str(Placeholder(kind, number, name, slot))
