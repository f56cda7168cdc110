"""The port's memory: answers that never change again, as bytes; nothing is worked out twice.

An answer is remembered if its handler says that it is final, and is then found again in two forms:
by the bytes of its request, and by what counts in it: method, target, body, and the headers that
are looked at. Official clients send a new Idempotency-Key with each POST and report how long the
last one took, so their bytes do not come again, and their requests do:

    POST /v1/tokens   Idempotency-Key: 7a   Authorization: …   card[number]=…      worked out
    POST /v1/tokens   Idempotency-Key: 9c   Authorization: …   card[number]=…      remembered,
                                                             with 9c wherever the answer echoes 7a

Nothing that is remembered ever becomes false. The handler hears of each answer that is given once
more, and gives it itself if the request is a retry. The memory is bounded, keeps no request but as
a keyed hash, and is gone with its server (`tests/laws/test_memory.py`).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from hashlib import blake2b
from secrets import token_bytes
from typing import NamedTuple

from tokentape.edges.server.writer import Framed
from tokentape.pure.http.messages import Request

LIMIT = 256 << 20
"""Bytes that one server's answers may take in memory, by estimate: 100,000 as a rule."""

Repeated = Callable[[object, str | None], bool]
"""Hears that a final answer is given once more: what its handler marked it with, and the request's
Idempotency-Key, if any. Returns False if the handler has to answer itself."""

_LONGEST = 4096
"""Bytes of a request that is remembered: longer ones are few."""
_BESIDE = 1000
"""Bytes that an answer takes in memory beside its own, by estimate."""


class Gist(NamedTuple):
    """What counts in a request."""

    mark: bytes
    """A hash of it; blank for a request that is not remembered."""
    key: str | None
    """Its Idempotency-Key. The hash covers whether there is one, not which."""

    def __repr__(self) -> str:
        return "<Gist>"


NO_GIST = Gist(b"", None)


class Memory:
    """What one server remembers."""

    def __init__(self, limit: int, repeated: Repeated, looked_at: frozenset[str]) -> None:
        """`limit` is in bytes, 0 for nothing; the names of headers `looked_at` in lower case."""
        self._marks = blake2b(key=token_bytes(32), digest_size=16)
        self._gists = blake2b(key=token_bytes(32), digest_size=16)
        self._longest = _LONGEST if limit else 0
        self._limit = limit
        self._repeated = repeated
        self._looked_at = looked_at
        self._weight = 0
        self._answers: dict[bytes, Framed] = {}
        self._order: deque[tuple[tuple[bytes, ...], Framed]] = deque()

    def mark(self, data: bytes) -> bytes:
        """Return a hash of bytes; blank for what is not remembered."""
        if len(data) > self._longest:
            return b""
        hashed = self._marks.copy()
        hashed.update(data)
        return hashed.digest()

    def gist(self, request: Request) -> Gist:
        """Return what counts in a request, however it was sent."""
        if len(request.body) > self._longest or not self._longest:
            return NO_GIST
        keys, lines = [], [request.method, request.target]
        for name, value in request.headers:
            lower = name.lower()
            if lower in self._looked_at:
                lines.append(f"{lower}: {value}")
            if lower == "idempotency-key":
                keys.append(value)
                lines.append(lower)
        text = "\n".join((*lines, "", "")).encode() + request.body
        if len(text) > self._longest or len(keys) > 1:
            return NO_GIST
        hashed = self._gists.copy()
        hashed.update(text)
        return Gist(hashed.digest(), keys[0] if keys else None)

    def answer(self, mark: bytes) -> bytes | None:
        """Return the answer to bytes with this hash, if it is remembered and given once more."""
        framed = self._answers.get(mark)
        return framed.raw() if framed and self._repeated(framed.final, None) else None

    def answer_to(self, gist: Gist) -> bytes | None:
        """Return the answer to a request, if it is remembered and given once more."""
        framed = self._answers.get(gist.mark)
        return framed.raw(gist.key) if framed and self._repeated(framed.final, gist.key) else None

    def keep(self, mark: bytes, gist: Gist, framed: Framed) -> None:
        """Remember the answer to a request if it is final; `mark` is blank or that of its bytes."""
        if framed.final is None or not gist.mark or bool(framed.echo) != (gist.key is not None):
            return
        marks = (gist.mark, mark) if mark and gist.key is None else (gist.mark,)
        self._order.append((marks, framed))
        self._answers.update(dict.fromkeys(marks, framed))
        self._weight += _weight(framed)
        while self._weight > self._limit:
            self._forget(*self._order.popleft())

    def _forget(self, marks: tuple[bytes, ...], framed: Framed) -> None:
        self._weight -= _weight(framed)
        for mark in marks:
            if self._answers.get(mark) is framed:
                del self._answers[mark]


def _weight(framed: Framed) -> int:
    return len(framed.head) + len(framed.body) + _BESIDE
