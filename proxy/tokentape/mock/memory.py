"""The state of the embedded upstream: bounded tables, and fingerprints instead of numbers."""

from __future__ import annotations

import hashlib
from typing import Generic, TypeVar

_K = TypeVar("_K")
_V = TypeVar("_V")

_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


class BoundedTable(Generic[_K, _V]):
    """A table of at most `size` entries: a new entry replaces the oldest."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._entries: dict[_K, _V] = {}

    def get(self, key: _K) -> _V | None:
        """Return the entry of `key`, or None."""
        return self._entries.get(key)

    def put(self, key: _K, value: _V) -> None:
        """Add an entry."""
        if len(self._entries) == self._size:
            del self._entries[next(iter(self._entries))]
        self._entries[key] = value


class Fingerprints:
    """Fingerprints of values: equal for equal values, but only within one process.

    Keyed by a salt that is never stored or sent: PCI DSS 3.5.1.1 rules out a plain hash of a card
    number, which can be found by trying all numbers in a second.
    """

    def __init__(self, salt: str) -> None:
        self._salt = salt.encode()

    def of(self, *values: object) -> str:
        """Return 16 base62 characters, the form of Stripe's fingerprints."""
        text = repr(values).encode()
        number = int.from_bytes(hashlib.blake2b(text, digest_size=16, key=self._salt).digest())
        return "".join(_BASE62[number // 62**position % 62] for position in range(16))
