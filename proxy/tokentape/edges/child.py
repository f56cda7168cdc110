"""A command run beside a session, such as a test suite."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Mapping
from contextlib import suppress

from tokentape.errors import ConfigurationError

_SIGNALLED = 128
"""A shell adds the number of the signal that ended a command to this."""


async def run(
    command: tuple[str, ...],
    variables: Mapping[str, str],
    received: asyncio.Queue[signal.Signals],
) -> int:
    """Run a command with more environment variables; return its exit status as a shell would.

    The signals in `received` are passed on to it. Raises ConfigurationError for a command that
    cannot be started.
    """
    try:
        child = await asyncio.create_subprocess_exec(*command, env={**os.environ, **variables})
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else "it cannot be started"
        raise ConfigurationError((f"cannot run {command[0]!r}: {reason}",)) from None
    passing_on = asyncio.create_task(_pass_on(child, received))
    status = await child.wait()
    passing_on.cancel()
    return _SIGNALLED - status if status < 0 else status


async def _pass_on(
    child: asyncio.subprocess.Process, received: asyncio.Queue[signal.Signals]
) -> None:
    while True:
        number = await received.get()
        if number is signal.SIGINT and sys.stdin and sys.stdin.isatty():
            continue  # a terminal's Ctrl-C has reached the child too: twice would be once too often
        with suppress(ProcessLookupError):
            child.send_signal(number)
