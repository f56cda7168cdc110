"""The fast way: what was worked out for a request once need not be worked out again.

A suite asks the same all day. The door's work on a request hangs on the request alone, so it is
kept under a keyed hash of all that the door looks at; only the Idempotency-Key, new each time, is
put in again. An answer hangs on what has been served and bound besides: it is kept for the turn
of the session in which it was given, and given again while nothing has changed. Order, bindings
and counts are those of the slow way (`tests/laws/test_memo.py`).

Everything is in memory, bounded, and ends with its session.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from hashlib import blake2b
from secrets import token_bytes
from typing import NamedTuple

from proxy.pure.kinds import Secret
from proxy.pure.messages import Request, Response
from proxy.pure.recent import Recent
from proxy.pure.redact import Door
from proxy.pure.redact.requests import retry_key
from proxy.pure.sealed import SealedRequest

LIMIT = 32_768
"""Requests that a session remembers: some 4 kB each."""
_MOST_BYTES = 4096
"""Of target and body of a request that is remembered: longer ones are few."""


_NONE = Response(0)


@dataclass(slots=True, repr=False)
class Known:
    """A request that was met before, without its Idempotency-Key."""

    asked: SealedRequest
    answer: Response = _NONE
    position: int = 0
    turn: tuple[int, int] = (-1, -1)
    """Of the session, when this answer was given."""

    def keep(self, answer: Response, position: int, turn: tuple[int, int]) -> None:
        """Remember an answer, which is the same for the rest of the turn."""
        self.answer = replace(answer, repeated=True)
        self.position, self.turn = position, turn


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
    _same: Recent[int, tuple[Request, Met]] = field(init=False)
    """By identity: the server gives the same object for the same bytes."""

    def __post_init__(self) -> None:
        self._met, self._same = Recent(self.limit), Recent(self.limit)

    def meet(self, request: Request) -> Met:
        """Return a request to /v1/tokens sealed. Raises UnreadableBody."""
        same = self._same.get(id(request))
        if same is not None and same[0] is request:
            return same[1]
        retry = retry_key(request)
        if not self.limit or len(request.target) + len(request.body) > _MOST_BYTES:
            return Met(Known(self.door.request_alone(request)), retry)
        met = Met(self._known(request), retry)
        if retry is None:  # with one, these very bytes do not come again
            self._same.put(id(request), (request, met))
        return met

    def _known(self, request: Request) -> Known:
        mark = self._mark(request)
        known = self._met.get(mark)
        if known is None:
            known = Known(self.door.request_alone(request))
            self._met.put(mark, known)
        return known

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
