"""Reads the requests that are not plain, with aiohttp's own server, by its public names only.

aiohttp's `RequestHandler` is a protocol that reads requests and writes answers. A connection gives
it one whole request at a time, as `framing` has cut it out, by `read`. If aiohttp reads the same
request, the connection may `accept` and answer it; aiohttp gets an answer that writes nothing.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from aiohttp import web

from tokentape.edges.server.framing import ReceivedRequest
from tokentape.pure.http.messages import Request

_NEVER = 365 * 86_400.0  # seconds: connections have their own deadlines
_NO_LIMIT = 2**30  # bytes: what is read is within the connection's own limits already
_SILENT = logging.Logger("tokentape.silent", logging.CRITICAL + 1)  # noqa: LOG001
"""What aiohttp would log quotes what was sent. No configuration reaches this logger."""


class AiohttpReader(web.RequestHandler):
    """Reads requests of one connection, one at a time; `connection_lost` ends it."""

    def __init__(
        self,
        transport: asyncio.Transport,
        accept: Callable[[ReceivedRequest, bool], None],
        refuse: Callable[[], None],
        fail: Callable[[BaseException | None], None],
    ) -> None:
        """Take the connection's transport, and what is called with the outcome of each `read`.

        `accept` takes a request that aiohttp reads as it was received, and whether no other may
        follow it; `refuse` is called for any other; `fail` takes what `accept` raised.
        """
        self.accept = accept
        self.refuse = refuse
        self.fail = fail
        self.received: ReceivedRequest | None = None
        super().__init__(
            web.Server(self.compare),
            loop=asyncio.get_running_loop(),
            logger=_SILENT,
            access_log=None,  # type: ignore[arg-type]
            auto_decompress=False,
            keepalive_timeout=_NEVER,
            lingering_time=0,
            max_line_size=_NO_LIMIT,
            max_field_size=_NO_LIMIT,
            max_headers=_NO_LIMIT,
            read_bufsize=_NO_LIMIT,
        )
        self.connection_made(transport)

    def read(self, received: ReceivedRequest) -> None:
        """Begin to read a request; the outcome follows in a later turn of the event loop."""
        self.received = received
        try:
            self.data_received(received.data)
        except Exception:  # noqa: BLE001 - whatever it is, its text may quote what was sent
            self.refuse()

    async def compare(self, request: web.BaseRequest) -> web.StreamResponse:
        """Compare what aiohttp has read with what was received."""
        received, self.received = self.received, None
        try:
            # All of it has come. If aiohttp waits for more, this ends with the connection.
            body = await request.content.read()
            lines = [(name.decode(), value.decode()) for name, value in request.raw_headers]
        except Exception:  # noqa: BLE001 - as above
            self.refuse()
            return _PASSED
        headers = tuple([(name, value.strip(" \t")) for name, value in lines])
        read = Request(request.method, request.raw_path, headers, body)
        version = (1, 0) if received and received.is_1_0 else (1, 1)
        if received and received.request == read and request.version == version:
            closing = not (request.keep_alive and received.strict) or "Upgrade" in request.headers
            self.accept(received, closing)
        else:
            self.refuse()
        return _PASSED

    def handle_error(
        self,
        request: web.BaseRequest,  # noqa: ARG002 - aiohttp's
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,  # noqa: ARG002
    ) -> web.StreamResponse:
        """Refuse what aiohttp cannot read; its own page and log quote it."""
        if status < 500:
            self.refuse()
        else:
            self.fail(exc)
        return _PASSED


class _Passed(web.StreamResponse):
    """Stands for an answer that the connection writes."""

    keep_alive = True  # the connection itself decides

    async def prepare(self, request: web.BaseRequest) -> None:
        """Write nothing."""

    async def write_eof(self, data: bytes = b"") -> None:
        """Write nothing."""


_PASSED = _Passed()
