"""One value through the door: by its public name, by its class alone, or as a variable."""

from __future__ import annotations

from dataclasses import dataclass, replace
from dataclasses import field as field_
from functools import lru_cache
from urllib.parse import quote_plus

from proxy.pure.catalog import Catalog, Field, Located
from proxy.pure.forms import Path, join_name
from proxy.pure.kinds import CLASS_ONLY, SLOTS, guard, id_kind, secret
from proxy.pure.phrases import Phrases
from proxy.pure.placeholders import UNNUMBERED, Placeholder, whole
from proxy.pure.published import Published
from proxy.pure.sealed import Sealed

_MOST_KEPT = 200


@dataclass(frozen=True, slots=True)
class Place:
    """Where a field of a request belongs: what the catalog knows of it, and its name, sealed."""

    field: Field | None
    name: Sealed
    kept: dict[str, Sealed] = field_(default_factory=dict, repr=False, compare=False)
    """Fields with values that may be kept, sealed: of a closed vocabulary, so no secret."""

    def keep(self, value: str, entry: Sealed) -> None:
        """Remember a field with a value that may be kept."""
        if len(self.kept) < _MOST_KEPT:
            self.kept[value] = entry


@dataclass(frozen=True, slots=True)
class Values:
    """What the door knows of the API and its public values."""

    catalog: Catalog
    published: Published
    phrases: Phrases
    this_year: int
    """The year by which a card's expiry is past or future."""
    _places: dict[Path, Place] = field_(default_factory=dict, init=False, repr=False, compare=False)
    """Places looked up before: of the API's own names alone, so they are few and no secret."""
    _answered: dict[Path, Located] = field_(
        default_factory=dict, init=False, repr=False, compare=False
    )
    """The same for fields of answers."""

    def sealed(self, kind: str, text: str, slot: str = "") -> Sealed:
        """Seal one sensitive value, or the part of it that `slot` names."""
        if kind == "object_id":
            kind = id_kind(text)
        one = secret(kind, text)
        name = self.published.names.get((kind, one.same))
        if name is not None:
            return Sealed(_notation(kind, "", name, slot))
        known_class = guard(kind, text, this_year=self.this_year)
        if kind in CLASS_ONLY:
            return Sealed(_notation(kind, "", known_class, slot))
        # A guard stands with the whole value alone: a part of it tells no more.
        return Sealed(_notation(kind, UNNUMBERED, "" if slot else known_class, slot), (one,))

    def place(self, path: Path) -> Place:
        """Return where a field of a request belongs."""
        known = self._places.get(path)
        return known or self._located(path)

    def _located(self, path: Path) -> Place:
        located = self.catalog.locate_request(path)
        pieces = [
            Sealed(quote_plus(segment))
            if position < located.known and position not in located.free
            else self.sealed("field", segment)
            for position, segment in enumerate(path)
        ]
        text = join_name(piece.text for piece in pieces)
        name = Sealed(text, tuple(one for piece in pieces for one in piece.secrets))
        place = Place(located.field, name)
        if located.known == len(path) and not located.free:
            self._places[path] = place
        return place

    def located(self, path: Path) -> Located:
        """Return where a path of an answer leads, as the catalog does."""
        known = self._answered.get(path)
        if known is not None:
            return known
        located = self.catalog.locate_response(path)
        if located.known == len(path) and not located.free and not any(map(str.isdigit, path)):
            self._answered[path] = located
        return located

    def name(self, path: Path) -> Sealed:
        """Seal a field's name: segments of the API as they are, any other as a variable."""
        return self.place(path).name

    def part(self, number: Sealed, slot: str) -> tuple[Sealed, str]:
        """Return a part of a sealed number, sealed, and what it reads."""
        found = whole(number.text)
        if found is None:
            return number, ""
        sliced = replace(found, name="" if found.number else found.name, slot=slot)
        text = (
            number.secrets[0].text
            if number.secrets
            else self.published.value(found.kind, found.name) or ""
        )
        return Sealed(str(sliced), number.secrets), SLOTS[found.kind][slot](text)


@lru_cache(maxsize=1024)
def _notation(kind: str, number: str, name: str, slot: str) -> str:
    return str(Placeholder(kind, number, name, slot))
