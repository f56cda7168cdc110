"""Worker processes, forked from this process, which also ends them.

Workers ignore signals: this process receives a signal and ends them. They also end when this
process has ended.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import signal
from collections.abc import Callable, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection, wait
from typing import Any

from tokentape.errors import WorkerLost

_END_SIGNALS = (
    signal.SIGINT,
    signal.SIGTERM,
    *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else []),
)


class ParentPipe:
    """A worker's end of the pipe to its parent process."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def send(self, message: object) -> None:
        """Send an object that can be pickled."""
        with suppress(BrokenPipeError):  # the parent process has ended
            self._connection.send(message)

    async def wait_for_end(self) -> None:
        """Return when this worker must end."""
        readable = asyncio.Event()
        asyncio.get_running_loop().add_reader(self._connection.fileno(), readable.set)
        await readable.wait()
        asyncio.get_running_loop().remove_reader(self._connection.fileno())


Work = Callable[[int, ParentPipe], object]
"""The work of a worker; gets its number, from 0."""


class Workers:
    """Worker processes, from their start until the last has ended."""

    def __init__(self, count: int, work: Work) -> None:
        """Start the workers. No thread or event loop may be running: a fork does not copy them."""
        fork = multiprocessing.get_context("fork")
        pipes = [fork.Pipe() for _ in range(count)]
        self._connections = [parent_end for parent_end, _ in pipes]
        self._processes = [
            fork.Process(target=_run_worker, args=(work, number, pipes)) for number in range(count)
        ]
        for end_signal in _END_SIGNALS:
            signal.signal(end_signal, lambda *_: self.end())
        for process in self._processes:
            process.start()
        for _, worker_end in pipes:
            worker_end.close()

    def receive(self) -> list[Any]:
        """Return the next message of each worker. Raises WorkerLost if a worker has ended."""
        messages: dict[Connection, object] = {}
        while pending := [pipe for pipe in self._connections if pipe not in messages]:
            ready = wait(pending)
            messages |= {pipe: self._receive_from(pipe) for pipe in pending if pipe in ready}
        return list(messages.values())

    def _receive_from(self, connection: Connection) -> object:
        try:
            return connection.recv()
        except (EOFError, ConnectionError):
            self.end()
            raise WorkerLost from None

    def end(self) -> None:
        """Ask all workers to end."""
        for connection in self._connections:
            with suppress(OSError):
                connection.send(None)

    def wait(self) -> None:
        """Return when all workers have ended."""
        for process in self._processes:
            process.join()


def _run_worker(work: Work, number: int, pipes: Sequence[tuple[Connection, Connection]]) -> None:
    """Run the work. Other pipes are closed: an open end would hide that its owner has ended."""
    for end_signal in _END_SIGNALS:
        signal.signal(end_signal, signal.SIG_IGN)
    for owner, (parent_end, worker_end) in enumerate(pipes):
        parent_end.close()
        if owner != number:
            worker_end.close()
    work(number, ParentPipe(pipes[number][1]))
