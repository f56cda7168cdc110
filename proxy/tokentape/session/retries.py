"""Retries: a POST with an Idempotency-Key seen before gets the same answer again.

As Stripe has it (docs.stripe.com/api/idempotent_requests): the same parameters, or an error.
Tries at the same time wait for the first, so a storm of them makes one interaction.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from tokentape.pure.http.messages import Headers, Response
from tokentape.pure.notation.redacted import RedactedRequest
from tokentape.pure.replay.instance import Match
from tokentape.pure.replay.misses import MissReport
from tokentape.pure.stripe.refusals import refusal
from tokentape.pure.watching.events import Result

REMEMBERED = 5_000
"""Answers that are remembered; the oldest go first."""

_NOT_REMEMBERED = frozenset({400, 401, 409, 424, 429})
"""Statuses that Stripe does not keep under a key, and our own miss."""

_ACCOUNT_HEADERS = ("Stripe-Account", "Stripe-Context")


class Outcome(NamedTuple):
    """A response, what was done, and where the cassette has the response, if it came from there."""

    response: Response
    result: Result
    match: Match | None = None
    interaction: int = 0
    """The number, from 1, of the interaction that it was recorded as."""
    reasons: tuple[str, ...] = ()
    """Why it was refused or not recorded."""
    miss: MissReport | None = None
    is_retry: bool = False


_Scope = tuple[str, ...]
"""An Idempotency-Key, and who sends it: other API keys and accounts have other tries."""


@dataclass(frozen=True, slots=True)
class Try:
    """A request with a key, and its outcome."""

    request: RedactedRequest
    sender: tuple[str, ...] = field(repr=False)
    outcome: Outcome | asyncio.Future[Outcome | None]
    """None if there came none: then whoever waits is the next to try."""


class Retries:
    """The keys of one session. Bounded; in memory only."""

    def __init__(self) -> None:
        self._tries: OrderedDict[_Scope, Try] = OrderedDict()
        self._under_way: dict[_Scope, Try] = {}
        """Those that wait for their outcome: however many others get theirs meanwhile."""

    def once(
        self, request: RedactedRequest, answer: Callable[[], Outcome | Awaitable[Outcome]]
    ) -> Outcome | Awaitable[Outcome]:
        """Return the answer to a request, the first one again for a retry."""
        scope = _scope(request)
        if scope is None:
            return answer()
        before = self._before(scope)
        if before is None:
            outcome = answer()
            if not isinstance(outcome, Outcome):
                return self._first(scope, request, outcome)
            self._remember(scope, Try(request, scope[1:], outcome))
            return outcome
        if _params(before.request) != _params(request):
            return _key_reused(scope[0])
        if isinstance(before.outcome, Outcome):
            return _again(before.outcome, scope[0])
        return self._after(before.outcome, request, answer)

    def repeated(self, before: Try, key: str) -> bool:
        """Remember that a request like that, with another key, got the same answer.

        False if the request is a retry itself.
        """
        if key and before.request.method == "POST":
            scope = (key, *before.sender)
            if self._before(scope):
                return False
            self._remember(scope, before)
        return True

    def remembers(self, request: RedactedRequest) -> bool:
        """Tell whether a retry of a request would get its answer again."""
        scope = _scope(request)
        return scope is not None and self._before(scope) is not None

    def _before(self, scope: _Scope) -> Try | None:
        return self._under_way.get(scope) or self._tries.get(scope)

    def _first(
        self, scope: _Scope, request: RedactedRequest, outcome: Awaitable[Outcome]
    ) -> Awaitable[Outcome]:
        """Have those wait who try again before there is an outcome."""
        waiting = asyncio.get_running_loop().create_future()
        self._under_way[scope] = Try(request, scope[1:], waiting)

        async def settle() -> Outcome:
            settled = None
            try:
                settled = await outcome
            finally:
                del self._under_way[scope]
                waiting.set_result(settled)
            self._remember(scope, Try(request, scope[1:], settled))
            return settled

        return settle()

    async def _after(
        self,
        before: asyncio.Future[Outcome | None],
        request: RedactedRequest,
        answer: Callable[[], Outcome | Awaitable[Outcome]],
    ) -> Outcome:
        settled = await asyncio.shield(before)
        if settled:
            return _again(settled, request.live["idempotency_key"].text)
        outcome = self.once(request, answer)
        return outcome if isinstance(outcome, Outcome) else await outcome

    def _remember(self, scope: _Scope, settled: Try) -> None:
        assert isinstance(settled.outcome, Outcome)
        status = settled.outcome.response.status
        if status < 500 and status not in _NOT_REMEMBERED:
            self._tries[scope] = settled
            if len(self._tries) > REMEMBERED:
                self._tries.popitem(last=False)


def _scope(request: RedactedRequest) -> _Scope | None:
    """Return what makes two requests tries of one, or None for a request that is none."""
    key = request.live.get("idempotency_key")
    if key is None or not key.text or request.method != "POST":
        return None
    return (key.text, *sender(request))


def sender(request: RedactedRequest) -> tuple[str, ...]:
    """Return the API key, and the account that a request is for."""
    api_key = request.live.get("key")
    accounts = [
        text
        for name, line in request.headers
        if name in _ACCOUNT_HEADERS
        for text in (name, line.text, *(secret.key for secret in line.secrets))
    ]
    return (api_key.text if api_key else "", *accounts)


def _params(request: RedactedRequest) -> object:
    """Return what makes two requests the same, secrets and all. Only to be compared in memory."""
    not_params = ("idempotency_key", "key")
    live = {kind: secret for kind, secret in request.live.items() if kind not in not_params}
    fields = [
        sorted((entry.text, [secret.key for secret in entry.secrets]) for entry in part)
        for part in (request.query, request.body)
    ]
    return (request.path, fields, live)


def _again(outcome: Outcome, key: str) -> Outcome:
    response = outcome.response
    headers: Headers = (*response.headers, ("Idempotent-Replayed", "true"))
    echo = tuple([(name, key) for name, _ in response.echo])
    again = response._replace(headers=headers, echo=echo, final=None)
    return outcome._replace(response=again, is_retry=True)


def _key_reused(key: str) -> Outcome:
    response = refusal(
        400,
        "",
        "Keys for idempotent requests can only be used with the same parameters they were first "
        f"used with. Try using a key other than '{key}' if you meant to execute a different "
        "request.",
        type="idempotency_error",
    )
    reason = "Its Idempotency-Key was first used with other parameters."
    return Outcome(response, Result.REFUSED, reasons=(reason,))
