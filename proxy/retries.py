"""Retries: a POST with an Idempotency-Key seen before gets the same answer again.

As Stripe has it (docs.stripe.com/api/idempotent_requests): the same parameters, or an error.
Tries at the same time wait for the first, so a storm of them makes one interaction.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from proxy.pure.messages import Response
from proxy.pure.refusals import refusal
from proxy.pure.sealed import SealedRequest

REMEMBERED = 5_000
"""Answers kept; the oldest go first."""

_NOT_KEPT = frozenset({400, 401, 409, 424, 429})
"""Statuses that Stripe does not keep under a key, and our own miss."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer, and the position of the interaction that it came from, if any."""

    response: Response
    position: int | None = None


@dataclass(frozen=True, slots=True)
class _Try:
    params: object
    answer: asyncio.Future[Answer]


class Retries:
    """The keys of one session. Bounded; in memory only."""

    def __init__(self) -> None:
        self._tries: OrderedDict[str, _Try] = OrderedDict()

    async def once(self, asked: SealedRequest, answer: Callable[[], Awaitable[Answer]]) -> Answer:
        """Return the answer to a request, the first one again for a retry."""
        key = asked.live.get("idempotency_key")
        if key is None or asked.method != "POST":
            return await answer()
        before = self._tries.get(key.text)
        if before is None:
            return await self._first(key.text, _params(asked), answer)
        if before.params != _params(asked):
            return Answer(_key_reused(key.text))
        return _again(await asyncio.shield(before.answer))

    async def _first(
        self, key: str, params: object, answer: Callable[[], Awaitable[Answer]]
    ) -> Answer:
        entry = self._tries[key] = _Try(params, asyncio.get_running_loop().create_future())
        try:
            answered = await answer()
        except BaseException:
            self._tries.pop(key, None)
            entry.answer.cancel()
            raise
        entry.answer.set_result(answered)
        status = answered.response.status
        if status in _NOT_KEPT or status >= 500:
            self._tries.pop(key, None)
        elif len(self._tries) > REMEMBERED:
            self._tries.popitem(last=False)
        return answered


def _params(asked: SealedRequest) -> object:
    """Return what makes two requests the same, secrets and all. For comparison in memory alone."""
    live = {kind: one for kind, one in asked.live.items() if kind != "idempotency_key"}
    return (asked.path, asked.query, asked.body, live)


def _again(answer: Answer) -> Answer:
    headers = (*answer.response.headers, ("Idempotent-Replayed", "true"))
    return replace(answer, response=replace(answer.response, headers=headers))


def _key_reused(key: str) -> Response:
    return refusal(
        400,
        "",
        "Keys for idempotent requests can only be used with the same parameters they were first "
        f"used with. Try using a key other than '{key}' if you meant to execute a different "
        "request.",
        type="idempotency_error",
    )
