"""What has been through redaction: text in tape notation, and the secrets it stands for beside it.

The text may go anywhere. The secrets stay in memory: they are compared and given back, and their
repr shows nothing. Only redaction makes these types out of raw messages.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from tokentape.pure.notation.placeholders import whole
from tokentape.pure.stripe.kinds import NUMBER_KINDS, Secret

_BEGUN = tuple("{{" + kind for kind in NUMBER_KINDS)


class Redacted(NamedTuple):
    """Tape notation with unnumbered variables, and one secret for each of them, in order."""

    text: str
    secrets: tuple[Secret, ...] = ()


def joined(pieces: Iterable[Redacted], between: str = "") -> Redacted:
    """Put redacted pieces together, `between` being literal tape notation."""
    listed = tuple(pieces)
    return Redacted(
        between.join(piece.text for piece in listed),
        tuple(secret for piece in listed for secret in piece.secrets),
    )


class RedactedRequest(NamedTuple):
    """A request after redaction. Entries are `name=value` texts in canonical order."""

    method: str
    path: Redacted
    query: tuple[Redacted, ...]
    headers: tuple[tuple[str, Redacted], ...]
    body: tuple[Redacted, ...]
    live: Mapping[str, Secret]
    """What came in for kinds that are kept as a class alone: the key, the CVC. For rehydration."""

    @property
    def numbers(self) -> dict[str, Redacted]:
        """The card or account number of this request by kind, whose parts an answer may show."""
        return {
            found.kind: Redacted(text, entry.secrets[-1:] if found.number else ())
            for entry in (*self.query, *self.body)
            for text in (entry.text.partition("=")[2],)
            if text.startswith(_BEGUN) and (found := whole(text)) and found.kind in NUMBER_KINDS
        }


class RedactedResponse(NamedTuple):
    """A response after redaction."""

    status: int
    headers: tuple[tuple[str, Redacted], ...]
    body: Redacted
    echoes: Mapping[Secret, Secret] = MappingProxyType({})
    """Values of this answer that a request sent in a field of another name, with the latter."""
