"""The fast way at the port: the same bytes are the same request, the same answer the same bytes.

In memory only, bounded, and gone with its server. It can be left out: all that it does is save
work (`tests/laws/test_memo.py`).
"""

from __future__ import annotations

from hashlib import blake2b
from secrets import token_bytes

from proxy.edges.server.writer import Framed
from proxy.pure.messages import Request, Response
from proxy.pure.recent import Recent

_MOST_BYTES = 4096
"""Of a request that is remembered: longer ones are few."""


class Memory:
    """What one server remembers of its clients."""

    def __init__(self, limit: int) -> None:
        """`limit` requests, and as many answers, are remembered at most; 0 for none."""
        self._hash = blake2b(key=token_bytes(32), digest_size=16)
        self._longest = _MOST_BYTES if limit else 0
        self._requests: Recent[bytes, Request] = Recent(limit)
        self._answers: Recent[int, tuple[Response, Framed]] = Recent(limit)

    def mark(self, data: bytes) -> bytes:
        """Return what bytes are remembered by; blank for what is not remembered."""
        if len(data) > self._longest:
            return b""
        keyed = self._hash.copy()
        keyed.update(data)
        return keyed.digest()

    def request(self, mark: bytes) -> Request | None:
        """Return the plain request that bytes of this mark were, the same object each time."""
        return self._requests.get(mark) if mark else None

    def keep_request(self, mark: bytes, request: Request) -> None:
        """Remember a plain request, unless it says that it is one of its kind."""
        if mark and request.header("idempotency-key") is None:
            self._requests.put(mark, request)

    def answer(self, response: Response) -> Framed | None:
        """Return what was kept for this very object."""
        found = self._answers.get(id(response))
        return found[1] if found is not None and found[0] is response else None

    def keep_answer(self, response: Response, framed: Framed) -> None:
        """Remember an answer, if it is one that is given again."""
        if response.repeated:
            self._answers.put(id(response), (response, framed))
