"""The signals to end: SIGINT, SIGTERM, and SIGHUP where it exists."""

from __future__ import annotations

import asyncio
import signal
from contextlib import suppress

EndSignals = asyncio.Queue[signal.Signals]
"""The received signals in order."""

_HANGUP = (signal.SIGHUP,) if hasattr(signal, "SIGHUP") else ()


def end_signals() -> EndSignals:
    """Return a queue in the running event loop that receives each signal to end the process."""
    queue = EndSignals()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, *_HANGUP):
        with suppress(NotImplementedError):  # Windows' loops: Ctrl-C raises there instead
            loop.add_signal_handler(number, queue.put_nowait, number)
    return queue
