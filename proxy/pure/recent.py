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
        self._order: deque[K] = deque()
        self.get = self._values.get
        """Returns what was put under a key, or None if it was not, or is forgotten."""

    def put(self, key: K, value: V) -> None:
        """Remember a value, in place of what was put under its key before."""
        before = self._values.get(key)
        if before is None:
            self._order.append(key)
        else:
            self._held -= self._weight(before)
        self._values[key] = value
        self._held += self._weight(value)
        while self._held > self._limit:
            self._held -= self._weight(self._values.pop(self._order.popleft()))

    def __len__(self) -> int:
        return len(self._values)
