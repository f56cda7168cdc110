"""A command that runs during a session, such as a test suite."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Mapping
from contextlib import suppress

from tokentape.errors import ConfigurationError

_SIGNAL_STATUS = 128
"""A shell adds this to the number of the signal that ended a command."""


async def run(
    command: tuple[str, ...],
    variables: Mapping[str, str],
    signals: asyncio.Queue[signal.Signals],
) -> int:
    """Run a command with additional environment variables; return its exit status as a shell does.

    Signals from the queue `signals` are forwarded to the command. Raises ConfigurationError if the
    command cannot be started.
    """
    try:
        child = await asyncio.create_subprocess_exec(*command, env={**os.environ, **variables})
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else "it cannot be started"
        raise ConfigurationError((f"cannot run {command[0]!r}: {reason}",)) from None
    forwarding = asyncio.create_task(_forward(child, signals))
    status = await child.wait()
    forwarding.cancel()
    return _SIGNAL_STATUS - status if status < 0 else status


async def _forward(
    child: asyncio.subprocess.Process, signals: asyncio.Queue[signal.Signals]
) -> None:
    while True:
        received = await signals.get()
        if received is signal.SIGINT and sys.stdin and sys.stdin.isatty():
            continue  # a terminal sends Ctrl-C to the child too
        with suppress(ProcessLookupError):
            child.send_signal(received)
