"""Retries: a POST with an Idempotency-Key seen before gets the same answer again.

As Stripe has it (docs.stripe.com/api/idempotent_requests): the same parameters, or an error.
Tries at the same time wait for the first, so a storm of them makes one interaction.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, replace

from proxy.pure.kinds import Secret
from proxy.pure.messages import Response
from proxy.pure.refusals import refusal
from proxy.pure.sealed import SealedRequest

REMEMBERED = 5_000
"""Answers kept; the oldest go first."""

_NOT_KEPT = frozenset({400, 401, 409, 424, 429})
"""Statuses that Stripe does not keep under a key, and our own miss."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer, and the position that its interaction was loaded with, if it came from one."""

    response: Response
    position: int | None = None


_Scope = tuple[Secret, ...]
"""An Idempotency-Key, and who asks with it."""


Outcome = Answer | Awaitable[Answer]
"""An answer at once, or later."""


@dataclass(frozen=True, slots=True)
class _Try:
    params: object
    answer: Answer | asyncio.Future[Answer | None]
    """None if there came none: then whoever waits is the next to try."""


class Retries:
    """The keys of one session. Bounded; in memory only."""

    def __init__(self) -> None:
        self._tries: OrderedDict[_Scope, _Try] = OrderedDict()

    def once(self, asked: SealedRequest, answer: Callable[[], Outcome]) -> Outcome:
        """Return the answer to a request, the first one again for a retry."""
        scope = _scope(asked)
        if scope is None:
            return answer()
        before = self._tries.get(scope)
        if before is None:
            return self._first(scope, _params(asked), answer)
        if before.params != _params(asked):
            return Answer(_key_reused(scope[0].text))
        if isinstance(before.answer, Answer):
            return _again(before.answer)
        return self._after(before.answer, asked, answer)

    def remember(self, asked: SealedRequest) -> bool:
        """Tell whether a retry of a request would get its answer again."""
        return _scope(asked) in self._tries

    def _first(self, scope: _Scope, params: object, answer: Callable[[], Outcome]) -> Outcome:
        outcome = answer()
        if not isinstance(outcome, Answer):
            return self._later(scope, params, outcome)
        self._keep(scope, params, outcome)
        return outcome

    def _later(
        self, scope: _Scope, params: object, outcome: Awaitable[Answer]
    ) -> Awaitable[Answer]:
        waiting = asyncio.get_running_loop().create_future()
        self._tries[scope] = _Try(params, waiting)

        async def settle() -> Answer:
            answered = None
            try:
                answered = await outcome
            finally:
                self._tries.pop(scope, None)
                waiting.set_result(answered)
            self._keep(scope, params, answered)
            return answered

        return settle()

    async def _after(
        self,
        before: asyncio.Future[Answer | None],
        asked: SealedRequest,
        answer: Callable[[], Outcome],
    ) -> Answer:
        answered = await asyncio.shield(before)
        if answered:
            return _again(answered)
        outcome = self.once(asked, answer)
        return outcome if isinstance(outcome, Answer) else await outcome

    def _keep(self, scope: _Scope, params: object, answered: Answer) -> None:
        if _kept(answered.response.status):
            self._tries[scope] = _Try(params, answered)
            if len(self._tries) > REMEMBERED:
                self._tries.popitem(last=False)


def _kept(status: int) -> bool:
    return status < 500 and status not in _NOT_KEPT


def _scope(asked: SealedRequest) -> _Scope | None:
    """Return what makes two requests tries of one, or None for a request that is none."""
    key = asked.live.get("idempotency_key")
    if key is None or not key.text or asked.method != "POST":
        return None
    return (key, *_askers(asked))


def _askers(asked: SealedRequest) -> Iterator[Secret]:
    """Yield the API key, and the account asked for: other keys and accounts have other tries."""
    if "key" in asked.live:
        yield asked.live["key"]
    for name, line in asked.headers:
        if name in ("Stripe-Account", "Stripe-Context"):
            yield from line.secrets


def _params(asked: SealedRequest) -> object:
    """Return what makes two requests the same, secrets and all. For comparison in memory alone."""
    live = {kind: one for kind, one in asked.live.items() if kind not in ("idempotency_key", "key")}
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
