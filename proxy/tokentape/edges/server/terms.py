"""What holds for a server and all its connections."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from tokentape.edges.server.memory import Memory
from tokentape.pure.http.messages import Request, Response

Done = Callable[[bool], None]
"""Called once for an answer: has all of it been handed to the client's connection?"""

Answer = tuple[Response, Done]

Handler = Callable[[Request], Answer | Awaitable[Answer]]
"""Answers a request: at once, which costs no task and no turn of the event loop, or later."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Terms:
    """What holds for all connections of a server. Sizes are in bytes, times in seconds."""

    handler: Handler
    memory: Memory
    max_head: int
    max_body: int
    request_timeout: float
    idle_timeout: float
    on_fault: Callable[[str], None]
    joined: Callable[[Any], bool]
    """Hears of a connection; tells whether there is room for it."""
    left: Callable[[Any], None]
    """Hears that a connection has ended, and nothing works for it any more."""
