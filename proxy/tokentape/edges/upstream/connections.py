"""Connections to one upstream: aiohttp's own, with its pool, TLS and parser, without its session.

For each request aiohttp's session makes three objects and a task, which takes 62 µs of 152 on one
machine. What stands here in their place relies on a part of aiohttp that is not documented;
`tests/edges/test_upstream.py` fails when an aiohttp changes it.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from aiohttp import (
    ClientConnectorError,
    ClientOSError,
    ClientRequest,
    ClientTimeout,
    ServerDisconnectedError,
    StreamReader,
    TCPConnector,
)
from aiohttp.connector import Connection
from aiohttp.http import RawResponseMessage
from yarl import URL

from tokentape.errors import UpstreamFailure

_MAX_HEAD = 64 * 1024
_UNLIMITED = ClientTimeout()
"""Whoever asks has a timeout for the whole."""
_IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"})
"""Methods of requests that may be sent again on a new connection (RFC 9110 §9.2.2)."""


@dataclass(frozen=True, slots=True, repr=False)
class Answer:
    """An answer as it came, whole."""

    status: int
    lines: tuple[tuple[bytes, bytes], ...] = field(repr=False)
    body: bytes = field(repr=False)


class Connections:
    """A pool of connections to one place, to be closed once."""

    def __init__(self, base_url: URL, *, max_body: int) -> None:
        """`max_body` is in bytes, as sent."""
        self._connector = TCPConnector(limit=0)
        self._towards = ClientRequest("GET", base_url, loop=asyncio.get_running_loop())
        self._max_body = max_body

    async def close(self) -> None:
        """Close all of them."""
        await self._connector.close()

    async def ask(self, method: str, raw: bytes) -> Answer:
        """Send a raw request and return the answer.

        A request is sent again, once, if its connection ended before the answer began and its
        method is idempotent. Raises UpstreamFailure, OSError and what aiohttp raises.
        """
        try:
            return await self._asked(method, raw)
        except ClientConnectorError:
            raise
        except (ClientOSError, ServerDisconnectedError):
            if method not in _IDEMPOTENT:
                raise
        return await self._asked(method, raw)

    async def _asked(self, method: str, raw: bytes) -> Answer:
        connection = await self._connected()
        try:
            message, content = await _exchanged(connection, raw, to_head=method == "HEAD")
            answer = Answer(message.code, message.raw_headers, await self._body(content))
        except BaseException:
            connection.close()
            raise
        if connection.transport and connection.transport.get_write_buffer_size():
            connection.close()  # it was answered before it had been sent
        else:
            connection.release()
        return answer

    async def _connected(self) -> Connection:
        """Return a connection on which nothing has come in that nobody asked for."""
        while True:
            connection = await self._connector.connect(self._towards, [], _UNLIMITED)
            if connection.protocol is None or not connection.protocol.should_close:
                return connection
            connection.close()

    async def _body(self, content: StreamReader) -> bytes:
        blocks, size = [], 0
        while not content.at_eof():
            blocks.append(await content.readany())
            size += len(blocks[-1])
            if size > self._max_body:
                raise UpstreamFailure(502, "its answer is larger than tokentape takes")
        return b"".join(blocks)


async def _exchanged(
    connection: Connection, raw: bytes, *, to_head: bool
) -> tuple[RawResponseMessage, StreamReader]:
    """Send a request; return the head of its final answer, and its body as it comes."""
    protocol, transport = connection.protocol, connection.transport
    assert protocol is not None
    if transport is None:
        raise ServerDisconnectedError
    protocol.set_response_params(
        skip_payload=to_head,
        read_until_eof=True,
        auto_decompress=False,
        max_line_size=_MAX_HEAD,
        max_field_size=_MAX_HEAD,
    )
    transport.write(raw)
    while True:
        message, content = await protocol.read()
        if message.code < 100 or message.code == 101:
            raise UpstreamFailure(502, "its answer is not final")
        if message.code >= 200:
            return message, content
