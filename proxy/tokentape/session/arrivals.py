"""A request as it came in, its outcome, and the event that tells what became of it."""

from __future__ import annotations

from typing import NamedTuple

from tokentape.pure.http.messages import Request, Response
from tokentape.pure.notation.redacted import RedactedRequest
from tokentape.pure.stripe.routes import METHODS
from tokentape.pure.watching.events import UNSHOWN, Event, Result
from tokentape.session.retries import Outcome, Try

RESULT = "Tokentape-Result"
"""The header that says what was done: recorded, replayed, forwarded, miss, refused or injected."""
_RESULT = RESULT.lower()


class Arrival(NamedTuple):
    """A request that came in."""

    raw: Request
    number: int
    """From 1, in the order of the session."""
    at: float
    """When it came in: seconds on a clock that only measures."""
    redacted: RedactedRequest | None = None
    unreadable: str = ""
    """Why it could not be redacted, if it was to be."""

    def __repr__(self) -> str:
        return f"<Arrival {self.number}>"


def event_of(session: str, arrival: Arrival, outcome: Outcome, at: float, seconds: float) -> Event:
    """Return the event of a request; nothing that is not redacted gets into it.

    `at` is the time of its answer, in seconds since 1970, `seconds` what it took.
    """
    request, method, match = arrival.redacted, arrival.raw.method, outcome.match
    fields = request.query + request.body if request else ()
    return Event(
        session,
        arrival.number,
        at,
        seconds,
        method if method in METHODS or not method else UNSHOWN,
        request.path.text if request else UNSHOWN,
        tuple([entry.text for entry in fields]),
        outcome.response.status,
        outcome.result,
        match.position + 1 if match else outcome.interaction,
        outcome.reasons,
        outcome.miss,
        outcome.is_retry,
        bool(match and match.begins_further and not outcome.is_retry),
    )


class Final(NamedTuple):
    """What the port gives back each time that it gives an answer again."""

    number: int
    """Of the request that got the answer first."""
    tried: Try | None


def passed_on(
    response: Response, result: Result, *, interaction: int = 0, reasons: tuple[str, ...] = ()
) -> Outcome:
    """Return the outcome of a request that was forwarded, its response marked as such."""
    lines = [line for line in response.headers if line[0].lower() != _RESULT]
    marked = Response(response.status, (*lines, (RESULT, result.value)), response.body)
    return Outcome(marked, result, interaction=interaction, reasons=reasons)
