"""The server that clients connect to, on the event loop of a test."""

from __future__ import annotations

from collections.abc import Callable

from tokentape.edges.server import Handler, Server, ServerOptions


def port_of(handler: Handler, on_fault: Callable[[str], None] = print) -> Server:
    """Return a server for a free port of this machine, with limits that a test can reach."""
    options = ServerOptions(
        max_head=16_384,
        max_body=100_000,
        max_connections=50,
        request_timeout=5,
        shutdown_timeout=1,
        on_fault=on_fault,
    )
    return Server(handler, "127.0.0.1", 0, options)
