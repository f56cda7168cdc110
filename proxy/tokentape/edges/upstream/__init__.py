"""The upstream: sends requests on as they came, brings answers back as they came.

aiohttp's `ClientSession`, with all that it would add, follow, keep or decode switched off: nothing
is added but Host, Content-Length and Via, and no setting is taken from the environment. A POST is
sent once; aiohttp sends a request of an idempotent method again, once, if its connection ended
before the answer began (RFC 9110 §9.2.2). `heads` decides what is sent on, without I/O.
"""

from __future__ import annotations

import secrets
from asyncio import timeout as time_limit
from collections.abc import Sequence
from io import BytesIO
from typing import TYPE_CHECKING, Self

from aiohttp import (
    ClientConnectorCertificateError,
    ClientConnectorDNSError,
    ClientConnectorError,
    ClientConnectorSSLError,
    ClientError,
    ClientPayloadError,
    ClientRequest,
    ClientResponse,
    ClientResponseError,
    ClientSession,
    ClientTimeout,
    DummyCookieJar,
    TCPConnector,
)
from yarl import URL

from tokentape.edges.upstream.heads import headers_sent_back, headers_sent_on
from tokentape.errors import UpstreamFailure
from tokentape.pure.http.messages import Request, Response

if TYPE_CHECKING:
    from aiohttp.connector import Connection
    from aiohttp.tracing import Trace

__all__ = ["HttpUpstream"]

_MAX_HEAD = 64 * 1024
_LARGE = 2**20
"""Bytes from which aiohttp wants a body as a file, to send it in pieces."""
_FAILURES: Sequence[tuple[type[Exception], int, str]] = (
    (TimeoutError, 504, "it did not answer in time"),
    (ClientConnectorCertificateError, 502, "its TLS certificate is not trusted"),
    (ClientConnectorSSLError, 502, "no TLS connection could be made with it"),
    (ClientConnectorDNSError, 502, "its host name is not known"),
    (ClientConnectorError, 502, "no connection could be made with it"),
    (ClientPayloadError, 502, "its answer broke off"),
    (ClientResponseError, 502, "its answer is not HTTP that can be read"),
    (OSError, 502, "it closed the connection before it answered"),
    (ClientError, 502, "it closed the connection before it answered"),
    (ValueError, 502, "the request cannot be sent on over HTTP/1.1"),
)
"""The first that fits. A subclass stands before its base."""


class _Connector(TCPConnector):
    async def connect(
        self,
        req: ClientRequest,
        traces: list[Trace],
        timeout: ClientTimeout,  # noqa: ASYNC109
    ) -> Connection:
        """Return a connection on which nothing has come in that nobody asked for."""
        while True:
            connection = await super().connect(req, traces, timeout)
            if connection.protocol is None or not connection.protocol.should_close:
                return connection
            connection.close()


class _NoCookies(DummyCookieJar):
    def update_cookies_from_headers(self, headers: Sequence[str], response_url: URL) -> None:
        """Leave cookies alone: aiohttp logs the names of those that it cannot read."""


class HttpUpstream:
    """Where requests are forwarded to, with a pool of connections. Use with `async with`."""

    def __init__(self, base_url: str, *, timeout: float, max_body: int) -> None:
        """Take an http or https address, a path prefix included.

        `timeout` is in seconds, for an answer to be there whole; `max_body` in bytes, as sent.
        """
        self._base = str(URL(base_url, encoded=True)).rstrip("/")
        self._timeout = timeout
        self._max_body = max_body
        self._pseudonym = f"tokentape-{secrets.token_hex(4)}"
        self._session: ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = ClientSession(
            connector=_Connector(limit=0),
            cookie_jar=_NoCookies(),
            auto_decompress=False,
            skip_auto_headers=("Accept", "Accept-Encoding", "Content-Type", "User-Agent"),
            timeout=ClientTimeout(),
            max_line_size=_MAX_HEAD,
            max_field_size=_MAX_HEAD,
        )
        return self

    async def __aexit__(self, *_exc: object) -> None:
        if self._session is not None:
            await self._session.close()

    async def send(self, request: Request) -> Response:
        """Forward a request and return its answer, whole. Raises UpstreamFailure.

        A request that has been here before is a failure as well: the upstream, or a proxy on the
        way, points back here. Via tells (RFC 9110 §7.6.3).
        """
        via = [value for name, value in request.headers if name.lower() == "via"]
        if any(self._pseudonym in value for value in via):
            raise UpstreamFailure(502, "its address leads back to tokentape itself")
        try:
            async with time_limit(self._timeout):
                return await self._exchange(request)
        except (OSError, ClientError, ValueError) as error:
            raise _failure(error) from None

    async def _exchange(self, request: Request) -> Response:
        assert self._session is not None
        answer = await self._session.request(
            request.method,
            URL(self._base + request.target, encoded=True),
            headers=headers_sent_on(request, self._pseudonym),
            data=(request.body if len(request.body) < _LARGE else BytesIO(request.body)) or None,
            allow_redirects=False,
        )
        try:
            if answer.status < 200:
                raise UpstreamFailure(502, "its answer is not final")
            headers = headers_sent_back(answer.raw_headers)
            return Response(answer.status, headers, await self._body(answer))
        except BaseException:
            answer.close()
            raise

    async def _body(self, answer: ClientResponse) -> bytes:
        blocks, size = [], 0
        while not answer.content.at_eof():
            blocks.append(await answer.content.readany())
            size += len(blocks[-1])
            if size > self._max_body:
                raise UpstreamFailure(502, "its answer is larger than tokentape takes")
        return b"".join(blocks)


def _failure(error: Exception) -> UpstreamFailure:
    status, reason = next(row[1:] for row in _FAILURES if isinstance(error, row[0]))
    return UpstreamFailure(status, reason)
