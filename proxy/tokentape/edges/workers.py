"""Processes that do one work side by side, forked from this one, which tells them when to end.

They take no signal: what this process is told, it passes on. They also end when it is gone.
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

_TOLD = (signal.SIGINT, signal.SIGTERM, *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else []))


class Line:
    """A worker's end of the line to the process that it comes from."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def say(self, what: object) -> None:
        """Send something that can be pickled."""
        with suppress(BrokenPipeError):  # then nobody is left to hear it
            self._connection.send(what)

    async def told_to_end(self) -> None:
        """Return once this worker is to end."""
        told = asyncio.Event()
        asyncio.get_running_loop().add_reader(self._connection.fileno(), told.set)
        await told.wait()
        asyncio.get_running_loop().remove_reader(self._connection.fileno())


Work = Callable[[int, Line], object]
"""Gets the worker's number, from 0."""


class Crew:
    """Workers, from their start until the last has ended."""

    def __init__(self, count: int, work: Work) -> None:
        """Start them. No thread and no event loop may be running: they would not be forked."""
        fork = multiprocessing.get_context("fork")
        pipes = [fork.Pipe() for _ in range(count)]
        self._lines = [ours for ours, _ in pipes]
        self._processes = [
            fork.Process(target=_begin, args=(work, number, pipes)) for number in range(count)
        ]
        for told in _TOLD:
            signal.signal(told, lambda *_: self.end())
        for process in self._processes:
            process.start()
        for _, theirs in pipes:
            theirs.close()

    def heard(self) -> list[Any]:
        """Return what the workers say next, once all have. Raises WorkerLost where one is gone."""
        said: dict[Connection, object] = {}
        while silent := [line for line in self._lines if line not in said]:
            ready = wait(silent)
            said |= {line: self._next(line) for line in silent if line in ready}
        return list(said.values())

    def _next(self, line: Connection) -> object:
        try:
            return line.recv()
        except (EOFError, ConnectionError):
            self.end()
            raise WorkerLost from None

    def end(self) -> None:
        """Tell all to end."""
        for line in self._lines:
            with suppress(OSError):
                line.send(None)

    def ended(self) -> None:
        """Return once all have ended."""
        for process in self._processes:
            process.join()


def _begin(work: Work, number: int, pipes: Sequence[tuple[Connection, Connection]]) -> None:
    """Be a worker. Whoever holds another's end of a line would keep it from noticing its end."""
    for told in _TOLD:
        signal.signal(told, signal.SIG_IGN)
    for other, (theirs, ours) in enumerate(pipes):
        theirs.close()
        if other != number:
            ours.close()
    work(number, Line(pipes[number][1]))
