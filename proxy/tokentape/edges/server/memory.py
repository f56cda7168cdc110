"""The fast way at the port: the same request gets the same answer, and nothing is worked out anew.

A request is the same if its bytes are, or if all is that an answer can hang on. Official clients
send a new Idempotency-Key with each POST, and tell how long the last one took: their bytes do not
come again, and their requests do.

In memory only, bounded, and gone with its server. Whether an answer would be given again is for
its handler to say, each time; so all that this does is save work (`tests/laws/test_memory.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import blake2b
from secrets import token_bytes
from typing import NamedTuple

from tokentape.edges.server.recent import Recent
from tokentape.edges.server.writer import Framed
from tokentape.pure.http.messages import Again, Headers, Request

LIMIT = 256 << 20
"""Bytes that one server's answers may take in memory, by estimate: 110,000 as a rule."""

Repeats = Callable[[Again, str | None], Headers | None]
"""Tells whether an answer would be given again to a request with this Idempotency-Key, or none, and
if so counts it as given. Returns the answer's echo, or None if it would not."""

_MOST_BYTES = 4096
"""Of a request that is remembered: longer ones are few."""
_BESIDE = 700
"""Bytes that an answer takes beside its own, by estimate."""


class Gist(NamedTuple):
    """What is remembered of a request whose bytes do not come again."""

    mark: bytes
    """What it is remembered by; blank if it is not."""
    key: str | None
    """Its Idempotency-Key."""

    def __repr__(self) -> str:
        return "<Gist>"


NO_GIST = Gist(b"", None)


class Memory:
    """What one server remembers of its clients."""

    def __init__(self, limit: int, again: Repeats, looked_at: frozenset[str]) -> None:
        """`limit` is in bytes; 0 for nothing. An answer may hang on the headers `looked_at`."""
        self._hash = blake2b(key=token_bytes(32), digest_size=16)
        self._gists = blake2b(key=token_bytes(32), digest_size=16)
        self._longest = _MOST_BYTES if limit else 0
        self._again = again
        self._looked_at = looked_at
        self._answers: Recent[bytes, Framed] = Recent(limit, _weight)

    def mark(self, data: bytes) -> bytes:
        """Return what bytes are remembered by; blank for what is not remembered."""
        if len(data) > self._longest:
            return b""
        hashed = self._hash.copy()
        hashed.update(data)
        return hashed.digest()

    def gist(self, request: Request) -> Gist:
        """Return what is remembered of a plain request, however it was sent."""
        if not self._longest:
            return NO_GIST
        key, lines = None, [request.method, request.target]
        for name, value in request.headers:
            lower = name.lower()
            if lower in self._looked_at:
                lines.append(f"{lower}: {value}")
            if lower == "idempotency-key":
                key = value
                lines.append(lower)
        text = "\n".join((*lines, "", "")).encode() + request.body
        if len(text) > self._longest:
            return NO_GIST
        hashed = self._gists.copy()
        hashed.update(text)
        return Gist(hashed.digest(), key)

    def answer(self, mark: bytes) -> bytes | None:
        """Return the answer to bytes of this mark, if it is given once more."""
        kept = self._answers.get(mark)
        return kept and self._given(kept, None)

    def answer_to(self, gist: Gist) -> bytes | None:
        """Return the answer to a request, if it is given once more."""
        kept = self._answers.get(gist.mark)
        return kept and self._given(kept, gist.key)

    def _given(self, kept: Framed, key: str | None) -> bytes | None:
        echo = self._again(kept.again, key) if kept.again else None
        return None if echo is None else kept.raw(echo)

    def keep(self, mark: bytes, gist: Gist, answer: Framed) -> None:
        """Remember the answer to a request; `mark` is that of its bytes, if they came as one."""
        if gist.key is not None:
            self._answers.put(answer, gist.mark)
        elif gist.mark:
            self._answers.put(answer, gist.mark, *filter(None, [mark]))


def _weight(kept: Framed) -> int:
    beside = _BESIDE + (kept.again.weight if kept.again else 0)
    return len(kept.head) + len(kept.body) + beside
