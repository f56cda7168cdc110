"""A command run beside a session, such as a test suite."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Mapping
from contextlib import suppress

from proxy.errors import ConfigurationError

_NOT_FOUND = 127
_SIGNALLED = 128


async def run(command: tuple[str, ...], variables: Mapping[str, str], told: asyncio.Event) -> int:
    """Run a command with more environment variables; return its exit status as a shell would.

    When `told` is set the command gets SIGTERM, and is waited for. Raises ConfigurationError for
    a command that cannot be started.
    """
    try:
        child = await asyncio.create_subprocess_exec(*command, env={**os.environ, **variables})
    except OSError as error:
        why = os.strerror(error.errno) if error.errno else "it cannot be started"
        raise ConfigurationError((f"cannot run {command[0]!r}: {why}",)) from None
    ending = asyncio.ensure_future(told.wait())
    ended = asyncio.ensure_future(child.wait())
    await asyncio.wait({ending, ended}, return_when=asyncio.FIRST_COMPLETED)
    if not ended.done():
        with suppress(ProcessLookupError):
            child.send_signal(signal.SIGTERM)
    ending.cancel()
    status = await ended
    return _SIGNALLED - status if status < 0 else status
