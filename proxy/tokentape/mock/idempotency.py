"""Idempotency: a POST that comes again with its key gets its first answer again.

docs.stripe.com/api/idempotent_requests: the first outcome stands, a refused card too; a request
that was not carried out (its key or a parameter was wrong, or there were too many) leaves nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from tokentape.mock.answers import Call, replayed
from tokentape.mock.memory import Fingerprints, Newest
from tokentape.mock.parameters import Parameters
from tokentape.mock.refusals import idempotency_error
from tokentape.pure.http.messages import Response

MAX_ANSWERS = 10_000
"""Keys remembered: Stripe's live 24 hours, a test run of that many posts less than an hour."""

_NOT_CARRIED_OUT = frozenset({400, 401, 429})

_Place = tuple[str, str | None, str]


@dataclass(slots=True)
class Idempotency:
    """The first answers, by API key, connected account and Idempotency-Key.

    Of the parameters it keeps a salted digest, enough to tell others from the same.
    """

    fingerprints: Fingerprints
    _first: Newest[_Place, tuple[str, Response]] = field(
        default_factory=lambda: Newest(MAX_ANSWERS)
    )

    def once(self, call: Call, asked: Parameters, act: Callable[[], Response]) -> Response:
        """Return `act()`, or its answer of before. Raises Refusal for other parameters."""
        sent = call.request.header("idempotency-key")
        if not sent:
            return act()
        place = (call.key.text, call.request.header("stripe-account"), sent)
        digest = self.fingerprints.of(sorted(asked.values.items()))
        known = self._first.get(place)
        if known is None:
            return self._remember(place, digest, act())
        if known[0] != digest:
            raise idempotency_error(sent)
        return replayed(call, known[1])

    def _remember(self, place: _Place, digest: str, answer: Response) -> Response:
        if answer.status not in _NOT_CARRIED_OUT:
            self._first.put(place, (digest, answer))
        return answer
