"""Events as objects for programs: lines of a log, and what the page in the browser reads."""

from __future__ import annotations

from tokentape.pure.replay.misses import MissReport
from tokentape.pure.watching.events import Event, Note, Watched
from tokentape.pure.watching.lines import plain, telling_first

Document = dict[str, object]


def log_document(event: Watched) -> Document:
    """Return the object of a line of a log: its `type` is `request`, `repeats` or `note`."""
    if isinstance(event, Event):
        return {"type": "request", "session": event.session, **request_document(event)}
    if isinstance(event, Note):
        return {"type": "note", "session": event.session, **note_document(event)}
    counts = {str(number): count for number, count in event.counts.items()}
    return {"type": "repeats", "session": event.session, "counts": counts}


def note_document(note: Note) -> Document:
    """Return what is shown of a note."""
    return {"note": note.text}


def request_document(event: Event) -> Document:
    """Return what is shown of a request; what it does not have is left out.

    Times are in seconds: `at` since 1970, `seconds` for the answer.
    """
    always: Document = {
        "number": event.number,
        "at": round(event.at, 3),
        "seconds": round(event.seconds, 6),
        "status": event.status,
        "result": event.result,
    }
    more: Document = {
        "method": event.method,
        "path": plain(event.path),
        "fields": telling_first(event.fields),
        "interaction": event.interaction,
        "reasons": event.reasons,
        "retry": event.is_retry,
        "further": event.is_further,
        "miss": event.miss and miss_document(event.miss),
    }
    return always | {name: value for name, value in more.items() if value}


def miss_document(miss: MissReport) -> Document:
    """Return why nothing answered: the closest recorded requests, with each field that differs."""
    near = [
        {
            "interaction": recorded.number,
            "differences": [
                {"field": each.name, "recorded": each.recorded, "sent": each.sent}
                for each in recorded.differences
            ],
            "hidden": "" if recorded.differences else miss.hidden,
        }
        for recorded in miss.near
    ]
    return {"summary": miss.summary, "near": near, "advice": miss.advice}
