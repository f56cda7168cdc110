"""What holds for all connections of a server."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from dataclasses import dataclass, field

from tokentape.edges.server.memory import Memory
from tokentape.pure.http.messages import Response


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ServerOptions:
    """What holds for all connections of a server. Sizes are in bytes, times in seconds."""

    max_head: int
    max_body: int
    max_connections: int
    request_timeout: float  # for a request to arrive whole
    idle_timeout: float = 75.0  # for the next request to begin, and to take an answer
    shutdown_timeout: float  # for answers under way when the server stops
    tls: ssl.SSLContext | None = None
    memory: Memory = field(default_factory=Memory)
    on_refused: Callable[[Response], None] = lambda _: None  # gets answers that no handler made
    on_fault: Callable[[str], None]
    """Gets the class name of what a handler raised, and nothing else of it."""
