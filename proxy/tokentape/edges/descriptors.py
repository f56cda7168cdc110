"""The limit of file descriptors: a client takes one, its request to the upstream another."""

from __future__ import annotations

import sys

if sys.platform != "win32":  # where sockets do not count
    import resource

_RESERVED = 100
"""Descriptors for files and the event loop."""


def make_room(connections: int) -> None:
    """Raise the limit for a number of client connections, as far as the system allows."""
    if sys.platform != "win32":
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        needed = 2 * connections + _RESERVED
        if hard != resource.RLIM_INFINITY:
            needed = min(needed, hard)
        if soft != resource.RLIM_INFINITY and soft < needed:
            resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))
