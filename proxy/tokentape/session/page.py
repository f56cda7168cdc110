"""The page in the browser: what it reads of a session, under /_tokentape/.

    /                          the page, with page.js and page.css: no other file, from nowhere else
    /events?after=PLACE        the events after a place, and the state of the session
    /interactions?from=NUMBER  a batch of the cassette's interactions, with those that were used

The page asks for events twice a second. It sets text only (`textContent`), which its Content
Security Policy enforces by Trusted Types: whatever stands in a cassette is never markup.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from functools import cache
from urllib.parse import parse_qs

import orjson

from tokentape.edges import package_data
from tokentape.pure.cassette.model import Texts
from tokentape.pure.http.messages import Response
from tokentape.pure.own_routes import Route, uncached
from tokentape.pure.watching.lines import telling_first
from tokentape.pure.watching.log import EventLog
from tokentape.session.service import Service

# The icon is empty: without one, browsers ask for /favicon.ico, which would be a refused request.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:;"
    " base-uri 'none'; form-action 'none'; frame-ancestors 'none';"
    " require-trusted-types-for 'script'"
)
_PROTECTED = (
    ("Cache-Control", "no-store"),
    ("Content-Security-Policy", _POLICY),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Referrer-Policy", "no-referrer"),
    ("X-Content-Type-Options", "nosniff"),
)
_BATCH = 100
"""How many interactions are shown at a time."""


def routes(service: Service, log: EventLog) -> Mapping[str, Route]:
    """Return the own routes of a session, by their path after /_tokentape/."""
    run = secrets.token_hex(4)  # a page that outlives a session at this address begins again
    return {
        "health": lambda _: uncached(service.health()),
        "": lambda _: _file("page.html", "text/html"),
        "page.js": lambda _: _file("page.js", "text/javascript"),
        "page.css": lambda _: _file("page.css", "text/css"),
        "events": lambda query: _json({"run": run, **_state(service), **log.after(_number(query))}),
        "interactions": lambda query: _json(_interactions(service, _number(query))),
    }


def _state(service: Service) -> dict[str, object]:
    return {
        "session": service.name,
        "mode": service.mode,
        "interactions": len(service.recorded),
        "receipt": service.counted(),
    }


def _interactions(service: Service, first: int) -> dict[str, object]:
    """Return a batch of interactions from a number on, which counts from 1."""
    start = max(first, 1)
    batch = service.recorded[start - 1 : start - 1 + _BATCH]
    return {
        "interactions": [
            {"number": number, "used": service.is_used(number), **_shown(interaction.texts)}
            for number, interaction in enumerate(batch, start)
        ],
        "next": start + len(batch) if start - 1 + len(batch) < len(service.recorded) else 0,
    }


def _shown(texts: Texts) -> dict[str, object]:
    return {
        "method": texts.method,
        "path": texts.path,
        "fields": telling_first((*texts.query, *texts.body)),
        "status": texts.status,
    }


def _number(query: str) -> int:
    """Return the number that a query gives to its only parameter; 0 where there is none."""
    texts = [text for values in parse_qs(query).values() for text in values]
    is_number = len(texts) == 1 and texts[0].isascii() and texts[0].isdigit()
    return int(texts[0]) if is_number and len(texts[0]) < 16 else 0


def _json(document: Mapping[str, object]) -> Response:
    headers = (("Content-Type", "application/json"), *_PROTECTED)
    return Response(200, headers, orjson.dumps(document))


@cache
def _file(name: str, media_type: str) -> Response:
    headers = (("Content-Type", f"{media_type}; charset=utf-8"), *_PROTECTED)
    return Response(200, headers, package_data.read(name).encode())
