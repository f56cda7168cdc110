"""The upstream: sends requests on as they came, brings answers back as they came.

Nothing is added but Host, Content-Length and Via, nothing is followed, kept or decoded, and no
setting is taken from the environment. A POST is sent once.

    heads        what is sent on and what is not, without I/O
    connections  aiohttp's connections, and one exchange on one of them
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Sequence
from typing import Self

from aiohttp import (
    ClientConnectorCertificateError,
    ClientConnectorDNSError,
    ClientConnectorError,
    ClientConnectorSSLError,
    ClientError,
    ClientPayloadError,
)
from aiohttp.http_exceptions import HttpProcessingError
from yarl import URL

from tokentape.edges.upstream.connections import Connections
from tokentape.edges.upstream.heads import came_back, sent_on
from tokentape.errors import UpstreamFailure
from tokentape.pure.http.messages import Request, Response

__all__ = ["Upstream"]

_FAILURES: Sequence[tuple[type[Exception], int, str]] = (
    (TimeoutError, 504, "it did not answer in time"),
    (ClientConnectorCertificateError, 502, "its TLS certificate is not trusted"),
    (ClientConnectorSSLError, 502, "no TLS connection could be made with it"),
    (ClientConnectorDNSError, 502, "its host name is not known"),
    (ClientConnectorError, 502, "no connection could be made with it"),
    (ClientPayloadError, 502, "its answer broke off"),
    (HttpProcessingError, 502, "its answer is not HTTP that can be read"),
    (OSError, 502, "it closed the connection before it answered"),
    (ClientError, 502, "it closed the connection before it answered"),
    (ValueError, 502, "the request cannot be sent on over HTTP/1.1"),
)
"""The first that fits. A subclass stands before its base."""


class Upstream:
    """Where requests are forwarded to, with a pool of connections. Use with `async with`."""

    def __init__(self, base_url: str, *, timeout: float, max_body: int) -> None:
        """Take an http or https address, a path prefix included.

        `timeout` is in seconds, for an answer to be there whole; `max_body` in bytes, as sent.
        """
        self._base = URL(base_url, encoded=True)
        self._path = self._base.raw_path.rstrip("/")
        self._host = self._base.host_port_subcomponent or ""
        self._timeout = timeout
        self._max_body = max_body
        self._pseudonym = f"tokentape-{secrets.token_hex(4)}"
        self._connections: Connections | None = None

    async def __aenter__(self) -> Self:
        self._connections = Connections(self._base, max_body=self._max_body)
        return self

    async def __aexit__(self, *_exc: object) -> None:
        if self._connections is not None:
            await self._connections.close()

    async def send(self, request: Request) -> Response:
        """Forward a request and return its answer, whole. Raises UpstreamFailure.

        A request that has been here before is a failure as well: the upstream, or a proxy on the
        way, points back here. Via tells (RFC 9110 §7.6.3).
        """
        via = [value for name, value in request.headers if name.lower() == "via"]
        if any(self._pseudonym in value for value in via):
            raise UpstreamFailure(502, "its address leads back to tokentape itself")
        try:
            return await self._exchange(request)
        except (OSError, ClientError, HttpProcessingError, ValueError) as error:
            raise _failure(error) from None

    async def _exchange(self, request: Request) -> Response:
        assert self._connections is not None
        raw = sent_on(request, path=self._path, host=self._host, pseudonym=self._pseudonym)
        async with asyncio.timeout(self._timeout):
            answer = await self._connections.ask(request.method, raw)
        return Response(answer.status, came_back(answer.lines), answer.body)


def _failure(error: Exception) -> UpstreamFailure:
    status, reason = next(row[1:] for row in _FAILURES if isinstance(error, row[0]))
    return UpstreamFailure(status, reason)
