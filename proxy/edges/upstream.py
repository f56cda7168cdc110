"""The upstream: sends requests on as they came, brings answers back as they came.

Nothing is added but Host, Content-Length and Via, nothing is followed, kept or decoded, and no
setting is taken from the environment. A POST is sent once: aiohttp sends a request again on a new
connection only if its method is idempotent (RFC 9110 §9.2.2).
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator, Sequence
from io import BytesIO
from itertools import chain
from typing import Self

from aiohttp import (
    ClientConnectorCertificateError,
    ClientConnectorDNSError,
    ClientConnectorError,
    ClientConnectorSSLError,
    ClientError,
    ClientPayloadError,
    ClientResponse,
    ClientResponseError,
    ClientSession,
    ClientTimeout,
    DummyCookieJar,
    StreamReader,
    TCPConnector,
)
from multidict import CIMultiDict
from yarl import URL

from proxy.errors import UpstreamFailure
from proxy.pure.messages import Headers, Request, Response, without_hop_by_hop

_NOT_FORWARDED = frozenset({"host", "content-length", "expect", "accept-encoding", "via"})
"""Headers that are made anew for this hop, and Expect, which the server has met already."""
_DECODABLE = frozenset({"gzip", "deflate", "identity"})
_AUTOMATIC = ("Accept", "Accept-Encoding", "Content-Type", "User-Agent")
_CONTROLS = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
_MAX_HEAD = 64 * 1024
_LARGE = 1024 * 1024
"""Bytes from which aiohttp wants a body as a file object."""

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


class Upstream:
    """Where requests are forwarded to, with a pool of connections. Use with `async with`."""

    def __init__(self, base_url: str, *, timeout: float, max_body: int) -> None:
        """Take an http or https address, a path prefix included.

        `timeout` is in seconds, for an answer to be there whole; `max_body` in bytes, as sent.
        """
        self._base = base_url.rstrip("/")
        self._timeout = ClientTimeout(total=timeout)
        self._max_body = max_body
        self._pseudonym = f"tokentape-{secrets.token_hex(4)}"
        self._session: ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = ClientSession(
            connector=TCPConnector(limit=0),
            cookie_jar=DummyCookieJar(),
            timeout=self._timeout,
            skip_auto_headers=_AUTOMATIC,
            auto_decompress=False,
            trust_env=False,
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
            return await self._exchange(request)
        except (OSError, ClientError, ValueError) as error:
            raise _failure(error) from None

    async def _exchange(self, request: Request) -> Response:
        assert self._session is not None
        body = request.body
        async with self._session.request(
            request.method,
            URL(self._base + request.target, encoded=True),
            headers=_forwarded(request.headers, self._pseudonym),
            data=BytesIO(body) if len(body) > _LARGE else body or None,
            allow_redirects=False,
        ) as answer:
            return Response(answer.status, _headers(answer), await self._body(answer.content))

    async def _body(self, content: StreamReader) -> bytes:
        blocks, size = [], 0
        while not content.at_eof():
            blocks.append(await content.readany())
            size += len(blocks[-1])
            if size > self._max_body:
                raise UpstreamFailure(502, "its answer is larger than tokentape takes")
        return b"".join(blocks)


def _forwarded(headers: Headers, pseudonym: str) -> CIMultiDict[str]:
    passed = CIMultiDict(_spelled_alike(without_hop_by_hop(headers)))
    via = ", ".join([*passed.getall("Via", ()), f"1.1 {pseudonym}"])
    accepted = _accepted(passed.getall("Accept-Encoding", ()))
    for name in _NOT_FORWARDED:
        passed.popall(name, None)
    if accepted:
        passed["Accept-Encoding"] = accepted
    passed["Via"] = via
    return passed


def _spelled_alike(headers: Headers) -> Iterator[tuple[str, str]]:
    """Spell repeated names as at first: aiohttp drops all but the last of X-A and x-a."""
    spelling: dict[str, str] = {}
    return ((spelling.setdefault(name.lower(), name), value) for name, value in headers)


def _accepted(lines: Sequence[str]) -> str:
    """Return Accept-Encoding without the codings that the cassette could not decode."""
    asked = [part.strip() for line in lines for part in line.split(",")]
    kept = [part for part in asked if part.partition(";")[0].strip().lower() in _DECODABLE]
    return ", ".join(kept) or "identity" if asked else ""


def _headers(answer: ClientResponse) -> Headers:
    if answer.status < 200:
        raise UpstreamFailure(502, "its answer is not final")
    # aiohttp's parser is lenient with answers; what it lets through must not split ours.
    if _CONTROLS.search(b"".join(chain.from_iterable(answer.raw_headers))):
        raise UpstreamFailure(502, "its answer has a header that may not be passed on")
    lines = [
        (name.decode("utf-8", "surrogateescape"), value.decode("utf-8", "surrogateescape"))
        for name, value in answer.raw_headers
    ]
    return without_hop_by_hop(tuple(lines))


def _failure(error: Exception) -> UpstreamFailure:
    status, reason = next(row[1:] for row in _FAILURES if isinstance(error, row[0]))
    return UpstreamFailure(status, reason)
