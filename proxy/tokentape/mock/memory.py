"""What the built-in mock remembers: fingerprints instead of numbers, and first responses."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from tokentape.mock.api_errors import ApiError
from tokentape.mock.responses import Call, replayed
from tokentape.pure.http.forms import Path
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
    _first_responses: dict[_EntryKey, tuple[str, str, Response]] = field(default_factory=dict)

    def answer_once(
        self, call: Call, values: Mapping[Path, str], create: Callable[[], Response]
    ) -> Response:
        """Return `create()`, or its earlier response. Raises ApiError if path or values differ."""
        key = call.request.header("idempotency-key")
        if not key:
            return create()
        entry_key = (call.key.text, call.request.header("stripe-account"), key)
        path = call.request.target.partition("?")[0]
        digest = self.fingerprints.of(sorted(values.items()))
        entry = self._first_responses.get(entry_key)
        if entry is None:
            response = create()
            if response.status not in _NOT_CARRIED_OUT:
                remember(self._first_responses, entry_key, (path, digest, response), MAX_RESPONSES)
            return response
        if entry[0] != path:
            raise _used_otherwise(
                f"for the same endpoint they were first used for ('{entry[0]}')", key
            )
        if entry[1] != digest:
            raise _used_otherwise("with the same parameters they were first used with", key)
        return replayed(call, entry[2])


def _used_otherwise(rule: str, key: str) -> ApiError:
    return ApiError(
        400,
        "idempotency_error",
        f"Keys for idempotent requests can only be used {rule}. Try using a key other than "
        f"'{key}' if you meant to execute a different request.",
    )
