"""What is kept for when a process can open nothing more: enough to turn a client away.

asyncio leaves a connection that it cannot accept waiting, for as long as its client likes.
"""

from __future__ import annotations

import os
from asyncio.trsock import TransportSocket
from contextlib import suppress
from typing import Self


class SpareDescriptors:
    """Two descriptors: one for the port, one for a connection to it. Use with `with`."""

    def __init__(self) -> None:
        self._spares: list[int] = []

    def __enter__(self) -> Self:
        """Take them. Raises OSError where they cannot be had."""
        self._take()
        return self

    def __exit__(self, *_exc: object) -> None:
        while self._spares:
            os.close(self._spares.pop())

    def turn_away(self, port: TransportSocket) -> None:
        """Close the first connection that waits at a port, so that its client fails at once."""
        self.__exit__()
        with suppress(OSError), port.dup() as listening:  # the client may be gone
            listening.settimeout(0)
            listening.accept()[0].close()
        with suppress(OSError):  # another thread may have taken what was free
            self._take()

    def _take(self) -> None:
        for _ in range(2 - len(self._spares)):
            self._spares.append(os.open(os.devnull, os.O_RDONLY))
