"""What the built-in mock remembers: fingerprints instead of numbers, and first responses."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from tokentape.mock.api_errors import ApiError
from tokentape.mock.parameters import Parameters
from tokentape.mock.responses import Call, replayed
from tokentape.pure.http.messages import Response

_K = TypeVar("_K")
_V = TypeVar("_V")

MAX_RESPONSES = 10_000
"""Keys remembered. Stripe's expire after 24 hours; a test run sends this many POSTs in an hour."""

_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_NOT_CARRIED_OUT = frozenset({400, 401, 429})
_EntryKey = tuple[str, str | None, str]


def remember(table: dict[_K, _V], key: _K, value: _V, most: int) -> None:
    """Add an entry to a table; where it has `most` entries, the oldest goes."""
    if len(table) == most:
        del table[next(iter(table))]
    table[key] = value


class Fingerprints:
    """Fingerprints of values: equal for equal values, but only within one process.

    Keyed by a salt that is never stored or sent: PCI DSS 3.5.1.1 rules out a plain hash of a card
    number, which can be found by trying all numbers in a second.
    """

    def __init__(self, salt: str) -> None:
        self._salt = salt.encode()

    def of(self, *values: object) -> str:
        """Return 16 base62 characters, the form of Stripe's fingerprints."""
        text = repr(values).encode()
        number = int.from_bytes(hashlib.blake2b(text, digest_size=16, key=self._salt).digest())
        return "".join(_BASE62[number // 62**position % 62] for position in range(16))


@dataclass(slots=True)
class Idempotency:
    """The first responses, by API key, connected account and Idempotency-Key.

    docs.stripe.com/api/idempotent_requests: a repeated POST gets the first response, also that of
    a declined card. A request that was not carried out (wrong API key or parameter, too many
    requests) is not remembered. Parameters are compared by a salted digest.
    """

    fingerprints: Fingerprints
    _first_responses: dict[_EntryKey, tuple[str, Response]] = field(default_factory=dict)

    def answer_once(
        self, call: Call, parameters: Parameters, create: Callable[[], Response]
    ) -> Response:
        """Return `create()`, or its earlier response. Raises ApiError if the parameters differ."""
        key = call.request.header("idempotency-key")
        if not key:
            return create()
        entry_key = (call.key.text, call.request.header("stripe-account"), key)
        digest = self.fingerprints.of(sorted(parameters.values.items()))
        entry = self._first_responses.get(entry_key)
        if entry is None:
            response = create()
            if response.status not in _NOT_CARRIED_OUT:
                remember(self._first_responses, entry_key, (digest, response), MAX_RESPONSES)
            return response
        if entry[0] != digest:
            raise ApiError(
                400,
                "idempotency_error",
                "Keys for idempotent requests can only be used with the same parameters they were "
                f"first used with. Try using a key other than '{key}' if you meant to execute a "
                "different request.",
            )
        return replayed(call, entry[1])
