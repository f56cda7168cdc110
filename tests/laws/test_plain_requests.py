"""The fast way from bytes to requests reads what aiohttp's parser reads, or leaves it alone."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from itertools import pairwise

from hypothesis import event, given
from hypothesis import strategies as st
from tokentape.edges.server.plain import plain_head
from tokentape.edges.server.reader import Refused, RequestReader
from tokentape.pure.http.messages import Request

MAX_HEAD, MAX_BODY = 600, 60

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
        (
            "/v1/tokens",
            "/v1/tokens/tok_1",
            "/v1/tokens?a=b",
            "/v1/tokensx",
            "/",
            "*",
            "/_tokentape/x",
        )
    ),
    st.text(st.characters(max_codepoint=0x7F), max_size=9).map("/v1/tokens".__add__),
)


@st.composite
def requests(draw: st.DrawFn) -> bytes:
    """Draw bytes that look like a request, and often are one."""
    method = draw(st.sampled_from(("GET", "POST", "DELETE", "PUT", "get", "HEAD")))
    version = draw(st.sampled_from((*["HTTP/1.1"] * 4, "HTTP/1.0", "HTTP/2.0")))
    body = draw(st.binary(max_size=6) | st.just(b"a=b"))
    heads = draw(st.lists(lines, max_size=5))
    if draw(st.integers(0, 5)):
        heads.insert(0, "Host: x")
    if draw(st.booleans()):
        heads.append(f"Content-Length: {len(body)}")
    end = draw(st.sampled_from((*["\r\n"] * 6, "\n", "\r")))
    head = end.join((f"{method} {draw(targets)} {version}", *heads, "", ""))
    return head.encode("latin-1", "replace") + body


Seen = list[Request | int | None]


def read(reader: RequestReader, pieces: Sequence[bytes]) -> Seen:
    """Return what a reader makes of bytes that come in pieces, as a connection asks it."""
    seen: Seen = []
    try:
        for piece in pieces:
            request = reader.feed(piece)
            while request is not None:
                seen += [request, int(reader.may_go_on())]
                if not reader.may_go_on():
                    return seen
                reader.release()
                request = reader.feed(b"")
    except Refused as refused:
        seen.append(refused.response.status)
    return seen


async def both(pieces: Sequence[bytes]) -> tuple[Seen, Seen]:
    """Return what the reader makes of the pieces, and what it makes of them the slow way alone."""
    loop = asyncio.get_running_loop()
    fast, slow = (RequestReader(loop, max_head=MAX_HEAD, max_body=MAX_BODY) for _ in range(2))
    slow._plainly = False
    return read(fast, pieces), read(slow, pieces)


@given(st.lists(requests(), min_size=1, max_size=3), st.data())
def test_both_ways_read_the_same(stream: list[bytes], data: st.DataObject) -> None:
    whole = b"".join(stream)
    cuts = sorted({*data.draw(st.lists(st.integers(0, len(whole)), max_size=3)), 0, len(whole)})
    by_cuts = [whole[begin:end] for begin, end in pairwise(cuts)]
    event("plain" if plain_head(stream[0]) else "not plain")
    for pieces in (stream, by_cuts):
        fast, slow = asyncio.run(both(pieces))
        assert fast == slow


def test_what_clients_send_is_plain() -> None:
    for method, length in (("POST", 3), ("GET", 0)):
        head = (
            f"{method} /v1/tokens HTTP/1.1\r\nHost: 127.0.0.1:12121\r\nConnection: keep-alive\r\n"
        )
        whole = f"{head}Content-Length: {length}\r\n\r\n".encode()
        plain = plain_head(whole)
        assert plain is not None
        assert (plain.method, plain.body, plain.end) == (method, len(whole), len(whole) + length)
