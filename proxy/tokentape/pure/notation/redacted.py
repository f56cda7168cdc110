"""What has been through redaction: cassette notation, and the secrets it stands for beside it.

The text may go anywhere. The secrets stay in memory: they are compared and given back, and their
repr shows nothing. Only redaction makes these types out of raw messages.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple

from tokentape.pure.notation.placeholders import whole
from tokentape.pure.stripe.kinds import NUMBER_KINDS, Secret
from tokentape.pure.stripe.routes import Route

_BEGUN = tuple("{{" + kind for kind in NUMBER_KINDS)
_number = lru_cache(maxsize=1024)(whole)
"""Returns the placeholder of a redacted number: there are few."""


class Redacted(NamedTuple):
    """Cassette notation with unnumbered variables, and one secret for each of them, in order."""

    text: str
    secrets: tuple[Secret, ...] = ()


def joined(pieces: Iterable[Redacted], between: str = "") -> Redacted:
    """Put redacted pieces together, `between` being literal notation."""
    listed = tuple(pieces)
    text = between.join(piece.text for piece in listed)
    return Redacted(text, tuple(secret for piece in listed for secret in piece.secrets))


@dataclass(frozen=True, slots=True, repr=False)
class UnknownName:
    """A name of a request's field that the API does not know, as messages may write it."""

    whole: str
    head: str
    """Up to the first segment that is not known: `card[x]` of `card[x][y]`."""
    redacted: Redacted


class RedactedRequest(NamedTuple):
    """A request after redaction. Entries are `name=value` texts in canonical order."""

    method: str
    path: Redacted
    query: tuple[Redacted, ...]
    headers: tuple[tuple[str, Redacted], ...]
    body: tuple[Redacted, ...]
    live: Mapping[str, Secret]
    """What was sent for kinds that are stored only as a class, to be given back: key, CVC."""
    unknown_names: tuple[UnknownName, ...] = ()
    """The names that the API does not know, in the order in which they were sent."""
    route: Route | None = None
    """The operation that it is."""

    @property
    def operation(self) -> str:
        """The operation in the catalog, such as `POST /v1/customers/{}`."""
        return self.route.operation if self.route else ""

    @property
    def numbers(self) -> dict[str, Redacted]:
        """The card or account number by kind, whose parts a response may show."""
        numbers = {}
        for entry in (*self.query, *self.body):
            text = entry.text.partition("=")[2]
            placeholder = _number(text) if text.startswith(_BEGUN) else None
            if placeholder and placeholder.kind in NUMBER_KINDS:
                secrets = entry.secrets[-1:] if placeholder.number else ()
                numbers[placeholder.kind] = Redacted(text, secrets)
        return numbers


class RedactedResponse(NamedTuple):
    """A response after redaction."""

    status: int
    headers: tuple[tuple[str, Redacted], ...]
    body: Redacted
    echoes: Mapping[str, Secret] = MappingProxyType({})
    """What a request sent in a field of another name than this response shows it in, by the keys of
    the latter's values."""
