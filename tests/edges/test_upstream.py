"""The upstream edge against real sockets: honest servers, lying ones, and none at all."""

from __future__ import annotations

import asyncio
import gzip
import logging
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from tokentape.edges.upstream import HttpUpstream
from tokentape.errors import UpstreamFailure
from tokentape.pure.http.messages import Request, Response

from tests.certificates import certificate, needs_openssl, server_context
from tests.network_proxy import NetworkProxy
from tests.ports import port_of

SECRET = "4242" + "424242424241"
GET = Request("GET", f"/v1/tokens/{SECRET}")
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def listening(talk: Talk, tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    talks = []

    async def tracked(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talks.append(asyncio.current_task())
        try:
            await talk(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(tracked, "127.0.0.1", 0, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await asyncio.gather(*talks)


async def read_request(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(
        (int(line[16:]) for line in head.split(b"\r\n") if line.startswith(b"Content-Length: ")), 0
    )
    return head + await reader.readexactly(length)


def saying(answer: bytes, seen: list[bytes] | None = None, *, hold: bool = False) -> Talk:
    """Answer each request with these bytes; then close, or hold the connection."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            request = await read_request(reader)
            if seen is not None:
                seen.append(request)
            writer.write(answer)
            await writer.drain()
            if not hold:
                break

    return talk


async def sent(request: Request, answer: bytes = OK) -> tuple[bytes, int]:
    """Return what a server sees of a request, and its port."""
    seen: list[bytes] = []
    async with listening(saying(answer, seen)) as port, upstream(port) as edge:
        await edge.send(request)
    return seen[0], port


async def answered(answer: bytes, method: str = "GET") -> Response:
    async with listening(saying(answer)) as port, upstream(port) as edge:
        return await edge.send(Request(method, "/v1/tokens"))


async def failed(edge: HttpUpstream, request: Request = GET) -> tuple[int, str]:
    async with edge:
        with pytest.raises(UpstreamFailure) as failure:
            await edge.send(request)
    return failure.value.status, failure.value.reason


def upstream(port: int, *, timeout: float = 10, max_body: int = 1_000_000) -> HttpUpstream:
    return HttpUpstream(f"http://127.0.0.1:{port}", timeout=timeout, max_body=max_body)


@pytest.fixture(autouse=True)
def nothing_is_logged(caplog: pytest.LogCaptureFixture) -> AsyncIterator[None]:
    caplog.set_level(logging.DEBUG)
    logging.getLogger("asyncio").setLevel(logging.INFO)
    yield
    assert caplog.get_records("call") == []


class TestTheRequest:
    async def test_goes_on_as_it_came_but_for_a_second_spelling(self) -> None:
        target = "/v1/tokens//a/../b/%2F%5b?card[name]=a+b%20c&x=%5B&&y={|}&q=é".replace("é", "%e9")
        request = Request(
            "POST",
            target,
            (
                ("Host", "127.0.0.1:12121"),
                ("authorization", "Bearer sk"),
                ("X-Twice", "1"),
                ("Content-Length", "7"),
                ("X-Other", "ü, \t2"),
                ("x-twice", "2"),
            ),
            b"a=\x00\xff&b",
        )

        raw, port = await sent(request)

        head, _, body = raw.partition(b"\r\n\r\n")
        lines = head.decode().split("\r\n")
        assert lines[0] == f"POST {target} HTTP/1.1"
        assert lines[1] == f"Host: 127.0.0.1:{port}"
        assert lines[2:6] == [
            "authorization: Bearer sk",
            "X-Twice: 1",
            "X-Other: ü, \t2",
            "X-Twice: 2",  # aiohttp would drop the first of two spellings
        ]
        assert lines[6].startswith("Via: 1.1 tokentape-")
        assert lines[7:] == ["Content-Length: 6"]
        assert body == b"a=\x00\xff&b"

    async def test_loses_what_belongs_to_the_other_hop(self) -> None:
        named = ("Connection", "x-mine, close")
        others = ("Keep-Alive", "TE", "Trailer", "Transfer-Encoding", "Upgrade", "Expect", "X-Mine")
        others += ("Proxy-Authorization", "Proxy-Connection")
        headers = (named, *((name, "chunked") for name in others), ("X-Kept", "1"))

        raw, _ = await sent(Request("POST", "/", headers, b"a=1"))

        names = [line.partition(b":")[0] for line in raw.split(b"\r\n")[1:] if b":" in line]
        assert names == [b"Host", b"X-Kept", b"Via", b"Content-Length"]

    async def test_has_no_length_without_a_body_unless_the_method_means_one(self) -> None:
        get, _ = await sent(Request("GET", "/"))
        post, _ = await sent(Request("POST", "/"))

        assert b"Content-Length" not in get
        assert b"Content-Length: 0\r\n" in post

    async def test_may_be_large(self) -> None:
        body = b"x" * 1_500_000

        raw, _ = await sent(Request("POST", "/", (("X", "1"),), body))

        assert raw.endswith(b"\r\n\r\n" + body)
        assert b"Content-Type" not in raw

    @pytest.mark.parametrize(
        ("codings", "passed"),
        [
            (["gzip, deflate, br, zstd"], "gzip, deflate"),
            (["br", "GZIP;q=0.5, *"], "GZIP;q=0.5"),
            (["br"], "identity"),
            (["identity"], "identity"),
            ([], None),
        ],
    )
    async def test_asks_for_codings_that_can_be_decoded(
        self, codings: list[str], passed: str | None
    ) -> None:
        headers = tuple(("Accept-Encoding", value) for value in codings)

        raw, _ = await sent(Request("GET", "/", headers))

        lines = [line.decode() for line in raw.split(b"\r\n") if line.startswith(b"Accept")]
        assert lines == ([f"Accept-Encoding: {passed}"] if passed else [])

    async def test_goes_under_the_base_urls_path(self) -> None:
        seen: list[bytes] = []
        async with listening(saying(OK, seen)) as port:
            base = f"http://127.0.0.1:{port}/stripe/"
            async with HttpUpstream(base, timeout=10, max_body=100) as edge:
                await edge.send(Request("GET", "/v1/tokens/tok_1"))

        assert seen[0].startswith(b"GET /stripe/v1/tokens/tok_1 HTTP/1.1\r\n")

    async def test_takes_no_proxy_from_the_environment(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
        monkeypatch.setenv("no_proxy", "")

        raw, _ = await sent(Request("GET", "/"))

        assert raw.startswith(b"GET / HTTP/1.1\r\n")

    async def test_with_bytes_that_http_forbids_is_not_sent(self) -> None:
        forged = Request("GET", "/", (("X", f"{SECRET}\r\nEvil: 1"),))
        async with listening(saying(OK)) as port:
            assert await failed(upstream(port), forged) == (
                502,
                "the request cannot be sent on over HTTP/1.1",
            )


class TestTheAnswer:
    async def test_comes_back_as_it_came(self) -> None:
        body = gzip.compress(b"{}")
        answer = await answered(
            b"HTTP/1.1 402 Whatever\r\nserver: nginx\r\nX-Twice: 1\r\nContent-Encoding: gzip\r\n"
            b"Request-Id: \xfcreq\r\nx-twice: 2\r\nConnection: x-mine\r\nX-Mine: 3\r\n"
            b"Content-Length: %d\r\n\r\n" % len(body) + body
        )

        assert answer == Response(
            402,
            (
                ("server", "nginx"),
                ("X-Twice", "1"),
                ("Content-Encoding", "gzip"),
                ("Request-Id", "\udcfcreq"),
                ("x-twice", "2"),
                ("Content-Length", str(len(body))),
            ),
            body,
        )

    @pytest.mark.parametrize(
        "framed",
        [
            b"Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-Trailer: 1\r\n\r\n",
            b"Connection: close\r\n\r\nok",
        ],
    )
    async def test_may_be_framed_in_any_way(self, framed: bytes) -> None:
        answer = await answered(b"HTTP/1.1 200 OK\r\n" + framed)

        assert answer.body == b"ok"
        assert answer.header("transfer-encoding") is None

    async def test_to_head_has_no_body(self) -> None:
        answer = await answered(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n", "HEAD")

        assert answer.body == b""

    async def test_that_redirects_is_passed_on(self) -> None:
        answer = await answered(
            b"HTTP/1.1 307 T\r\nLocation: http://127.0.0.1:9/\r\nContent-Length: 0\r\n\r\n"
        )

        assert (answer.status, answer.header("location")) == (307, "http://127.0.0.1:9/")

    async def test_sets_no_cookies(self) -> None:
        seen: list[bytes] = []
        setting = (
            b"HTTP/1.1 200 OK\r\nSet-Cookie: sid=1; Path=/\r\nSet-Cookie: b\xc3\xa4d=%b\r\n"
            b"Set-Cookie: %b,=1\r\nSet-Cookie: %b(=1\r\nContent-Length: 0\r\n\r\n"
            % ((SECRET.encode(),) * 3)
        )
        async with listening(saying(setting, seen, hold=True)) as port, upstream(port) as edge:
            answer = await edge.send(Request("GET", "/"))
            await edge.send(Request("GET", "/", (("Cookie", "mine=1"),)))

        assert answer.header("set-cookie") == "sid=1; Path=/"
        assert b"\r\nCookie: mine=1\r\n" in seen[1]
        assert b"sid" not in seen[1]


BROKEN = {
    "says nothing": (b"", "it closed the connection before it answered"),
    "half a head": (b"HTTP/1.1 200 OK\r\nX:", "it closed the connection before it answered"),
    "claims more than it sends": (
        b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n%b",
        "its answer broke off",
    ),
    "sends more than it claims": (
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok%b",
        "its answer is not HTTP that can be read",
    ),
    "stops within a chunk": (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n%b",
        "its answer broke off",
    ),
    "is no HTTP": (b"%b\r\n\r\n", "its answer is not HTTP that can be read"),
    "has a bad status": (b"HTTP/1.1 %b OK\r\n\r\n", "its answer is not HTTP that can be read"),
    "has no end of head": (
        b"HTTP/1.1 200 OK\r\nX: %b" + b"x" * 100_000,
        "its answer is not HTTP that can be read",
    ),
    "has a control character in a header": (
        b"HTTP/1.1 200 OK\r\nX: %b\x01\r\nContent-Length: 0\r\n\r\n",
        "its answer has a header that may not be passed on",
    ),
    "is before the first that HTTP has": (
        b"HTTP/1.1 099 %b\r\nContent-Length: 0\r\n\r\n",
        "its answer is not final",
    ),
    "switches protocols": (
        b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n%b",
        "its answer is not final",
    ),
    "is too large": (
        b"HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n" + b"x" * 9000,
        "its answer is larger than tokentape takes",
    ),
}


class TestFailures:
    @pytest.mark.parametrize(("raw", "reason"), BROKEN.values(), ids=BROKEN)
    async def test_an_answer_that_is_not_whole_or_not_http(self, raw: bytes, reason: str) -> None:
        async with listening(saying(raw.replace(b"%b", SECRET.encode()))) as port:
            assert await failed(upstream(port, max_body=1000)) == (502, reason)

    @pytest.mark.parametrize("early", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx"])
    async def test_an_answer_that_never_ends(self, early: bytes) -> None:
        async with listening(saying(early, hold=True)) as port:
            assert await failed(upstream(port, timeout=0.2)) == (504, "it did not answer in time")

    async def test_a_bad_chunk_ends_in_a_failure(self) -> None:
        """aiohttp 3.14 does not tell the reader of the body, so the failure takes the timeout."""

        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await read_request(reader)
            writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n")
            await writer.drain()
            await asyncio.sleep(0.05)
            writer.write(SECRET.encode() + b"zz\r\n")

        async with listening(talk) as port:
            status, reason = await failed(upstream(port, timeout=0.3))

        assert status in (502, 504)
        assert reason in ("its answer broke off", "it did not answer in time")

    async def test_nobody_listens(self) -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            edge = upstream(taken.getsockname()[1])
            assert await failed(edge) == (502, "no connection could be made with it")

    async def test_the_host_does_not_exist(self) -> None:
        edge = HttpUpstream("http://tokentape.invalid", timeout=10, max_body=1)
        assert await failed(edge) == (502, "its host name is not known")

    async def test_the_upstream_speaks_no_tls(self) -> None:
        async def talk(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        async with listening(talk) as port:
            edge = HttpUpstream(f"https://127.0.0.1:{port}", timeout=10, max_body=1)
            assert await failed(edge) == (502, "no TLS connection could be made with it")

    @needs_openssl
    async def test_the_certificate_is_not_trusted(self, tmp_path: Path) -> None:
        async with listening(saying(OK), server_context(certificate(tmp_path))) as port:
            edge = HttpUpstream(f"https://localhost:{port}", timeout=10, max_body=1)
            status, reason = await failed(edge)
        assert status == 502
        assert reason.startswith("its TLS certificate is not trusted; SSL_CERT_FILE may name")

    async def test_the_upstream_points_back_at_the_proxy(self) -> None:
        hops = []

        async def forward(request: Request) -> tuple[Response, Callable[[bool], None]]:
            hops.append(request)
            try:
                return await edge.send(request), lambda _: None
            except UpstreamFailure as failure:
                return Response(failure.status, (), failure.reason.encode()), lambda _: None

        server = port_of(forward)
        _, port = await server.start()
        async with upstream(port) as edge:
            answer = await edge.send(Request("GET", "/"))
        await server.stop()

        assert answer.body == b"its address leads back to tokentape itself"
        assert len(hops) == 1


class TestThroughAProxy:
    """A proxy of the network between this machine and the upstream."""

    async def test_requests_without_tls_carry_the_password_each(self) -> None:
        seen: list[bytes] = []
        async with listening(saying(OK, seen)) as port, through(port, "http://u.example") as edge:
            for _ in range(2):
                assert (await edge.send(GET)).body == b"ok"
        assert len(seen) == 2
        for request in seen:
            assert request.startswith(b"GET http://u.example" + GET.target.encode())
            assert b"\r\nProxy-Authorization: Basic YTpi\r\n" in request

    @needs_openssl
    async def test_tls_goes_through_a_tunnel(self, tmp_path: Path) -> None:
        tls = server_context(certificate(tmp_path))
        async with listening(saying(OK), tls) as port:
            with NetworkProxy({"u.example:443": ("127.0.0.1", port)}) as proxy:
                edge = through(int(proxy.address.rpartition(":")[2]), "https://u.example")
                status, reason = await failed(edge)
        assert (status, "its TLS certificate is not trusted" in reason) == (502, True)
        (head,) = proxy.heads
        assert head.startswith("CONNECT u.example:443 ")
        assert "\r\nProxy-Authorization: Basic YTpi\r\n" in head

    async def test_it_refuses(self) -> None:
        refusal = b"HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n"
        async with listening(saying(refusal)) as port:
            failure = await failed(through(port, "https://u.example"))
        reason = "the proxy refuses to connect to it (tried through the network's proxy)"
        assert failure == (502, reason)

    async def test_nobody_listens(self) -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            edge = through(taken.getsockname()[1], "https://u.example")
            assert "the network's proxy" in (await failed(edge))[1]


def through(port: int, base: str) -> HttpUpstream:
    return HttpUpstream(base, timeout=10, max_body=1000, proxy=f"http://a:b@127.0.0.1:{port}")


class TestConnections:
    """A connection that the upstream closes just as a request goes out on it."""

    async def counted(self, method: str) -> tuple[list[bytes], int | None]:
        seen: list[bytes] = []
        connections = 0

        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal connections
            connections += 1
            seen.append(await read_request(reader))
            writer.write(OK)
            if connections == 1:
                seen.append(await read_request(reader))
            writer.close()

        async with listening(talk) as port, upstream(port) as edge:
            await edge.send(Request("GET", "/first"))
            try:
                answer = await edge.send(Request(method, "/second", (), b"a=1"))
            except UpstreamFailure:
                return seen, None
            return seen, answer.status

    async def test_a_post_is_sent_once(self) -> None:
        seen, status = await self.counted("POST")

        assert status is None
        assert [raw.split(b" ")[1] for raw in seen] == [b"/first", b"/second"]

    async def test_an_idempotent_request_is_sent_again(self) -> None:
        seen, status = await self.counted("GET")

        assert status == 200
        assert [raw.split(b" ")[1] for raw in seen] == [b"/first", b"/second", b"/second"]

    async def test_are_not_used_again_while_they_send(self) -> None:
        ports = set()

        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            ports.add(writer.get_extra_info("peername"))
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n")
            await writer.drain()
            await reader.read(1)  # and no more of the body
            await asyncio.sleep(0.2)

        async with listening(talk) as port, upstream(port) as edge:
            for _ in range(2):
                answer = await edge.send(Request("POST", "/", (), b"x" * 20_000_000))
                assert answer.status == 413

        assert len(ports) == 2

    @pytest.mark.parametrize(
        "late", [b"HTTP/1.1 408 Late\r\nContent-Length: 0\r\n\r\n", b"nonsense"]
    )
    async def test_are_not_used_again_after_an_answer_without_a_request(self, late: bytes) -> None:
        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await read_request(reader)
            writer.write(OK)
            await asyncio.sleep(0.05)
            writer.write(late)
            await writer.drain()
            await reader.read()

        async with listening(talk) as port, upstream(port) as edge:
            for _ in range(2):
                answer = await edge.send(Request("POST", "/"))
                assert answer.status == 200
                await asyncio.sleep(0.1)

    async def test_are_not_used_again_after_a_timeout(self) -> None:
        ports = []

        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            ports.append(writer.get_extra_info("peername"))
            await read_request(reader)
            if len(ports) > 1:
                writer.write(OK)
            await reader.read()

        async with listening(talk) as port, upstream(port, timeout=0.2) as edge:
            with pytest.raises(UpstreamFailure):
                await edge.send(Request("GET", "/"))
            assert (await edge.send(Request("GET", "/"))).status == 200

        assert len(set(ports)) == 2

    async def test_stay_open_for_the_next_request(self) -> None:
        ports = set()

        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            ports.add(writer.get_extra_info("peername"))
            await saying(OK, hold=True)(reader, writer)

        async with listening(talk) as port, upstream(port) as edge:
            for _ in range(3):
                await edge.send(Request("POST", "/"))

        assert len(ports) == 1
