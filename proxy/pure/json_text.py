"""Pretty-printed JSON in tape notation, written piece by piece, ASCII only.

Two spaces of indent, as Stripe prints its answers. Written here and not by a JSON library, because
a library takes a dict, and two redacted names may look the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from json.encoder import encode_basestring_ascii
from typing import Any

from proxy.pure.kinds import Secret
from proxy.pure.sealed import Sealed

Json = Any
"""Whatever a JSON document may hold."""


@dataclass(slots=True)
class JsonWriter:
    """Collects one document."""

    out: list[str] = field(default_factory=list)
    secrets: list[Secret] = field(default_factory=list)
    depth: int = 0
    first: bool = True

    @contextmanager
    def block(self, opening: str, closing: str, *, empty: bool) -> Iterator[None]:
        """Write an object or array around what is written inside."""
        self.out.append(opening)
        self.depth += 1
        self.first = True
        yield
        self.depth -= 1
        self.first = False
        self.out.append(closing if empty else f"\n{'  ' * self.depth}{closing}")

    def item(self) -> None:
        """Begin the next member or element on a line of its own."""
        self.out.append(f"{'' if self.first else ','}\n{'  ' * self.depth}")
        self.first = False

    def key(self, name: Sealed) -> None:
        """Begin the next member of an object with its name."""
        self.item()
        self.text(name)
        self.out.append(": ")

    def text(self, sealed: Sealed) -> None:
        """Write a string; its text is tape notation between the quotes."""
        self.out.append(encode_basestring_ascii(sealed.text))
        self.secrets.extend(sealed.secrets)

    def raw(self, token: str) -> None:
        """Write a JSON token as it is."""
        self.out.append(token)

    def sealed(self) -> Sealed:
        """Return the document, with a line end."""
        return Sealed("".join(self.out) + "\n", tuple(self.secrets))
