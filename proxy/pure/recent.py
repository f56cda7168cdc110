"""A bounded memory of what was met lately."""

from __future__ import annotations

from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Recent(Generic[K, V]):
    """Holds at least half of `limit` of what was put or asked for last, and never more than it.

    Two generations: when the young one is full, it becomes the old one, and the old one is
    forgotten. So nothing has to be put in order when something is asked for.
    """

    __slots__ = ("_half", "_old", "_young")

    def __init__(self, limit: int) -> None:
        self._half = limit // 2
        self._young: dict[K, V] = {}
        self._old: dict[K, V] = {}

    def get(self, key: K) -> V | None:
        """Return what was put under a key, or None if it was not, or is forgotten."""
        found = self._young.get(key)
        if found is None and (found := self._old.pop(key, None)) is not None:
            self.put(key, found)
        return found

    def put(self, key: K, value: V) -> None:
        """Remember a value. Nothing is remembered with a limit below two."""
        if len(self._young) >= self._half:
            self._young, self._old = {}, self._young
        if self._half:
            self._young[key] = value

    def __len__(self) -> int:
        return len(self._young) + len(self._old)
