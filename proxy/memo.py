"""The fast way: what was worked out for a request once need not be worked out again.

A suite asks the same all day. An answer is given again for as long as nothing has changed that it
hangs on, which `Service.again` tells: to the same bytes at the port (`edges/server/memory.py`), or
here. Official clients send a new Idempotency-Key with each POST, so their bytes do not come again;
but the door's work on a request hangs on the request alone, and is kept here, under a keyed hash of
all that the door looks at. Order, bindings and counts are those of the slow way
(`tests/laws/test_memo.py`).

Everything is in memory, bounded, and ends with its session.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import blake2b
from secrets import token_bytes
from typing import NamedTuple

from proxy.pure.kinds import Secret
from proxy.pure.messages import Request, Response
from proxy.pure.recent import Recent
from proxy.pure.redact import Door
from proxy.pure.redact.requests import retry_key
from proxy.pure.sealed import SealedRequest

_NONE = Response(0)

LIMIT = 32_768
"""Requests with an Idempotency-Key that a session remembers: some 4 kB each."""
_MOST_BYTES = 4096
"""Of target and body of a request that is remembered: longer ones are few."""


@dataclass(slots=True, repr=False)
class Known:
    """A request that was met, without its Idempotency-Key."""

    asked: SealedRequest
    answer: Response = _NONE
    """The last that was given, if it was one to be given again."""


class Met(NamedTuple):
    """A request and its Idempotency-Key."""

    known: Known
    retry: Secret | None

    @property
    def asked(self) -> SealedRequest:
        """The request with its Idempotency-Key."""
        return self.known.asked.keyed(self.retry)

    def __repr__(self) -> str:
        return "<Met>"


@dataclass(slots=True, repr=False)
class Memo:
    """What was worked out in one session."""

    door: Door
    limit: int
    """Requests that are remembered at most; 0 for none."""
    _key: bytes = field(default_factory=lambda: token_bytes(32))
    _met: Recent[bytes, Known] = field(init=False)

    def __post_init__(self) -> None:
        self._met = Recent(self.limit)

    def meet(self, request: Request) -> Met:
        """Return a request to /v1/tokens sealed. Raises UnreadableBody."""
        retry = retry_key(request)
        size = len(request.target) + len(request.body)
        if retry is None or not self.limit or size > _MOST_BYTES:
            return Met(Known(self.door.request_alone(request)), retry)
        mark = self._mark(request)
        known = self._met.get(mark)
        if known is None:
            known = Known(self.door.request_alone(request))
            self._met.put(mark, known)
        return Met(known, retry)

    def _mark(self, request: Request) -> bytes:
        """Return a keyed hash of what the door looks at."""
        looked_at = self.door.looked_at
        lines = [
            f"{name}: {value}"
            for key, value in request.headers
            if (name := key.lower()) in looked_at
        ]
        head = "\n".join((request.method, request.target, *lines, "", ""))
        text = head.encode("utf-8", "surrogateescape") + request.body
        return blake2b(text, key=self._key, digest_size=16).digest()
