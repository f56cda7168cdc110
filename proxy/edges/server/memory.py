"""The fast way at the port: the same bytes are the same request, and get the same answer.

In memory only, bounded, and gone with its server. Whether an answer would be given again is for
its handler to say, each time; so all that this does is save work (`tests/laws/test_memo.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import blake2b
from secrets import token_bytes

from proxy.edges.server.writer import Framed
from proxy.pure.messages import Again
from proxy.pure.recent import Recent

LIMIT = 256 << 20
"""Bytes that one server's answers may take in memory: 150,000 as a rule."""

Repeats = Callable[[Again], bool]
"""Tells whether an answer would be given again, and if so counts it as given."""

_MOST_BYTES = 4096
"""Of a request that is remembered: longer ones are few."""
_BESIDE = 400
"""Bytes that an answer takes beside its own, by estimate."""


class Memory:
    """What one server remembers of its clients."""

    def __init__(self, limit: int, again: Repeats) -> None:
        """`limit` is in bytes; 0 for nothing."""
        self._hash = blake2b(key=token_bytes(32), digest_size=16)
        self._longest = _MOST_BYTES if limit else 0
        self._again = again
        self._answers: Recent[bytes, Framed] = Recent(limit, _weight)

    def mark(self, data: bytes) -> bytes:
        """Return what bytes are remembered by; blank for what is not remembered."""
        if len(data) > self._longest:
            return b""
        keyed = self._hash.copy()
        keyed.update(data)
        return keyed.digest()

    def answer(self, mark: bytes) -> Framed | None:
        """Return the answer to bytes of this mark, if it is given once more."""
        kept = self._answers.get(mark)
        return kept if kept and kept.again and self._again(kept.again) else None

    def keep(self, mark: bytes, answer: Framed) -> None:
        """Remember the answer to bytes of this mark."""
        if mark:
            self._answers.put(mark, answer)


def _weight(kept: Framed) -> int:
    return len(kept.rest) + _BESIDE
