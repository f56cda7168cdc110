"""The last events of a session, for readers that come and go, such as the page in the browser."""

from __future__ import annotations

from collections import deque
from itertools import islice

from tokentape.pure.watching.documents import Document, note_document, request_document
from tokentape.pure.watching.events import Event, Note, Repeats, Watched

REMEMBERED = 1_000
"""How many events a session remembers."""
_BATCH = 200
"""How many a reader gets at a time."""


class EventLog:
    """Remembers events by their place, counted from 1; a reader asks for those after a place."""

    def __init__(self, limit: int = REMEMBERED) -> None:
        self._limit = limit
        self._events: deque[Event | Note] = deque()
        self._last = 0
        self._repeats: dict[int, int] = {}
        """By the number of a request that is remembered: how often it was answered again."""

    def watch(self, event: Watched) -> None:
        """Take an event; the oldest is forgotten."""
        if isinstance(event, Repeats):
            for number, count in event.counts.items():
                if number in self._repeats:
                    self._repeats[number] += count
            return
        self._events.append(event)
        self._last += 1
        if isinstance(event, Event):
            self._repeats[event.number] = 0
        if len(self._events) > self._limit:
            oldest = self._events.popleft()
            if isinstance(oldest, Event):
                self._repeats.pop(oldest.number, None)

    def after(self, place: int) -> Document:
        """Return the events after a place: a batch, and the place to ask from next.

        `repeats` are of all requests that are remembered.
        """
        first = self._last - len(self._events)
        start = min(max(place - first, 0), len(self._events))
        batch = [*islice(self._events, start, start + _BATCH)]
        return {
            "next": first + start + len(batch),
            "last": self._last,
            "events": [
                request_document(event) if isinstance(event, Event) else note_document(event)
                for event in batch
            ],
            "repeats": {str(number): count for number, count in self._repeats.items() if count},
        }
