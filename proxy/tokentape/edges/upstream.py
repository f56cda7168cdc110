"""The upstream over HTTP: requests go on as they came, answers come back as they came.

aiohttp's `ClientSession`, with all that it would add, follow, keep or decode switched off: only
Host, Content-Length and Via are added. Nothing is taken from the environment but SSL_CERT_FILE and
SSL_CERT_DIR, which OpenSSL reads; a proxy is given by the caller. A POST is sent once; aiohttp
sends a request of an idempotent method again, once, if its connection ended before the answer began
(RFC 9110 §9.2.2).
"""

from __future__ import annotations

import re
import secrets
from asyncio import timeout as time_limit
from collections.abc import Iterable, Sequence
from io import BytesIO
from itertools import chain
from typing import TYPE_CHECKING, Self

import aiohttp
from yarl import URL

from tokentape.errors import UpstreamFailure
from tokentape.pure.http.messages import Headers, Request, Response, without_hop_by_hop

if TYPE_CHECKING:
    from aiohttp.connector import Connection
    from aiohttp.tracing import Trace

_MAX_HEAD = 64 * 1024
_LARGE = 2**20  # bytes from which aiohttp wants a body as a file, to send it in pieces
_TRUST = "; SSL_CERT_FILE may name a file with the certificates to trust"
_FAILURES: Sequence[tuple[type[Exception], int, str]] = (
    (TimeoutError, 504, "it did not answer in time"),
    (aiohttp.ClientConnectorCertificateError, 502, "its TLS certificate is not trusted" + _TRUST),
    (aiohttp.ClientConnectorSSLError, 502, "no TLS connection could be made with it"),
    (aiohttp.ClientConnectorDNSError, 502, "its host name is not known"),
    (aiohttp.ClientConnectorError, 502, "no connection could be made with it"),
    (aiohttp.ClientPayloadError, 502, "its answer broke off"),
    (aiohttp.ClientHttpProxyError, 502, "the proxy refuses to connect to it"),
    (aiohttp.ClientResponseError, 502, "its answer is not HTTP that can be read"),
    (OSError, 502, "it closed the connection before it answered"),
    (aiohttp.ClientError, 502, "it closed the connection before it answered"),
    (ValueError, 502, "the request cannot be sent on over HTTP/1.1"),
)
"""The first that fits. A subclass stands before its base."""
_FOR_THIS_HOP = frozenset({"host", "content-length", "expect"})
"""Headers that are written again for this hop, and Expect, which the server has met already."""
_DECODABLE = frozenset({"gzip", "deflate", "identity"})
_OFTEN_BODILESS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
"""Methods whose requests need no Content-Length to say that they have no body (RFC 9110 §8.6)."""
_AS_TEXT = ("utf-8", "surrogateescape")
_ENDS = re.compile(r"[\r\n\0]")
_CONTROLS = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")


class _Connector(aiohttp.TCPConnector):
    async def connect(
        self,
        req: aiohttp.ClientRequest,
        traces: list[Trace],
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109
    ) -> Connection:
        """Return a connection on which nothing has come in before a request was sent."""
        while True:
            connection = await super().connect(req, traces, timeout)
            if connection.protocol is None or not connection.protocol.should_close:
                return connection
            connection.close()


class _NoCookies(aiohttp.DummyCookieJar):
    def update_cookies_from_headers(self, headers: Sequence[str], response_url: URL) -> None:
        """Ignore cookies: aiohttp logs the names of those that it cannot read."""


class HttpUpstream:
    """Where requests are forwarded to, with a pool of connections. Use with `async with`."""

    _session: aiohttp.ClientSession

    def __init__(
        self, base_url: str, *, timeout: float, max_body: int, proxy: str | None = None
    ) -> None:
        """Take an http or https address, a path prefix included.

        `timeout` is in seconds, for an answer to arrive whole; `max_body` in bytes, as sent.
        `proxy` is an http:// URL, with user and password if there are any.
        """
        self._proxy = proxy
        self._base = str(URL(base_url, encoded=True)).rstrip("/")
        self._timeout = timeout
        self._max_body = max_body
        self._pseudonym = f"tokentape-{secrets.token_hex(4)}"

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            connector=_Connector(limit=0),
            cookie_jar=_NoCookies(),
            auto_decompress=False,
            skip_auto_headers=("Accept", "Accept-Encoding", "Content-Type", "User-Agent"),
            timeout=aiohttp.ClientTimeout(),
            proxy=self._proxy,
            max_line_size=_MAX_HEAD,
            max_field_size=_MAX_HEAD,
        )
        return self

    async def __aexit__(self, *_exc: object) -> None:
        await self._session.close()

    async def send(self, request: Request) -> Response:
        """Forward a request and return its answer, whole. Raises UpstreamFailure.

        A request that this upstream has sent on before is a failure as well: its Via says so
        (RFC 9110 §7.6.3).
        """
        lines = request.headers
        if any(self._pseudonym in value for name, value in lines if name.lower() == "via"):
            raise UpstreamFailure(502, "its address leads back to tokentape itself")
        try:
            async with time_limit(self._timeout):
                return await self._exchange(request)
        except (OSError, aiohttp.ClientError, ValueError) as error:
            status, reason = next(row[1:] for row in _FAILURES if isinstance(error, row[0]))
            where = " (tried through the network's proxy)" if self._proxy else ""
            raise UpstreamFailure(status, reason + where) from None

    async def _exchange(self, request: Request) -> Response:
        answer = await self._session.request(
            request.method,
            URL(self._base + request.target, encoded=True),
            headers=_headers_sent_on(request, self._pseudonym),
            data=(request.body if len(request.body) < _LARGE else BytesIO(request.body)) or None,
            allow_redirects=False,
        )
        try:
            if answer.status < 200:
                raise UpstreamFailure(502, "its answer is not final")
            headers = _headers_sent_back(answer.raw_headers)
            return Response(answer.status, headers, await self._body(answer))
        except BaseException:
            answer.close()
            raise

    async def _body(self, answer: aiohttp.ClientResponse) -> bytes:
        blocks, size = [], 0
        while not answer.content.at_eof():
            blocks.append(await answer.content.readany())
            size += len(blocks[-1])
            if size > self._max_body:
                raise UpstreamFailure(502, "its answer is larger than tokentape takes")
        return b"".join(blocks)


def _headers_sent_on(request: Request, pseudonym: str) -> Headers:
    """Return the headers of a request as they go on, except Host.

    Lines of one name are spelled as the first of them: aiohttp would drop all but the last of two
    spellings. Raises ValueError for what HTTP/1.1 cannot express.
    """
    spelled: dict[str, str] = {}
    lines, via, codings = [], [], []
    for name, value in without_hop_by_hop(request.headers):
        match name.lower():
            case "via":
                via.append(value)
            case "accept-encoding":
                codings.append(value)
            case lower if lower not in _FOR_THIS_HOP:
                lines.append((spelled.setdefault(lower, name), value))
    if codings:
        lines.append(("Accept-Encoding", _decodable(codings)))
    lines.append(("Via", ", ".join((*via, f"1.1 {pseudonym}"))))
    if request.body or request.method not in _OFTEN_BODILESS:
        lines.append(("Content-Length", str(len(request.body))))
    if _ENDS.search("".join(chain.from_iterable(lines))):
        raise ValueError("a line of the head does not end where it should")
    return tuple(lines)


def _decodable(lines: Iterable[str]) -> str:
    """Return Accept-Encoding without the codings that the cassette could not decode."""
    codings = [part.strip() for line in lines for part in line.split(",")]
    decodable = [part for part in codings if part.partition(";")[0].strip().lower() in _DECODABLE]
    return ", ".join(decodable) or "identity"


def _headers_sent_back(lines: Sequence[tuple[bytes, bytes]]) -> Headers:
    """Return the headers of an answer that travel on.

    Raises UpstreamFailure for controls, which aiohttp lets through and which could split a header.
    """
    if _CONTROLS.search(b"".join(chain.from_iterable(lines))):
        raise UpstreamFailure(502, "its answer has a header that may not be passed on")
    texts = [(name.decode(*_AS_TEXT), value.decode(*_AS_TEXT)) for name, value in lines]
    return without_hop_by_hop(tuple(texts))
