"""One value through the door: by its public name, by its class alone, or as a variable."""

from __future__ import annotations

from dataclasses import dataclass, replace
from urllib.parse import quote_plus

from proxy.pure.catalog import Catalog
from proxy.pure.forms import Path, join_name
from proxy.pure.kinds import CLASS_ONLY, SLOTS, guard, id_kind, secret
from proxy.pure.phrases import Phrases
from proxy.pure.placeholders import UNNUMBERED, Placeholder, whole
from proxy.pure.published import Published
from proxy.pure.sealed import Sealed


@dataclass(frozen=True, slots=True)
class Values:
    """What the door knows of the API and its public values."""

    catalog: Catalog
    published: Published
    phrases: Phrases
    this_year: int
    """The year by which a card's expiry is past or future."""

    def sealed(self, kind: str, text: str, slot: str = "") -> Sealed:
        """Seal one sensitive value, or the part of it that `slot` names."""
        if kind == "object_id":
            kind = id_kind(text)
        name = self.published.name(kind, text)
        if name is not None:
            return Sealed(str(Placeholder(kind, name=name, slot=slot)))
        known_class = guard(kind, text, this_year=self.this_year)
        if kind in CLASS_ONLY:
            return Sealed(str(Placeholder(kind, name=known_class, slot=slot)))
        # A guard stands with the whole value alone: a part of it tells no more.
        variable = Placeholder(kind, UNNUMBERED, "" if slot else known_class, slot)
        return Sealed(str(variable), (secret(kind, text),))

    def name(self, path: Path) -> Sealed:
        """Seal a field's name: segments of the API as they are, any other as a variable."""
        located = self.catalog.locate_request(path)
        pieces = [
            Sealed(quote_plus(segment))
            if position < located.known and position not in located.free
            else self.sealed("field", segment)
            for position, segment in enumerate(path)
        ]
        text = join_name(piece.text for piece in pieces)
        return Sealed(text, tuple(one for piece in pieces for one in piece.secrets))

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
