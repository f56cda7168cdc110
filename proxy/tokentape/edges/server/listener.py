"""The port: listens, accepts clients up to a number, and closes their connections."""

from __future__ import annotations

import asyncio
import errno
import socket
import sys
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from typing import Any

from tokentape.edges.server.connection import Connection, Handler
from tokentape.edges.server.options import ServerOptions
from tokentape.edges.server.spares import SpareDescriptors
from tokentape.errors import ConfigurationError

_WATCH_SECONDS = 1.0
_ABORT_SECONDS = 1.0
_WHY = {
    errno.EADDRINUSE: "another program listens there",
    errno.EACCES: "ports below 1024 need privileges",
    errno.EADDRNOTAVAIL: "this machine has no such address",
    errno.EMFILE: "this process has too many files and connections open",
}


class PortRange:
    """Ports, each used again only after all others: a late client must not meet a later session.

    >>> ports = PortRange(1, 3)
    >>> next(ports.in_turn()), list(ports.in_turn()), str(ports)
    (1, [2, 3, 1], '1 to 3')
    """

    def __init__(self, first: int, last: int) -> None:
        self._ports = deque(range(first, last + 1))
        self._text = f"{first} to {last}"

    def __str__(self) -> str:
        return self._text

    def in_turn(self) -> Iterator[int]:
        """Yield each port once."""
        for _ in range(len(self._ports)):
            port = self._ports[0]
            self._ports.rotate(-1)
            yield port


class Server:
    """An HTTP/1.1 server on one address; start it and stop it once."""

    def __init__(self, handler: Handler, host: str, port: int, options: ServerOptions) -> None:
        self._handler = handler
        self._address = (host, port)
        self._options = options
        self._connections: set[Connection] = set()
        self._wait_is_over = asyncio.Event()
        self._finishing = False
        self._hurried = False
        self._server: asyncio.Server | None = None
        self._watch: asyncio.Task[None] | None = None

    async def start(self, at: socket.socket | None = None) -> tuple[str, int]:
        """Listen, and return the address, with the real port for port 0.

        `at` is a socket that listens already, one of `shared_sockets`. Raises ConfigurationError
        if the address cannot be used.
        """
        host, port = self._address
        try:
            await self._listen({"host": host, "port": port} if at is None else {"sock": at})
        except (OSError, OverflowError) as error:
            raise ConfigurationError((_cannot_listen(host, port, error),)) from None
        return self._served()

    async def start_within(self, ports: PortRange) -> tuple[str, int]:
        """Listen on the first port of these that is free, and return the address.

        Raises ConfigurationError if there is none, or the host cannot be used.
        """
        host, _ = self._address
        for port in ports.in_turn():
            try:
                await self._listen({"host": host, "port": port})
            except OSError as error:
                if error.errno != errno.EADDRINUSE:
                    raise ConfigurationError((_cannot_listen(host, port, error),)) from None
            else:
                return self._served()
        remedy = "Close sessions that are no longer used, or choose more ports."
        raise ConfigurationError((f"session_ports: no port from {ports} is free. {remedy}",))

    async def _listen(self, address: dict[str, Any]) -> None:
        connect = partial(Connection, self._handler, self._options, self._joined, self._left)
        if self._options.tls is not None:
            address |= {"ssl": self._options.tls, "ssl_shutdown_timeout": _ABORT_SECONDS}
            address["ssl_handshake_timeout"] = self._options.request_timeout
        self._server = await asyncio.get_running_loop().create_server(connect, **address)

    def _served(self) -> tuple[str, int]:
        assert self._server is not None, "it listens"
        name = self._server.sockets[0].getsockname()
        return name[0], name[1]

    def finish(self) -> int:
        """Stop listening, and close what is idle; return how many requests are under way."""
        self._finishing = True
        if self._server is not None:
            self._server.close()
        for connection in tuple(self._connections):
            connection.finish()
        return self._under_way()

    async def stop(self) -> int:
        """Finish, let answers under way end, then close all; return how many were cut off.

        They have `shutdown_timeout`, or until `hurry`.
        """
        self.finish()
        if not self._hurried:
            await self._empty(self._options.shutdown_timeout)
        cut_off = self._under_way()
        for connection in tuple(self._connections):
            connection.abort()
        await self._empty(_ABORT_SECONDS)
        if self._watch is not None:  # until then it closes those that are leaving
            self._watch.cancel()
        return cut_off

    def hurry(self) -> None:
        """Have `stop` wait no longer."""
        self._hurried = True
        self._wait_is_over.set()

    def _under_way(self) -> int:
        return sum(connection.under_way for connection in self._connections)

    async def _empty(self, seconds: float) -> None:
        self._wait_is_over.clear()
        if self._connections:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._wait_is_over.wait(), seconds)

    def _joined(self, connection: Connection) -> bool:
        self._connections.add(connection)
        if self._watch is None:
            self._watch = asyncio.get_running_loop().create_task(self._watch_connections())
        if self._finishing:  # its TLS handshake was under way
            connection.finish()
            return True
        return len(self._connections) <= self._options.max_connections

    def _left(self, connection: Connection) -> None:
        self._connections.discard(connection)
        if not self._connections:
            self._wait_is_over.set()

    async def _watch_connections(self) -> None:
        """End what is due, while there are connections: hundreds of idle ports cost nothing."""
        loop = asyncio.get_running_loop()
        shortest = min(self._options.request_timeout, self._options.idle_timeout)
        pause = min(_WATCH_SECONDS, shortest / 4)
        while self._connections:
            await asyncio.sleep(pause)
            for connection in tuple(self._connections):
                if connection.due <= loop.time():
                    connection.expire()
        self._watch = None


def shared_sockets(host: str, port: int, count: int) -> list[socket.socket]:
    """Return sockets that listen at one address, each for a process: the system spreads clients.

    Raises ConfigurationError if the address cannot be used, and if the system is not Linux.
    """
    if sys.platform != "linux":
        problem = "workers: found a system that is not Linux; only Linux spreads clients over them"
        raise ConfigurationError((problem,))
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        # Exclusively first: else two sessions of one user would share clients silently.
        with socket.create_server((host, port), family=family) as probe:
            port = probe.getsockname()[1]
        return [
            socket.create_server((host, port), family=family, reuse_port=True) for _ in range(count)
        ]
    except (OSError, OverflowError) as error:
        raise ConfigurationError((_cannot_listen(host, port, error),)) from None


def _cannot_listen(host: str, port: int, error: OSError | OverflowError) -> str:
    why = _WHY.get(getattr(error, "errno", None) or 0, "the address is not valid")
    if isinstance(error, socket.gaierror):
        why = "the host is not known"
    problem = f"listen: cannot listen on {host}:{port}: {why}."
    if error.args[0] == errno.EMFILE:
        return f"{problem} Close some, or raise the limit (`ulimit -n 4096`)."
    remedy = "Stop it, or choose" if why == _WHY[errno.EADDRINUSE] else "Choose"
    return f"{problem} {remedy} another address with --listen HOST:PORT (port 0 picks a free one)."


def loop_exception_handler(
    on_fault: Callable[[str], None], spares: SpareDescriptors | None = None
) -> Callable[[asyncio.AbstractEventLoop, dict[str, Any]], None]:
    """Return an exception handler for the event loop that only names the class of an error.

    The loop's own handler prints reprs and texts, which may hold what came over the wire. A client
    that cannot be accepted is turned away if there are `spares`.
    """

    def handle(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error, port = context.get("exception"), context.get("socket")
        on_fault(type(error).__name__)
        if spares and port and getattr(error, "errno", 0) == errno.EMFILE:
            spares.turn_away(port)

    return handle
