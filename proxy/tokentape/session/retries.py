"""Retries: a POST with an Idempotency-Key seen before gets the same answer again.

As Stripe has it (docs.stripe.com/api/idempotent_requests): the same parameters, or an error.
Tries at the same time wait for the first, so a storm of them makes one interaction.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from tokentape.pure.http.messages import Headers, Response
from tokentape.pure.notation.redacted import RedactedRequest
from tokentape.pure.replay.instances import Match
from tokentape.pure.stripe.refusals import refusal

REMEMBERED = 5_000
"""Answers kept; the oldest go first."""

_NOT_KEPT = frozenset({400, 401, 409, 424, 429})
"""Statuses that Stripe does not keep under a key, and our own miss."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer, and where the cassette has it, if it came from there."""

    response: Response
    match: Match | None = None


class _Scope(NamedTuple):
    """An Idempotency-Key, and who asks with it."""

    key: str
    askers: tuple[str, ...]

    def __repr__(self) -> str:
        return "<_Scope>"


Outcome = Answer | Awaitable[Answer]
"""An answer at once, or later."""


@dataclass(frozen=True, slots=True)
class Try:
    """A request with a key, and its answer."""

    request: RedactedRequest
    askers: tuple[str, ...] = field(repr=False)
    answer: Answer | asyncio.Future[Answer | None]
    """None if there came none: then whoever waits is the next to try."""

    @classmethod
    def of(cls, request: RedactedRequest, answer: Answer) -> Try:
        """Return what retries of a request are recognised by."""
        return cls(request, tuple(_askers(request)), answer)


class Retries:
    """The keys of one session. Bounded; in memory only."""

    def __init__(self) -> None:
        self._tries: OrderedDict[_Scope, Try] = OrderedDict()

    def once(self, request: RedactedRequest, answer: Callable[[], Outcome]) -> Outcome:
        """Return the answer to a request, the first one again for a retry."""
        scope = _scope(request)
        if scope is None:
            return answer()
        before = self._tries.get(scope)
        if before is None:
            return self._first(scope, request, answer)
        if _params(before.request) != _params(request):
            return Answer(_key_reused(scope.key))
        if isinstance(before.answer, Answer):
            return _again(before.answer, scope.key)
        return self._after(before.answer, request, answer)

    def keep(self, before: Try, key: str) -> bool:
        """Keep the answer to a request like that, but with another key, for those who try again.

        False if the request is a retry itself.
        """
        assert isinstance(before.answer, Answer)
        if key and before.request.method == "POST":
            scope = _Scope(key, before.askers)
            if scope in self._tries:
                return False
            self._keep(scope, before, before.answer)
        return True

    def remember(self, request: RedactedRequest) -> bool:
        """Tell whether a retry of a request would get its answer again."""
        return _scope(request) in self._tries

    def _first(
        self, scope: _Scope, request: RedactedRequest, answer: Callable[[], Outcome]
    ) -> Outcome:
        outcome = answer()
        if not isinstance(outcome, Answer):
            return self._later(scope, request, outcome)
        self._keep(scope, Try(request, scope.askers, outcome), outcome)
        return outcome

    def _later(
        self, scope: _Scope, request: RedactedRequest, outcome: Awaitable[Answer]
    ) -> Awaitable[Answer]:
        waiting = asyncio.get_running_loop().create_future()
        self._tries[scope] = Try(request, scope.askers, waiting)

        async def settle() -> Answer:
            answered = None
            try:
                answered = await outcome
            finally:
                self._tries.pop(scope, None)
                waiting.set_result(answered)
            self._keep(scope, Try(request, scope.askers, answered), answered)
            return answered

        return settle()

    async def _after(
        self,
        before: asyncio.Future[Answer | None],
        request: RedactedRequest,
        answer: Callable[[], Outcome],
    ) -> Answer:
        answered = await asyncio.shield(before)
        if answered:
            return _again(answered, request.live["idempotency_key"].text)
        outcome = self.once(request, answer)
        return outcome if isinstance(outcome, Answer) else await outcome

    def _keep(self, scope: _Scope, made: Try, answered: Answer) -> None:
        if _kept(answered.response.status):
            self._tries[scope] = made
            if len(self._tries) > REMEMBERED:
                self._tries.popitem(last=False)


def _kept(status: int) -> bool:
    return status < 500 and status not in _NOT_KEPT


def _scope(request: RedactedRequest) -> _Scope | None:
    """Return what makes two requests tries of one, or None for a request that is none."""
    key = request.live.get("idempotency_key")
    if key is None or not key.text or request.method != "POST":
        return None
    return _Scope(key.text, tuple(_askers(request)))


def _askers(request: RedactedRequest) -> Iterator[str]:
    """Yield the API key, and the account request for: other keys and accounts have other tries."""
    api_key = request.live.get("key")
    yield api_key.text if api_key else ""
    for name, line in request.headers:
        if name in ("Stripe-Account", "Stripe-Context"):
            yield name
            yield line.text
            yield from (secret.key for secret in line.secrets)


def _params(request: RedactedRequest) -> object:
    """Return what makes two requests the same, secrets and all. For comparison in memory alone."""
    live = {
        kind: one for kind, one in request.live.items() if kind not in ("idempotency_key", "key")
    }
    return (request.path, request.query, request.body, live)


def _echo(response: Response, key: str) -> Headers:
    """Return the echo of an answer to another try."""
    return tuple([(name, key) for name, _ in response.echo])


def _again(answer: Answer, key: str) -> Answer:
    response = answer.response
    headers = (*response.headers, ("Idempotent-Replayed", "true"))
    again = replace(response, headers=headers, echo=_echo(response, key), final=None)
    return replace(answer, response=again)


def _key_reused(key: str) -> Response:
    return refusal(
        400,
        "",
        "Keys for idempotent requests can only be used with the same parameters they were first "
        f"used with. Try using a key other than '{key}' if you meant to execute a different "
        "request.",
        type="idempotency_error",
    )
