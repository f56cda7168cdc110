"""What has been through the door: text in tape notation, and the secrets it stands for beside it.

The text may go anywhere. The secrets stay in memory: they are compared and given back, and their
repr shows nothing. Only the door makes these types out of raw messages.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from tokentape.pure.notation.placeholders import whole
from tokentape.pure.stripe.kinds import Secret

_NUMBERS = frozenset({"card", "account_number"})
_BEGUN = tuple("{{" + kind for kind in _NUMBERS)


class Sealed(NamedTuple):
    """Tape notation with unnumbered variables, and one secret for each of them, in order."""

    text: str
    secrets: tuple[Secret, ...] = ()


def joined(pieces: Iterable[Sealed], between: str = "") -> Sealed:
    """Put sealed pieces together, `between` being literal tape notation."""
    listed = tuple(pieces)
    return Sealed(
        between.join(piece.text for piece in listed),
        tuple(secret for piece in listed for secret in piece.secrets),
    )


class SealedRequest(NamedTuple):
    """A request after the door. Entries are `name=value` texts in canonical order."""

    method: str
    path: Sealed
    query: tuple[Sealed, ...]
    headers: tuple[tuple[str, Sealed], ...]
    body: tuple[Sealed, ...]
    live: Mapping[str, Secret]
    """What came in for kinds that are kept as a class alone: the key, the CVC. For rehydration."""

    @property
    def numbers(self) -> dict[str, Sealed]:
        """The card or account number of this request by kind, whose parts an answer may show."""
        return {
            found.kind: Sealed(text, entry.secrets[-1:] if found.number else ())
            for entry in (*self.query, *self.body)
            for text in (entry.text.partition("=")[2],)
            if text.startswith(_BEGUN) and (found := whole(text)) and found.kind in _NUMBERS
        }


class SealedResponse(NamedTuple):
    """A response after the door."""

    status: int
    headers: tuple[tuple[str, Sealed], ...]
    body: Sealed
    echoes: Mapping[Secret, Secret] = MappingProxyType({})
    """Values of this answer that a request sent in a field of another name, with the latter."""
