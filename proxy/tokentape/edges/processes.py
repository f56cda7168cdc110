"""This process and those around it: its limits and signals, a command beside it, workers."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from tokentape.errors import ConfigurationError, WorkerLost

if sys.platform != "win32":
    import resource
if TYPE_CHECKING:  # slow to import, and few sessions need it
    from multiprocessing.connection import Connection

Signals = asyncio.Queue[signal.Signals]
"""The signals that came in, in order."""

_ENDING = (signal.SIGINT, signal.SIGTERM, *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else []))
_SIGNALLED = 128
"""A shell adds the number of the signal that ended a command to this."""
_RESERVED = 100
"""File descriptors for files and the event loop."""


def make_room(connections: int) -> None:
    """Raise the limit of file descriptors for client connections, as far as the system allows.

    A client takes one, its request to the upstream another. On Windows, sockets do not count.
    """
    if sys.platform != "win32":
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        needed = 2 * connections + _RESERVED
        if hard != resource.RLIM_INFINITY:
            needed = min(needed, hard)
        if soft != resource.RLIM_INFINITY and soft < needed:
            resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))


def received_signals() -> Signals:
    """Return a queue of the running loop that gets each signal to end from now on."""
    queue = Signals()
    loop = asyncio.get_running_loop()
    for number in _ENDING:
        with suppress(NotImplementedError):  # Windows' loops: Ctrl-C raises instead
            loop.add_signal_handler(number, queue.put_nowait, number)
    return queue


async def run(
    command: tuple[str, ...],
    variables: Mapping[str, str],
    received: Signals,
    on_signal: Callable[[], Awaitable[object]],
) -> int:
    """Run a command with more environment variables; return its exit status as a shell would.

    The signals in `received` are passed on to it; then `on_signal` is awaited. Raises
    ConfigurationError for a command that cannot be started.
    """
    try:
        child = await asyncio.create_subprocess_exec(*command, env={**os.environ, **variables})
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else "it cannot be started"
        raise ConfigurationError((f"cannot run {command[0]!r}: {reason}",)) from None
    passing_on = asyncio.create_task(_pass_on(child, received, on_signal))
    status = await child.wait()
    passing_on.cancel()
    return _SIGNALLED - status if status < 0 else status


async def _pass_on(
    child: asyncio.subprocess.Process,
    received: Signals,
    on_signal: Callable[[], Awaitable[object]],
) -> None:
    while True:
        number = await received.get()
        # The terminal has sent the child Ctrl-C already.
        if not (number is signal.SIGINT and sys.stdin and sys.stdin.isatty()):
            with suppress(ProcessLookupError):
                child.send_signal(number)
        await on_signal()


class Channel:
    """A worker's end of the pipe to the process that it was forked from."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def send(self, message: object) -> None:
        """Send something that can be pickled."""
        with suppress(BrokenPipeError):  # the other process is gone
            self._connection.send(message)

    async def end_requested(self) -> None:
        """Return once this worker is to end, or again once it is to end at once."""
        readable = asyncio.Event()
        asyncio.get_running_loop().add_reader(self._connection.fileno(), readable.set)
        try:
            await readable.wait()
        finally:
            asyncio.get_running_loop().remove_reader(self._connection.fileno())
        with suppress(EOFError, ConnectionError):  # the other process is gone
            self._connection.recv()


Work = Callable[[int, Channel], object]
"""Gets the worker's number, from 0."""


class Workers:
    """Processes that share one task, from their start until the last has ended.

    They ignore signals: this process passes on what it receives. They also end when it is gone.
    """

    def __init__(self, count: int, work: Work) -> None:
        """Start them. No thread and no event loop may be running: they would not be forked."""
        import multiprocessing  # noqa: PLC0415

        fork = multiprocessing.get_context("fork")
        pipes = [fork.Pipe() for _ in range(count)]
        self._pipes = [ours for ours, _ in pipes]
        self._processes = [
            fork.Process(target=_work, args=(work, number, pipes)) for number in range(count)
        ]
        for number in _ENDING:
            signal.signal(number, lambda *_: self.end())
        for process in self._processes:
            process.start()
        for _, theirs in pipes:
            theirs.close()

    def receive(self) -> list[Any]:
        """Return the next message of each worker, once all have sent it, in no order.

        Raises WorkerLost where one is gone.
        """
        from multiprocessing.connection import wait  # noqa: PLC0415

        messages: dict[Connection, object] = {}
        while silent := [pipe for pipe in self._pipes if pipe not in messages]:
            ready = wait(silent)
            messages |= {pipe: self._next(pipe) for pipe in silent if pipe in ready}
        return list(messages.values())

    def _next(self, pipe: Connection) -> object:
        try:
            return pipe.recv()
        except (EOFError, ConnectionError):
            self.end()
            raise WorkerLost from None

    def end(self) -> None:
        """Request all to end."""
        for pipe in self._pipes:
            with suppress(OSError):
                pipe.send(None)

    def join(self) -> None:
        """Return once all have ended."""
        for process in self._processes:
            process.join()


def _work(work: Work, number: int, pipes: Sequence[tuple[Connection, Connection]]) -> None:
    """Be a worker. An open copy of another's end of a pipe would hide from it that we are gone."""
    for ending in _ENDING:
        signal.signal(ending, signal.SIG_IGN)
    for worker, (theirs, ours) in enumerate(pipes):
        theirs.close()
        if worker != number:
            ours.close()
    work(number, Channel(pipes[number][1]))
