"""Pins what the server relies on in aiohttp's undocumented parser, in C and in Python.

When a new aiohttp fails here, read what changed in `aiohttp/_http_parser.pyx`, `http_parser.py` and
`streams.py`, mend `proxy/edges/server/aiohttp_private.py`, and only then widen the pin.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator

import pytest
from aiohttp import http_parser
from tokentape.edges.server import aiohttp_private
from tokentape.edges.server.aiohttp_private import HeadTooLong, RequestParser, Unparsable

GET = b"GET /a HTTP/1.1\r\nHost: x\r\n\r\n"
POST = b"POST /a HTTP/1.1\r\nHost: x\r\n"
SECRET = b"4242" + b"424242424241"


@pytest.fixture(params=["HttpRequestParserC", "HttpRequestParserPy"])
async def parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> RequestParser:
    monkeypatch.setattr(aiohttp_private, "HttpRequestParser", getattr(http_parser, request.param))
    return RequestParser(asyncio.get_running_loop(), max_line=1000, buffer=1000)


@pytest.fixture(autouse=True)
def nothing_is_logged(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    caplog.set_level(logging.DEBUG)
    yield
    records = caplog.get_records("call")
    assert [record for record in records if record.name.startswith("aiohttp")] == []


def test_the_fast_parser_is_the_one_in_use() -> None:
    assert aiohttp_private.HttpRequestParser is http_parser.HttpRequestParserC


async def test_a_head_has_all_lines_in_order_as_they_came(parser: RequestParser) -> None:
    head = parser.feed(b"GET /%2fa?b=[] HTTP/1.0\r\nx-b:  1 \r\nX-A: \xff\r\nX-B:2\r\n\r\n")

    assert head is not None
    assert (head.method, head.target, head.version) == ("GET", "/%2fa?b=[]", (1, 0))
    assert head.lines == ((b"x-b", b"1"), (b"X-A", b"\xff"), (b"X-B", b"2"))
    assert head.fields.getall("X-b") == ["1", "2"]
    assert (head.closing, head.chunked, head.upgrade) == (True, False, False)
    assert parser.body() == b""


@pytest.mark.parametrize(
    "framed",
    [
        b"Content-Length: 5\r\n\r\nhello",
        b"Transfer-Encoding: chunked\r\n\r\n2;x=y\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n",
    ],
)
async def test_a_body_is_whole_or_none(parser: RequestParser, framed: bytes) -> None:
    data = POST + b"Content-Encoding: gzip\r\n" + framed
    heads = [parser.feed(data[index : index + 1]) for index in range(len(data) - 1)]

    assert len([head for head in heads if head]) == 1
    assert parser.body() is None
    parser.feed(data[-1:])
    assert parser.body() == b"hello"
    assert parser.received == 5


async def test_what_follows_waits_for_release(parser: RequestParser) -> None:
    first = parser.feed(GET + GET.replace(b"/a", b"/b") + b"GET /c")
    parser.release()
    second = parser.feed(b"")
    parser.release()
    third = parser.feed(b"")

    assert [head.target for head in (first, second) if head] == ["/a", "/b"]
    assert third is None
    last = parser.feed(b" HTTP/1.1\r\nHost: x\r\n\r\n")
    assert last is not None
    assert last.target == "/c"


async def test_lines_beyond_the_limit_are_told_from_nonsense(parser: RequestParser) -> None:
    with pytest.raises(HeadTooLong):
        parser.feed(b"GET / HTTP/1.1\r\nX: " + b"x" * 1100 + b"\r\n")


@pytest.mark.parametrize(
    "nonsense",
    [
        b"%b\r\n\r\n",
        b"GET / HTTP/1.1\r\n%b\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nX: a\0%b\r\n\r\n",
        POST + b"Content-Length: %b\r\nTransfer-Encoding: chunked\r\n\r\n",
        POST + b"Transfer-Encoding: chunked\r\n\r\n%bzz\r\n",
    ],
)
async def test_errors_quote_nothing(parser: RequestParser, nonsense: bytes) -> None:
    with pytest.raises(Unparsable) as error:
        parser.feed(nonsense % SECRET)

    assert error.value.args == ()
    assert error.value.__suppress_context__


async def test_a_chunk_gone_wrong_is_told_even_when_it_comes_late(parser: RequestParser) -> None:
    parser.feed(POST + b"Transfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n")

    with pytest.raises(Unparsable):
        parser.feed(b"zz\r\n")


@pytest.mark.parametrize(
    "body",
    [
        b"Content-Length: 5000\r\n\r\n" + b"x" * 5000,
        b"Transfer-Encoding: chunked\r\n\r\n" + b"1\r\nx\r\n" * 900,
    ],
)
async def test_the_brake_tells_of_large_bodies_and_of_many_chunks(
    parser: RequestParser, body: bytes
) -> None:
    parser.feed(POST + body)

    assert parser.overfull


@pytest.mark.parametrize(
    "lenient",
    [
        b"GET http://x/ HTTP/1.1\r\nHost: x\r\n\r\n",
        b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /a#b HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/2.0\r\nHost: x\r\n\r\n",
        b"TRACE / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    ],
)
async def test_leniencies_that_the_reader_makes_up_for(
    parser: RequestParser, lenient: bytes
) -> None:
    """Should one of these no longer come through, its check may go."""
    assert parser.feed(lenient) is not None


async def test_only_the_c_parser_takes_trailers_for_headers_of_the_next_request() -> None:
    """Why a connection ends after trailers (`RequestReader.may_go_on`)."""
    parser = RequestParser(asyncio.get_running_loop(), max_line=1000, buffer=1000)
    parser.feed(POST + b"Transfer-Encoding: chunked\r\n\r\n0\r\nX-Trailer: 1\r\n\r\n" + GET)
    parser.release()

    head = parser.feed(b"")

    assert head is not None
    assert head.lines == ((b"X-Trailer", b"1"), (b"Host", b"x"))
