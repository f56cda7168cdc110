"""Idempotency: a repeated POST with the same Idempotency-Key gets the first response.

docs.stripe.com/api/idempotent_requests: the first response is repeated, also that of a declined
card. A request that was not carried out (wrong API key or parameter, too many requests) is not
remembered.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from tokentape.mock.api_errors import idempotency_error
from tokentape.mock.memory import BoundedTable, Fingerprints
from tokentape.mock.parameters import Parameters
from tokentape.mock.responses import Call, replayed
from tokentape.pure.http.messages import Response

MAX_RESPONSES = 10_000
"""Keys remembered. Stripe's expire after 24 hours; a test run sends this many POSTs in an hour."""

_NOT_CARRIED_OUT = frozenset({400, 401, 429})

_EntryKey = tuple[str, str | None, str]


@dataclass(slots=True)
class Idempotency:
    """The first responses, by API key, connected account and Idempotency-Key.

    Of the parameters only a salted digest is stored, which is enough to compare them.
    """

    fingerprints: Fingerprints
    _first_responses: BoundedTable[_EntryKey, tuple[str, Response]] = field(
        default_factory=lambda: BoundedTable(MAX_RESPONSES)
    )

    def answer_once(
        self, call: Call, parameters: Parameters, create: Callable[[], Response]
    ) -> Response:
        """Return `create()`, or its earlier response. Raises ApiError if the parameters differ."""
        idempotency_key = call.request.header("idempotency-key")
        if not idempotency_key:
            return create()
        entry_key = (call.key.text, call.request.header("stripe-account"), idempotency_key)
        digest = self.fingerprints.of(sorted(parameters.values.items()))
        entry = self._first_responses.get(entry_key)
        if entry is None:
            return self._remember(entry_key, digest, create())
        if entry[0] != digest:
            raise idempotency_error(idempotency_key)
        return replayed(call, entry[1])

    def _remember(self, entry_key: _EntryKey, digest: str, response: Response) -> Response:
        if response.status not in _NOT_CARRIED_OUT:
            self._first_responses.put(entry_key, (digest, response))
        return response
