"""Reads the requests that are not plain, with aiohttp's own server, by its public names alone.

aiohttp's `RequestHandler` is a protocol that reads requests and writes answers. A connection gives
it one whole request at a time, as `framing` has cut it out, and takes over what it has read. So
aiohttp decides what is well-formed, and the connection decides all else, for both lanes alike:
deadlines and limits, the answer, and when it closes.

    connection   AiohttpReader.read(whole)
    aiohttp        RequestHandler.data_received(bytes), and later, in a task of its own,
                   AiohttpReader.handle(BaseRequest)
    connection       take(request, old, closing)  or  refuse(response)
    aiohttp        `_PASSED`: an answer that writes nothing and leaves the connection open

A connection makes one of these when its first request comes that is not plain: importing aiohttp
takes longer than all else at a start.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable
from typing import Any

from aiohttp import web

from tokentape.edges.server.framing import MALFORMED, Refused, Whole
from tokentape.pure.http.messages import Headers, Request, Response
from tokentape.pure.stripe.refusals import refusal

VERSION = refusal(400, "http_version_unsupported", "The request must be HTTP/1.1 or HTTP/1.0.")
METHOD = refusal(400, "method_unsupported", "The request's method is not supported.")
TARGET = refusal(
    400,
    "request_target_unsupported",
    "The request target must be a path that begins with a slash (RFC 9112 section 3.2.1). Set this"
    " address as the base URL of the API client, not as its HTTP proxy.",
)
CODING = refusal(
    400, "transfer_coding_unsupported", "The only transfer coding is chunked, in HTTP/1.1."
)
EXPECTATION = refusal(417, "expectation_unsupported", "The only expectation is 100-continue.")

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_TARGET = re.compile(r"/[!-\"$-~]*")
"""Visible ASCII, and no fragment (RFC 9112 §3.2)."""
_CONTROLS = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_NEVER = 365 * 86_400.0
"""Seconds: connections have deadlines of their own."""
_SILENT = logging.Logger("tokentape.silent", logging.CRITICAL + 1)  # noqa: LOG001 - as is said:
"""What aiohttp would log quotes what was sent. Out of reach of any configuration."""


Take = Callable[[Request, bool, bool], None]
"""Takes a request: whether it is HTTP/1.0, and whether no other may follow on its connection."""


class AiohttpReader:
    """Reads requests of one connection, one at a time."""

    def __init__(
        self,
        transport: asyncio.Transport,
        limits: tuple[int, int],
        take: Take,
        refuse: Callable[[Response], None],
        fail: Callable[[BaseException | None], None],
    ) -> None:
        """`limits` are those of head and body, in bytes; `fail` hears of a fault of our own."""
        self._take = take
        self._refuse = refuse
        self._fail = fail
        self._whole: Whole | None = None
        max_head, max_body = limits
        terms: dict[str, Any] = {
            "logger": _SILENT,
            "access_log": None,
            "auto_decompress": False,
            "keepalive_timeout": _NEVER,
            "lingering_time": 0,
            "max_line_size": max_head,
            "max_field_size": max_head,
            "max_headers": max_head,
            "read_bufsize": max_body,
        }
        self._handler = _Handler(web.Server(self.handle), loop=asyncio.get_running_loop(), **terms)
        self._handler.reader = self
        self._handler.connection_made(transport)

    def read(self, whole: Whole) -> None:
        """Begin to read a request; what comes of it is heard in a later turn of the event loop."""
        self._whole = whole
        try:
            self._handler.data_received(whole.data)
        except Exception:  # noqa: BLE001 - whatever it is, its text may quote what was sent
            self._refuse(MALFORMED)

    def close(self) -> None:
        """End what aiohttp has begun; the transport closes as well."""
        self._handler.connection_lost(None)

    def end(self, error: BaseException | None, status: int) -> None:
        """Hear that aiohttp could not read what it was given, or that `handle` raised an error."""
        if status < 500:
            self._refuse(MALFORMED)
        else:
            self._fail(error)

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Hand over what aiohttp has read."""
        whole, self._whole = self._whole, None
        headers: Headers | None = None
        try:
            headers = _checked(request, whole)
        except Refused as refused:
            self._refuse(refused.response)
        try:
            # All of it has come. If aiohttp waits for more, this ends with the connection.
            body = await request.content.read()
        except Exception:  # noqa: BLE001 - as above
            self._refuse(MALFORMED)
            return _PASSED
        if headers is not None and whole is not None:
            if body == whole.body:
                closing = not (request.keep_alive and whole.strict) or "Upgrade" in request.headers
                read = Request(request.method, request.raw_path, headers, body)
                self._take(read, request.version == (1, 0), closing)
            else:
                self._refuse(MALFORMED)
        return _PASSED


class _Handler(web.RequestHandler):
    reader: AiohttpReader

    def handle_error(
        self,
        request: web.BaseRequest,  # noqa: ARG002 - aiohttp's
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,  # noqa: ARG002
    ) -> web.StreamResponse:
        """Refuse what aiohttp cannot read; its own page and log quote it."""
        self.reader.end(exc, status)
        return _PASSED


class _Passed(web.StreamResponse):
    """Stands for an answer that the connection writes."""

    keep_alive = True  # the connection itself decides

    async def prepare(self, request: web.BaseRequest) -> None:
        """Write nothing."""

    async def write_eof(self, data: bytes = b"") -> None:
        """Write nothing."""


_PASSED = _Passed()


def _checked(request: web.BaseRequest, whole: Whole | None) -> Headers:
    """Return the headers of a request that no other server could read in another sense.

    aiohttp is strict on most of RFC 9112, its newest release on more than the others. Raises
    Refused for what some release lets through, and where the length of the body is in doubt.
    """
    old = request.version == (1, 0)
    fields = request.headers
    if not old and request.version != (1, 1):
        raise Refused(VERSION)
    if request.method not in _METHODS:
        raise Refused(METHOD)
    if not _TARGET.fullmatch(request.raw_path):
        raise Refused(TARGET)
    if {value.lower() for value in fields.getall("Expect", ())} - {"100-continue"}:
        raise Refused(EXPECTATION)
    if any(old or value.lower() != "chunked" for value in fields.getall("Transfer-Encoding", ())):
        raise Refused(CODING)
    if whole is None or whole.body is None or len(fields.getall("Host", ())) not in (1, 1 - old):
        raise Refused(MALFORMED)
    try:
        lines = [(name.decode(), value.decode()) for name, value in request.raw_headers]
    except UnicodeDecodeError:
        raise Refused(MALFORMED) from None
    if any(map(_CONTROLS.search, map("".join, lines))):
        raise Refused(MALFORMED)
    return tuple([(name, value.strip(" \t")) for name, value in lines])
