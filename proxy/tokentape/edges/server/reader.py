"""From bytes to whole, bounded requests, one at a time; no I/O.

aiohttp's parser is strict on most of RFC 9112. What it lets through and a server whose requests
are forwarded must not is refused here: anything that another server could read otherwise.
"""

from __future__ import annotations

import asyncio
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING

from multidict import CIMultiDict, CIMultiDictProxy

from tokentape.edges.server.heads import Head, HeadTooLong, Unparsable
from tokentape.edges.server.plain import plain_head
from tokentape.pure.http.messages import Headers, Request, Response
from tokentape.pure.stripe.refusals import refusal

if TYPE_CHECKING:
    from tokentape.edges.server.aiohttp_private import RequestParser

MALFORMED = refusal(400, "malformed_request", "The request is not well-formed HTTP/1.1.")
TLS = refusal(400, "tls_on_plain_port", "This port speaks plain HTTP: use an http:// address.")
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
HEAD_TOO_LARGE = refusal(
    431, "request_head_too_large", "The request line and headers are larger than this server takes."
)
BODY_TOO_LARGE = refusal(
    413, "request_body_too_large", "The request body is larger than this server takes."
)

PLAIN = Head("", "", (1, 1), (), CIMultiDictProxy(CIMultiDict()), *(False,) * 3)
"""Stands for the head of a plain request: nothing in it needs care."""

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_VERSIONS = frozenset({(1, 0), (1, 1)})
_TLS_RECORD = b"\x16\x03"
_LAST_CHUNK = b"\r\n0\r\n\r\n"
_MAX_DIGITS = 15
_LINE_EXTRA = 4
"""Bytes of a head line beside name and value: colon, space, CR, LF."""


class Refused(Exception):
    """A request that is answered here and now, after which the connection closes."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status)
        self.response = response


class RequestReader:
    """Bytes of one connection in, whole requests out."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        *,
        max_head: int,
        max_body: int,
    ) -> None:
        """Both limits are in bytes; `max_body` counts the body as sent, chunk framing aside."""
        self._loop = loop
        self._max_head = max_head
        self._head: Head | None = None
        self._headers: Headers = ()
        self._head_bytes = 0
        self._end = b""
        self._owes_continue = False
        self._max_body = max_body
        self._plainly = True
        """Whether all requests so far were plain: aiohttp's parser has seen none of them."""
        self._begun = b""

    @cached_property
    def _parser(self) -> RequestParser:
        """The parser of what is not plain; not before it is needed: aiohttp is slow to import."""
        from tokentape.edges.server.aiohttp_private import RequestParser  # noqa: PLC0415

        buffer = max(self._max_body, self._max_head)
        return RequestParser(self._loop, max_line=self._max_head, buffer=buffer)

    def feed(self, data: bytes) -> Request | None:
        """Take bytes; return the request once it is whole. Raises Refused."""
        if self._plainly:
            if not data:
                return None
            data = self._begun + data
            plain = self._plain(data)
            if plain is not None or self._plainly:
                return plain
        return self._feed(data)

    def _plain(self, data: bytes) -> Request | None:
        """Return a request if it is plain; note if it is not, or waits for more a second time."""
        head = plain_head(data)
        fits = head and head.body <= self._max_head and head.end - head.body <= self._max_body
        missing = head.end - len(data) if head and fits else -1
        if missing == 0 and head:
            self._begun = b""
            self._head = PLAIN
            return Request(head.method, head.target, head.headers, data[head.body :])
        self._plainly = missing > 0 and not self._begun
        self._begun = data if self._plainly else b""
        return None

    def _feed(self, data: bytes) -> Request | None:
        self._end = (self._end + data)[-len(_LAST_CHUNK) :]
        if self._head is None and self._head_bytes == 0 and data.startswith(_TLS_RECORD):
            raise Refused(TLS)
        try:
            return self._read(data)
        except HeadTooLong:
            raise Refused(HEAD_TOO_LARGE) from None
        except Unparsable:
            raise Refused(MALFORMED) from None

    def _read(self, data: bytes) -> Request | None:
        head = self._parser.feed(data)
        if head is not None:
            self._accept(head)
        elif self._head is None:
            self._head_bytes += len(data)
            if self._head_bytes > self._max_head:
                raise Refused(HEAD_TOO_LARGE)
        return self._whole() if self._head else None

    def _accept(self, head: Head) -> None:
        try:
            self._headers = tuple([(name.decode(), value.decode()) for name, value in head.lines])
        except UnicodeDecodeError:
            raise Refused(MALFORMED) from None
        if _size(head) > self._max_head:
            raise Refused(HEAD_TOO_LARGE)
        _check(head)
        self._check_fields(head)
        self._head = head

    def _check_fields(self, head: Head) -> None:
        length = head.fields.get("Content-Length", "0")
        if len(length) > _MAX_DIGITS or int(length) > self._max_body:
            raise Refused(BODY_TOO_LARGE)
        coding = head.fields.get("Transfer-Encoding", "chunked")
        if coding.lower() != "chunked" or (head.chunked and head.version < (1, 1)):
            raise Refused(CODING)
        for expectation in head.fields.getall("Expect", ()):
            if expectation.lower() != "100-continue":
                raise Refused(EXPECTATION)
            self._owes_continue = head.version == (1, 1)

    def _whole(self) -> Request | None:
        assert self._head is not None
        if self._parser.received > self._max_body or self._parser.overfull:
            raise Refused(BODY_TOO_LARGE)
        body = self._parser.body()
        if body is None:
            return None
        return Request(self._head.method, self._head.target, self._headers, body)

    def owes_continue(self) -> bool:
        """Tell, once a request, whether the client waits for 100 Continue (RFC 9110 §10.1.1)."""
        owes, self._owes_continue = self._owes_continue, False
        return owes

    @property
    def version(self) -> tuple[int, int]:
        """The HTTP version of the request at hand, 1.1 where it is unknown."""
        return self._head.version if self._head else (1, 1)

    def may_go_on(self) -> bool:
        """Tell whether another request may follow the one at hand.

        Not after trailers: aiohttp's parser takes them for headers of the next request. Nor after
        an upgrade, which is declined by going on in HTTP/1.1, but ends the parser.
        """
        head = self._head
        if head is None or head.closing or head.upgrade:
            return False
        return not head.chunked or self._end == _LAST_CHUNK

    @property
    def is_plain(self) -> bool:
        """Whether all that came is one plain request, or nothing yet."""
        return self._plainly and not self._begun

    def release(self) -> None:
        """Forget the request at hand; then `feed(b"")` gives one that was sent along with it."""
        head, self._head = self._head, None
        self._head_bytes = 0
        self._owes_continue = False
        if head not in (None, PLAIN):
            self._parser.release()


def _size(head: Head) -> int:
    lines = sum(map(len, chain.from_iterable(head.lines))) + _LINE_EXTRA * len(head.lines)
    return len(head.method) + len(head.target) + lines


def _check(head: Head) -> None:
    if head.version not in _VERSIONS:
        raise Refused(VERSION)
    if head.method not in _METHODS:
        raise Refused(METHOD)
    if not head.target.startswith("/") or not _plain(head.target):
        raise Refused(TARGET)


def _plain(target: str) -> bool:
    """Tell whether a target has visible ASCII alone, and no fragment (RFC 9112 §3.2)."""
    return target.isascii() and target.isprintable() and " " not in target and "#" not in target
