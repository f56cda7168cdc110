"""The fast lane reads what aiohttp reads, or leaves it alone; the number of pieces is no matter."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

from hypothesis import event, given, settings
from hypothesis import strategies as st
from tokentape.edges.server.by_aiohttp import AiohttpReader
from tokentape.edges.server.framing import ReceivedRequest, RequestBuffer
from tokentape.edges.server.head import Refused
from tokentape.pure.http.messages import Request

MAX_HEAD, MAX_BODY = 600, 60
PATIENCE = 20
"""Turns of the event loop that aiohttp may take for a request; it takes three."""

names = st.sampled_from(
    (
        "Host",
        "host",
        "Content-Type",
        "Content-Length",
        "Connection",
        "Transfer-Encoding",
        "Expect",
        "Upgrade",
        "TE",
        "X-A",
        "x_b!",
        "Stripe-Account",
        "",
        "Bad Name",
        "Naïve",
    )
)
values = st.one_of(
    st.sampled_from(("", "x", " keep-alive", "Keep-Alive", "close", "chunked", "100-continue"))
    | st.sampled_from(("0", "3", "03", "+3", "3 ", "\t3", "60", "61", "99999999999", "h2c", "3,3")),
    st.text(st.characters(max_codepoint=0x17F), max_size=12),
)
lines = st.tuples(names, st.sampled_from((": ", ":", " : ", ":\t")), values).map("".join)
targets = st.one_of(
    st.sampled_from(
        ("/v1/tokens", "/v1/tokens?a=b", "/", "*", "//x", "/_tokentape/x", "/a?", "/:")
    ),
    st.text(st.characters(max_codepoint=0x7F), max_size=9).map("/v1/".__add__),
)
chunk_ends = st.sampled_from((*[b"\r\n"] * 9, b"\n", b" \r\n", b";x=1\r\n", b"\r\n\r\n", b""))


@st.composite
def chunks(draw: st.DrawFn) -> bytes:
    """Draw bytes that look like a chunked body, and often are one."""
    pieces = draw(st.lists(st.binary(min_size=1, max_size=20), max_size=4))
    sizes = draw(st.sampled_from(("%x", "%X", "0%x", "%d", "0x%x", "+%x")) | st.just("%x"))
    raw = [
        (sizes % len(piece)).encode() + draw(chunk_ends) + piece + draw(chunk_ends)
        for piece in pieces
    ]
    trailer = draw(st.sampled_from((*[b""] * 6, b"X: 1\r\n", b"Content-Length: 3\r\n", b"a")))
    return b"".join(raw) + b"0" + draw(chunk_ends) + trailer + b"\r\n"


@st.composite
def requests(draw: st.DrawFn) -> bytes:
    """Draw bytes that look like a request, and often are one."""
    method = draw(st.sampled_from(("GET", "POST", "DELETE", "PUT", "get", "HEAD")))
    version = draw(st.sampled_from((*["HTTP/1.1"] * 4, "HTTP/1.0", "HTTP/2.0")))
    heads = draw(st.lists(lines, max_size=5))
    if draw(st.integers(0, 5)):
        heads.insert(0, "Host: x")
    if draw(st.booleans()):
        body = draw(chunks())
        heads.append("Transfer-Encoding: chunked")
    else:
        body = draw(st.binary(max_size=6) | st.just(b"a=b"))
        if draw(st.booleans()):
            heads.append(f"Content-Length: {len(body)}")
    end = draw(st.sampled_from((*["\r\n"] * 6, "\n", "\r")))
    head = end.join((f"{method} {draw(targets)} {version}", *heads, "", ""))
    return head.encode("latin-1", "replace") + body


class Unconnected(asyncio.Transport):
    """A transport to nowhere."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""

    def write(self, data: Any) -> None:
        self.written += data

    def is_closing(self) -> bool:
        return False

    def can_write_eof(self) -> bool:
        return True

    def close(self) -> None:
        """Go on."""

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """Go on."""

    def write_eof(self) -> None:
        """Go on."""

    def pause_reading(self) -> None:
        """Go on."""

    def resume_reading(self) -> None:
        """Go on."""


class Reading:
    """Has one request read by aiohttp; holds the outcome."""

    def __init__(self) -> None:
        self.outcome: list[Request | int | tuple[bool, bool]] = []

    def accept(self, received: ReceivedRequest, closing: bool) -> None:
        self.outcome += [received.request, (received.is_1_0, closing)]

    def reader(self, transport: asyncio.Transport) -> AiohttpReader:
        return AiohttpReader(transport, self.accept, self.refuse, self.fail)

    def refuse(self) -> None:
        self.outcome.append(400)

    def fail(self, error: BaseException | None) -> None:
        raise AssertionError(type(error))


async def read_by_aiohttp(received: ReceivedRequest) -> list[Request | int | tuple[bool, bool]]:
    reading, transport = Reading(), Unconnected()
    reader = reading.reader(transport)
    reader.read(received)
    for _ in range(PATIENCE):
        await asyncio.sleep(0)
    reader.connection_lost(None)
    outcome = list(reading.outcome)
    await asyncio.sleep(0)
    assert transport.written == b""
    return outcome


def cut(pieces: Iterable[bytes]) -> list[ReceivedRequest | int]:
    """Return the requests in bytes that come in pieces; last a status, if they are refused."""
    buffer = RequestBuffer(max_head=MAX_HEAD, max_body=MAX_BODY)
    seen: list[ReceivedRequest | int] = []
    try:
        for piece in pieces:
            buffer.add(piece)
            while received := buffer.cut():
                seen.append(received)
    except Refused as refused:
        seen.append(refused.response.status)
    return seen


def split(data: st.DataObject, whole: bytes) -> Sequence[bytes]:
    cuts = data.draw(st.lists(st.integers(0, len(whole)), max_size=3))
    return [whole[begin:end] for begin, end in pairwise(sorted({*cuts, 0, len(whole)}))]


@given(requests())
@settings(max_examples=300)
def test_what_the_fast_lane_reads_aiohttp_reads_the_same(raw: bytes) -> None:
    for received in cut([raw]):
        if isinstance(received, ReceivedRequest):
            event("plain" if received.plain else "not plain")
            outcome = asyncio.run(read_by_aiohttp(received))
            assert len(outcome) in (1, 2), "aiohttp decides, once"
            assert not received.plain or outcome == [received.request, (False, False)]


doubts = st.sampled_from(
    (
        b"Transfer-Encoding: gzip\r\n",
        b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
        b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n",
        b"Content-Length: 3\r\nContent-Length: 3\r\n",
        b"Content-Length: 3, 3\r\n",
        b"Content-Length: \xc2\xb3\r\n",
        b"Expect: nothing\r\n",
        b"Host: y\r\nHost: z\r\n",
    )
)


@given(requests(), doubts)
def test_a_request_whose_length_is_in_doubt_is_refused_before_anybody_reads_it(
    raw: bytes, doubt: bytes
) -> None:
    for received in cut([raw]):
        if isinstance(received, ReceivedRequest):
            first, _, rest = received.data.partition(b"\r\n")
            assert cut([first + b"\r\n" + doubt + rest]) in ([400], [417])


@given(st.lists(requests(), min_size=1, max_size=3).map(b"".join), st.data())
def test_pieces_are_no_matter(raw: bytes, data: st.DataObject) -> None:
    assert cut(split(data, raw)) == cut([raw]) == cut(raw[n : n + 1] for n in range(len(raw)))


def test_what_clients_send_is_plain() -> None:
    length, coding = b"Content-Length: 3\r\n\r\na=1", b"Transfer-Encoding: chunked\r\n\r\n"
    for method, rest in (
        (b"POST", length),
        (b"GET", b"\r\n"),
        (b"POST", coding + b"3\r\na=1\r\n0\r\n\r\n"),
    ):
        head = b" /v1/tokens HTTP/1.1\r\nHost: 127.0.0.1:12121\r\nConnection: keep-alive\r\n"
        (received,) = cut([method + head + rest])
        assert isinstance(received, ReceivedRequest)
        request = received.request
        assert received.plain
        assert (request.method, request.body) == (method.decode(), b"a=1" * (method == b"POST"))
