"""Being told to end: SIGINT and SIGTERM."""

from __future__ import annotations

import asyncio
import signal
from contextlib import suppress


def ending() -> asyncio.Event:
    """Return an event of the running loop that is set once the process is told to end."""
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with suppress(NotImplementedError):  # Windows' loops: Ctrl-C raises there instead
            loop.add_signal_handler(number, told.set)
    return told
