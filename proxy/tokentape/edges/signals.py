"""Signals that end the process: SIGINT and SIGTERM, and SIGHUP where a terminal can hang up."""

from __future__ import annotations

import asyncio
import signal
from contextlib import suppress

Signals = asyncio.Queue[signal.Signals]
"""The signals that came in, in order."""


_HANGUP = (signal.SIGHUP,) if hasattr(signal, "SIGHUP") else ()


def received() -> Signals:
    """Return a queue of the running loop that gets each signal to end from now on."""
    queue = Signals()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, *_HANGUP):
        with suppress(NotImplementedError):  # Windows' loops: Ctrl-C raises instead
            loop.add_signal_handler(number, queue.put_nowait, number)
    return queue
