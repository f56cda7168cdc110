"""Processes that share one task, forked from this one, which ends them.

They ignore signals: this process passes on what it receives. They also end when it is gone.
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

_SIGNALS = (signal.SIGINT, signal.SIGTERM, *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else []))


class Channel:
    """A worker's end of the pipe to the process that it was forked from."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def send(self, message: object) -> None:
        """Send something that can be pickled."""
        with suppress(BrokenPipeError):  # the other process is gone
            self._connection.send(message)

    async def end_requested(self) -> None:
        """Return once this worker is to end."""
        readable = asyncio.Event()
        asyncio.get_running_loop().add_reader(self._connection.fileno(), readable.set)
        await readable.wait()
        asyncio.get_running_loop().remove_reader(self._connection.fileno())


Work = Callable[[int, Channel], object]
"""Gets the worker's number, from 0."""


class Crew:
    """Workers, from their start until the last has ended."""

    def __init__(self, count: int, work: Work) -> None:
        """Start them. No thread and no event loop may be running: they would not be forked."""
        fork = multiprocessing.get_context("fork")
        pipes = [fork.Pipe() for _ in range(count)]
        self._pipes = [ours for ours, _ in pipes]
        self._processes = [
            fork.Process(target=_begin, args=(work, number, pipes)) for number in range(count)
        ]
        for number in _SIGNALS:
            signal.signal(number, lambda *_: self.end())
        for process in self._processes:
            process.start()
        for _, theirs in pipes:
            theirs.close()

    def receive(self) -> list[Any]:
        """Return the next message of each worker, once all have sent it, in no order.

        Raises WorkerLost where one is gone.
        """
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
        """Ask all to end."""
        for pipe in self._pipes:
            with suppress(OSError):
                pipe.send(None)

    def join(self) -> None:
        """Return once all have ended."""
        for process in self._processes:
            process.join()


def _begin(work: Work, number: int, pipes: Sequence[tuple[Connection, Connection]]) -> None:
    """Be a worker. An open copy of another's end of a pipe would hide from it that we are gone."""
    for received in _SIGNALS:
        signal.signal(received, signal.SIG_IGN)
    for worker, (theirs, ours) in enumerate(pipes):
        theirs.close()
        if worker != number:
            ours.close()
    work(number, Channel(pipes[number][1]))
