"""Prints the events of sessions, in batches: a session that is fast must not wait for its lines."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import AbstractContextManager

from tokentape.edges import terminal
from tokentape.edges.settings import Settings
from tokentape.edges.terminal import Line
from tokentape.pure.watching.documents import log_document
from tokentape.pure.watching.events import Event, Watched
from tokentape.pure.watching.lines import COLOURS, EventLines

_SECONDS = 0.05
"""How long a batch is collected."""
_MOST = 50
"""Requests of a batch that get a line each, and again of those where something went wrong: more
than a thousand lines in a second, nobody reads."""
_WAITING = 10_000
"""Events of a batch; the oldest are left out."""


class EventPrinter:
    """Prints events on standard error, as lines for people or as JSON."""

    def __init__(self, *, is_quiet: bool, as_json: bool, names_sessions: bool = False) -> None:
        self._lines = EventLines(is_quiet, names_sessions)
        self._as_json = as_json
        self._events: deque[Watched] = deque(maxlen=_WAITING)
        self._count = 0
        self._timer: asyncio.TimerHandle | None = None

    def watch(self, event: Watched) -> None:
        """Take an event."""
        self._events.append(event)
        self._count += 1
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(_SECONDS, self.flush)

    def flush(self) -> None:
        """Print what has been taken."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        left_out, events = self._count - len(self._events), [*self._events]
        self._events.clear()
        self._count = 0
        if self._as_json:
            terminal.say_documents(map(log_document, events))
        elif lines := [*self._shown(events)]:
            terminal.say_lines(lines)
        if left_out:
            terminal.notice(f"{left_out} requests came too fast to be shown")

    def _shown(self, events: list[Watched]) -> Iterator[Line]:
        shown, others = Counter[bool](), Counter[str]()
        for event in events:
            is_trouble = isinstance(event, Event) and bool(event.miss or event.reasons)
            if isinstance(event, Event) and shown[is_trouble] == _MOST:
                others[event.result.value] += 1
                continue
            shown[is_trouble] += 1
            for line in self._lines.of(event):
                yield Line(line.text, COLOURS[line.result])
        if others and not self._lines.is_quiet:
            counts = ", ".join(f"{count:,} {result}" for result, count in others.items())
            yield Line(f"and at the same time: {counts}")


def printer_for(settings: Settings, *, names_sessions: bool = False) -> EventPrinter:
    """Return what prints the events of sessions with these settings."""
    as_json = settings.log_format == "json"
    return EventPrinter(is_quiet=settings.quiet, as_json=as_json, names_sessions=names_sessions)


def session_output(settings: Settings) -> AbstractContextManager[None]:
    """Let no reader of standard error hold up sessions with these settings meanwhile."""
    return terminal.unblocked(as_json=settings.log_format == "json")
