"""How many descriptors this process may have: a client takes one, its request upstream another."""

from __future__ import annotations

import sys

if sys.platform != "win32":  # where sockets are not counted
    import resource

_OTHERS = 100
"""Files, and what the event loop needs."""


def make_room(connections: int) -> None:
    """Let this process have descriptors for so many clients, as far as the system lets it."""
    if sys.platform != "win32":
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = 2 * connections + _OTHERS
        if hard != resource.RLIM_INFINITY:
            wanted = min(wanted, hard)
        if soft != resource.RLIM_INFINITY and soft < wanted:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
