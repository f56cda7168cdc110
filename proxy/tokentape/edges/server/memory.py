"""The port's memory: answers that never change again, as bytes; nothing is computed twice.

An answer is remembered if its handler says that it is final. It is looked up by the bytes of its
request, and by what counts in it: method, target, body, and the headers that the handler looks at.
Official clients send a new Idempotency-Key with each POST and report how long the last one took, so
their bytes do not come again, and their requests do; the answer then echoes the new key.

The handler is called for each answer that is given again, and answers itself if the request is a
retry. The memory is bounded and keeps requests only as keyed hashes (`tests/laws/test_memory.py`).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from hashlib import blake2b
from secrets import token_bytes
from typing import NamedTuple

from tokentape.edges.server.writer import Framed
from tokentape.pure.http.forms import MAX_REQUEST
from tokentape.pure.http.messages import Request

LIMIT = 256 << 20
"""Bytes that one server's answers may take in memory, by estimate: about 100,000 answers."""

Repeated = Callable[[object, str | None], bool]
"""Called when a final answer is to be given again, with what its handler marked it with and the
request's Idempotency-Key, if any. Returns False if the handler has to answer itself."""

_LONGEST = 4096  # bytes of a request that is looked up by its bytes as well
_OVERHEAD = 1000  # bytes that an answer takes in memory in addition to its own, by estimate


class RequestDigest(NamedTuple):
    """Identifies what counts in a request."""

    digest: bytes  # blank for a request that is not remembered
    key: str | None  # its Idempotency-Key; the digest covers whether there is one, not which

    def __repr__(self) -> str:
        return "<RequestDigest>"


NO_DIGEST = RequestDigest(b"", None)


class Memory:
    """What one server remembers."""

    def __init__(
        self,
        limit: int = 0,
        repeated: Repeated = lambda *_: False,
        looked_at: frozenset[str] = frozenset(),
    ) -> None:
        """Take a limit in bytes, 0 for no memory, and the headers `looked_at` in lower case.

        Answers depend on no others, except on whether there is an Idempotency-Key.
        """
        self._for_bytes = blake2b(key=token_bytes(32), digest_size=16)
        self._for_requests = blake2b(key=token_bytes(32), digest_size=16)
        self._limit = limit
        self._repeated = repeated
        self._looked_at = looked_at
        self._weight = 0
        self._answers: dict[bytes, Framed] = {}
        self._order: deque[tuple[tuple[bytes, ...], Framed, int]] = deque()

    def digest_of_bytes(self, data: bytes) -> bytes:
        """Return a hash of a request's bytes; blank if they are not remembered."""
        if len(data) > _LONGEST or not self._limit:
            return b""
        hashed = self._for_bytes.copy()
        hashed.update(data)
        return hashed.digest()

    def digest(self, request: Request) -> RequestDigest:
        """Return what a request is remembered by, however it was sent.

        All are that can be replayed, whatever their length: what is shown of an answer that is
        given again would else tell how long a secret is.
        """
        if len(request.body) > MAX_REQUEST or not self._limit:
            return NO_DIGEST
        keys, lines = [], [request.method, request.target]
        for name, value in request.headers:
            lower = name.lower()
            if lower in self._looked_at:
                lines.append(f"{lower}: {value}")
            if lower == "idempotency-key":
                keys.append(value)
                lines.append(lower)
        text = "\n".join((*lines, "", "")).encode() + request.body
        if len(keys) > 1:
            return NO_DIGEST
        hashed = self._for_requests.copy()
        hashed.update(text)
        return RequestDigest(hashed.digest(), keys[0] if keys else None)

    def answer(self, digest: bytes, key: str | None = None) -> bytes | None:
        """Return the answer with this digest, if it is remembered and may be given again.

        `key` is the Idempotency-Key that it then echoes.
        """
        framed = self._answers.get(digest)
        return framed.raw(key) if framed and self._repeated(framed.final, key) else None

    def keep(self, digest_of_bytes: bytes, request: RequestDigest, framed: Framed) -> None:
        """Remember the answer to a request if it is final; the first digest may be blank."""
        digest, key = request
        if framed.final is None or not digest or bool(framed.echo) != (key is not None):
            return
        digests = (digest, digest_of_bytes) if digest_of_bytes and key is None else (digest,)
        weight = len(framed.head) + len(framed.body) + _OVERHEAD
        self._order.append((digests, framed, weight))
        self._answers.update(dict.fromkeys(digests, framed))
        self._weight += weight
        while self._weight > self._limit:
            forgotten, oldest, weight = self._order.popleft()
            self._weight -= weight
            for each in forgotten:
                if self._answers.get(each) is oldest:
                    del self._answers[each]
