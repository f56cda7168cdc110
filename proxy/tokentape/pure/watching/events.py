"""Events: what became of each request, as values that may be shown to anyone.

A session makes one for each request that it answers, where it is decided what becomes of it, and
one for each that the port refuses unread. All texts in it are redacted. Answers that never change
again come out of the port's memory, at a price that leaves no room for an event each: they are
counted, by the number of the request whose answer is given again, and told together (`Repeats`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from typing import NamedTuple

from tokentape.pure.replay.misses import MissReport


class Result(StrEnum):
    """What was done with a request: the value of Tokentape-Result."""

    RECORDED = "recorded"
    REPLAYED = "replayed"
    FORWARDED = "forwarded"
    MISS = "miss"
    REFUSED = "refused"
    INJECTED = "injected"


UNSHOWN = "…"
"""Stands for what may be anything and is shown to nobody."""


class Event(NamedTuple):
    """A request that was answered. A tuple, because a session makes very many."""

    session: str
    """The name of its cassette."""
    number: int
    """From 1, in the order in which the session's requests came in."""
    at: float
    """When it was answered, in seconds since 1970."""
    seconds: float
    """How long the answer took."""
    method: str
    """Blank for a request that was refused unread; UNSHOWN if it is none of the API's."""
    path: str
    """UNSHOWN if the request could not be redacted; there are no fields then."""
    fields: tuple[str, ...]
    """Those of query and body, as `name=value`, in the notation of cassettes."""
    status: int
    """Of the answer; 0 if there is none, because of a fault."""
    result: Result
    interaction: int = 0
    """The number, from 1, of the interaction that answers it or that it was recorded as."""
    reasons: tuple[str, ...] = ()
    """Why it was refused or is not recorded: sentences or parts of one."""
    miss: MissReport | None = None
    is_retry: bool = False
    """It got the answer to an earlier request with its Idempotency-Key again."""
    is_further: bool = False
    """It began a further instance."""


class Repeats(NamedTuple):
    """How often answers were given again, by the number of the request that got each first."""

    session: str
    counts: Mapping[int, int]


class Note(NamedTuple):
    """Something that people should see which is not about one request."""

    session: str
    text: str


Watched = Event | Repeats | Note

Watch = Callable[[Watched], None]
"""Gets the events of sessions, on the event loop: it returns at once, and never raises."""


def unwatched(_event: Watched) -> None:
    """Watch nothing."""


def shared(*readers: Watch) -> Watch:
    """Return a reader of events that passes each on to others."""

    def watch(event: Watched) -> None:
        for reader in readers:
            reader(event)

    return watch


def notices(event: Watched) -> Iterator[str]:
    """Yield what went wrong, a line each."""
    if isinstance(event, Note):
        yield event.text
    elif isinstance(event, Event) and not event.is_retry:
        prefix = "refused: " if event.result is Result.REFUSED else ""
        yield from (f"{prefix}{reason}" for reason in event.reasons)
        if event.miss:
            yield f"miss: {event.miss}"


def noticing(notice: Callable[[str], None]) -> Watch:
    """Return a reader of events that passes on what went wrong, as text."""

    def watch(event: Watched) -> None:
        for line in notices(event):
            notice(line)

    return watch
