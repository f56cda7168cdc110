r"""Where a request ends, decided from its bytes before the handler gets it; no I/O.

A request ends with its head, after Content-Length bytes, or with its last chunk (RFC 9112 §6). If
two parties disagree about this, one client's bytes pass for another's request (§11.2). So what is
not plain is read twice: `RequestBuffer` cuts it out, then aiohttp must read these bytes the same.

    POST /v1/tokens HTTP/1.1\r\n Host: x\r\n Transfer-Encoding: chunked\r\n \r\n     the head
    3\r\n a=1\r\n   2\r\n 23\r\n                                                     two chunks
    0\r\n \r\n                                                                       the last
"""

from __future__ import annotations

import re
from typing import NamedTuple

from tokentape.edges.server.head import MALFORMED, Head, Refused, read_head
from tokentape.pure.http.messages import Request
from tokentape.pure.stripe.refusals import refusal

TLS = refusal(400, "tls_on_plain_port", "This port speaks plain HTTP: use an http:// address.")
HEAD_TOO_LARGE = refusal(
    431, "request_head_too_large", "The request line and headers are larger than this server takes."
)
BODY_TOO_LARGE = refusal(
    413, "request_body_too_large", "The request body is larger than this server takes."
)

_TLS_RECORD = b"\x16\x03"
_BARE_LF = re.compile(rb"(?<!\r)\n")
_CHUNK = re.compile(rb"([0-9A-Fa-f]{1,15})((?:[ \t]{0,9};[^\r\n]{0,200})?)\r\n")
_LONGEST_CHUNK_LINE = 220


class ReceivedRequest(NamedTuple):
    """One request, whole, and its bytes."""

    data: bytes
    request: Request
    plain: bool  # the fast lane takes it
    strict: bool  # it has neither trailers nor chunk extensions
    is_1_0: bool  # it is HTTP/1.0

    def __repr__(self) -> str:
        return "<ReceivedRequest>"


class RequestBuffer:
    """What a client has sent and nobody has read yet."""

    def __init__(self, *, max_head: int, max_body: int) -> None:
        """Both limits are in bytes; `max_body` is for a body without the framing of its chunks.

        That framing, trailers included, may take `max_head` bytes too.
        """
        self._max_head = max_head
        self._max_body = max_body
        self._data = bytearray()
        self._begin()

    def _begin(self) -> None:
        self._head: Head | None = None
        self._body = 0  # where the body begins
        self._at = 0  # up to where the bytes have been looked at
        self._end: int | None = None  # where the request ends; None while that is not clear
        self._chunks: list[bytes] = []
        self._size = 0  # bytes in these chunks
        self._strict = True
        self._owes_continue = False

    def __len__(self) -> int:
        return len(self._data)

    def add(self, data: bytes) -> None:
        """Take bytes."""
        self._data += data

    def owes_continue(self) -> bool:
        """Tell, once a request, whether the client waits for 100 Continue (RFC 9110 §10.1.1)."""
        owes, self._owes_continue = self._owes_continue, False
        return owes

    def cut(self) -> ReceivedRequest | None:
        """Return the request that comes first, if it is whole, and forget it. Raises Refused."""
        head = self._head or self._find_head()
        if head is None:
            return None
        if self._end is None:
            self._follow_chunks()
        if self._end is None or self._end > len(self._data):
            return None
        data = bytes(self._data[: self._end])
        body = b"".join(self._chunks) if head.length is None else data[self._body :]
        request = Request(head.method, head.target, head.headers, body)
        plain, strict = head.plain and self._strict, self._strict
        del self._data[: self._end]
        self._begin()
        return ReceivedRequest(data, request, plain, strict, head.is_1_0)

    def _find_head(self) -> Head | None:
        data = self._data
        while data.startswith(b"\r\n"):  # empty lines before a request are no harm (§2.2)
            del data[:2]
        if data.startswith(_TLS_RECORD):
            raise Refused(TLS)
        seen, end = self._at, data.find(b"\r\n\r\n", max(0, self._at - 3))
        self._at = self._body = end + 4 if end >= 0 else len(data)
        if self._at > self._max_head:
            raise Refused(HEAD_TOO_LARGE)
        if end < 0:
            if _BARE_LF.search(data, seen):
                raise Refused(MALFORMED)
            return None
        self._head = head = read_head(data[: self._at])
        if head.length is not None:
            if head.length > self._max_body:
                raise Refused(BODY_TOO_LARGE)
            self._end = self._at + head.length
        self._owes_continue = head.expects_continue
        return head

    def _follow_chunks(self) -> None:
        """Follow the chunks as far as they have come."""
        data = self._data
        while line := _CHUNK.match(data, self._at):
            size, begin = int(line[1], 16), line.end()
            self._strict = self._strict and not line[2]
            if size == 0:
                self._follow_trailers(begin)
                return
            end = begin + size
            if self._size + size > self._max_body or self._framing(begin) > self._max_head:
                raise Refused(BODY_TOO_LARGE)
            if len(data) < end + 2:
                return
            if data[end : end + 2] != b"\r\n":
                raise Refused(MALFORMED)
            self._chunks.append(bytes(data[begin:end]))
            self._size += size
            self._at = end + 2
        if len(data) - self._at > _LONGEST_CHUNK_LINE or data.find(b"\n", self._at) >= 0:
            raise Refused(MALFORMED)

    def _follow_trailers(self, begin: int) -> None:
        end = self._data.find(b"\r\n\r\n", begin - 2)
        if self._framing(end if end >= 0 else len(self._data)) > self._max_head:
            raise Refused(HEAD_TOO_LARGE)
        if end >= 0:
            self._strict = self._strict and end == begin - 2
            self._end = end + 4

    def _framing(self, end: int) -> int:
        """Return how many bytes, up to `end`, frame the body and are not part of it."""
        return end - self._body - self._size
