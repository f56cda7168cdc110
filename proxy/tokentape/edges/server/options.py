"""What a server calls, and what holds for all its connections."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from tokentape.edges.server.memory import Memory
from tokentape.pure.http.messages import Request, Response

Done = Callable[[bool], None]
"""Called once for an answer: has all of it been handed to the client's connection?"""

Answer = tuple[Response, Done]

Handler = Callable[[Request], Answer | Awaitable[Answer]]
"""Answers a request: at once, which costs no task and no turn of the event loop, or later."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ServerOptions:
    """Sizes are in bytes, times in seconds."""

    max_head: int
    max_body: int
    max_connections: int
    request_timeout: float
    """For a request to arrive whole."""
    idle_timeout: float = 75.0
    """For the next request to begin, and for a client to take its answer."""
    shutdown_timeout: float
    """For answers under way when the server stops."""
    memory: Memory = field(default_factory=Memory)
    on_fault: Callable[[str], None]
    """Gets the class name of what a handler raised, and nothing else of it."""
