r"""Where a request ends, decided from its bytes before anybody reads it; no I/O.

A request ends with its head, after Content-Length bytes, or with its last chunk (RFC 9112 §6). Two
parties that disagree about this let one client's bytes pass for another's request (§11.2). So what
is not plain is judged twice: `RequestBuffer` cuts it out, then aiohttp reads exactly these bytes,
and must come to the same body. Where the head leaves any doubt, the bytes end with the head and the
body is None: then the request is refused, whatever aiohttp makes of it.

    POST /v1/tokens HTTP/1.1\r\n Host: x\r\n Transfer-Encoding: chunked\r\n \r\n     the head
    3\r\n a=1\r\n   2\r\n 23\r\n                                                     two chunks
    0\r\n \r\n                                                                       the last
    GET /v1/…                                                                        the next

gives `Whole(data=…, body=b"a=123", strict=True)` once all of the last chunk has come.
Each byte is looked at a bounded number of times, however small the pieces in which it comes.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from tokentape.edges.server.plain import PlainHead, plain_head
from tokentape.pure.http.messages import Request, Response
from tokentape.pure.stripe.refusals import refusal

MALFORMED = refusal(400, "malformed_request", "The request is not well-formed HTTP/1.1.")
TLS = refusal(400, "tls_on_plain_port", "This port speaks plain HTTP: use an http:// address.")
HEAD_TOO_LARGE = refusal(
    431, "request_head_too_large", "The request line and headers are larger than this server takes."
)
BODY_TOO_LARGE = refusal(
    413, "request_body_too_large", "The request body is larger than this server takes."
)

_TLS_RECORD = b"\x16\x03"
_HTTP_2 = b"PRI * "
_HTTP_1_1 = re.compile(rb"[^\r\n]* HTTP/1\.1\r\n")
_FRAMING = re.compile(rb"\n(content-length|transfer-encoding|expect):([^\r\n]*)", re.IGNORECASE)
_CHUNK = re.compile(rb"([0-9A-Fa-f]{1,15})((?:[ \t]{0,9};[^\r\n]{0,200})?)\r\n")
_LONGEST_CHUNK_LINE = 220
_MOST_DIGITS = 15


class Refused(Exception):
    """A request that is answered at once with `response`, after which the connection closes."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status)
        self.response = response


class Whole(NamedTuple):
    """The bytes of one request, all of them and no more."""

    data: bytes
    body: bytes | None
    """The body without the framing of its chunks; None where the head leaves doubt about it."""
    strict: bool
    """It has neither trailers nor chunk extensions."""
    plain: PlainHead | None = None

    @property
    def request(self) -> Request | None:
        """The request, if it is plain."""
        if self.plain is None or self.body is None or not self.strict:
            return None
        return Request(self.plain.method, self.plain.target, self.plain.headers, self.body)

    def __repr__(self) -> str:
        return "<Whole>"


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
        self._head = 0
        """Where the head ends; 0 while that is not clear."""
        self._at = 0
        """Up to where the bytes have been looked at."""
        self._end: int | None = None
        """Where the request ends; None while that is not clear."""
        self._plain: PlainHead | None = None
        self._chunks: list[bytes] | None = None
        self._size = 0
        self._strict = True
        self._doubtful = False
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

    def cut(self) -> Whole | None:
        """Return the request that comes first, if it is whole, and forget it. Raises Refused."""
        if not self._head:
            self._find_head()
        if self._chunks is not None and self._end is None:
            self._follow(self._chunks)
        if not self._head or self._end is None or self._end > len(self._data):
            return None
        data = bytes(self._data[: self._end])
        body = data[self._head :] if self._chunks is None else b"".join(self._chunks)
        whole = Whole(data, None if self._doubtful else body, self._strict, self._plain)
        del self._data[: self._end]
        self._begin()
        return whole

    def _find_head(self) -> None:
        data = self._data
        while data.startswith(b"\r\n"):  # empty lines before a request are no harm (§2.2)
            del data[:2]
        if data.startswith(_TLS_RECORD):
            raise Refused(TLS)
        if data.startswith(_HTTP_2):  # which aiohttp would wait to see more of
            raise Refused(MALFORMED)
        end = data.find(b"\r\n\r\n", max(0, self._at - 3))
        self._at = end + 4 if end >= 0 else len(data)
        if self._at > self._max_head:
            raise Refused(HEAD_TOO_LARGE)
        if end >= 0:
            self._head = self._end = self._at
            self._plain = plain_head(bytes(data[: self._at]))
        if self._plain is not None:
            self._set_length(self._plain.length)
        elif data.count(b"\n", 0, self._at) != data.count(b"\r\n", 0, self._at):
            raise Refused(MALFORMED)
        elif end >= 0:
            self._read_framing()

    def _set_length(self, length: int | None) -> None:
        if length is None:
            self._chunks, self._end = [], None
        elif length > self._max_body:
            raise Refused(BODY_TOO_LARGE)
        else:
            self._end = self._head + length

    def _read_framing(self) -> None:
        """Note where a request ends whose head is not plain."""
        lines = _FRAMING.findall(self._data, 0, self._head)
        fields = [(name.lower(), value.strip(b" \t").lower()) for name, value in lines]
        is_1_1 = _HTTP_1_1.match(self._data) is not None
        expectations = {value for name, value in fields if name == b"expect"}
        self._owes_continue = is_1_1 and expectations == {b"100-continue"}
        match [field for field in fields if field[0] != b"expect"]:
            case _ if expectations - {b"100-continue"}:
                self._doubtful = True
            case []:
                pass
            case [(b"content-length", digits)] if digits.isdigit():
                too_long = len(digits) > _MOST_DIGITS
                self._set_length(self._max_body + 1 if too_long else int(digits))
            case [(b"transfer-encoding", b"chunked")] if is_1_1:
                self._set_length(None)
            case _:
                self._doubtful = True

    def _follow(self, chunks: list[bytes]) -> None:
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
            chunks.append(bytes(data[begin:end]))
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
        return end - self._head - self._size
