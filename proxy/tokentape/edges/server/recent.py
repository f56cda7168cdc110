"""A bounded memory of what was put there last."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Recent(Generic[K, V]):
    """Holds what was put last, and no more than weighs `limit`. Asking for it changes nothing."""

    __slots__ = ("_held", "_limit", "_order", "_values", "_weight", "get")

    def __init__(self, limit: int, weight: Callable[[V], int] = lambda _: 1) -> None:
        """`weight` must be the same for a value each time."""
        self._limit = limit
        self._weight = weight
        self._held = 0
        self._values: dict[K, V] = {}
        self._order: deque[tuple[tuple[K, ...], V]] = deque()
        self.get = self._values.get
        """Returns what was put last under a key, or None if nothing was, or it is forgotten."""

    def put(self, value: V, *keys: K) -> None:
        """Remember a value under some keys. What it takes the place of weighs until forgotten."""
        self._order.append((keys, value))
        self._values.update(dict.fromkeys(keys, value))
        self._held += self._weight(value)
        while self._held > self._limit:
            self._forget(*self._order.popleft())

    def _forget(self, keys: tuple[K, ...], value: V) -> None:
        self._held -= self._weight(value)
        for key in keys:
            if self._values.get(key) is value:
                del self._values[key]

    def __len__(self) -> int:
        return len(self._values)
