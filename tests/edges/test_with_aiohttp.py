"""The network edges between aiohttp's own client and its own server: what people have at both ends.

Also what `by_aiohttp` does where aiohttp does not do what it should.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from aiohttp import TraceConfig, web
from aiohttp.test_utils import BaseTestServer, TestClient
from tokentape.edges.server import Answer, Handler, ServerOptions
from tokentape.edges.server.connection import Connection
from tokentape.edges.server.framing import ReceivedRequest
from tokentape.edges.upstream import HttpUpstream
from tokentape.errors import UpstreamFailure
from tokentape.pure.http.messages import Request, Response
from yarl import URL

from tests.laws.test_plain_requests import Reading, Unconnected
from tests.ports import port_of

GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


class OurServer(BaseTestServer):
    """The server under test, in the form that `aiohttp_client` takes."""

    def __init__(self, handler: Handler) -> None:
        super().__init__()
        self._handler = handler
        self.faults: list[str] = []

    async def start_server(self, loop: Any = None, **kwargs: Any) -> None:
        self._server = port_of(self._handler, self.faults.append)
        _, self.port = await self._server.start()

    async def close(self) -> None:
        await self._server.stop()

    def make_url(self, path: Any) -> URL:
        return URL(f"http://127.0.0.1:{self.port}{path}", encoded=True)

    async def _make_runner(self, **kwargs: Any) -> web.BaseRunner:
        raise NotImplementedError


@pytest.fixture
def connections() -> list[int]:
    """How many connections the client has opened."""
    return [0]


@pytest.fixture
async def client(
    aiohttp_client: Callable[..., Any], connections: list[int]
) -> AsyncIterator[TestClient[Any, Any]]:
    async def count(*_: object) -> None:
        connections[0] += 1

    tracing = TraceConfig()
    tracing.on_connection_create_end.append(count)
    server = OurServer(tell)
    yield await aiohttp_client(server, trace_configs=[tracing])
    assert server.faults == []


def tell(request: Request) -> Answer:
    """Answer with the method, and the body turned round behind a dot."""
    body = b"." + request.body[::-1]
    return Response(200, (("X-Method", request.method),), body), lambda _: None


async def pieces() -> AsyncIterator[bytes]:
    for piece in (b"one ", b"two ", b"three"):
        yield piece
        await asyncio.sleep(0.01)


class TestAClientOfAiohttp:
    async def test_is_answered_on_one_connection_whatever_lane_its_requests_take(
        self, client: TestClient[Any, Any], connections: list[int]
    ) -> None:
        for method, data, expect in (
            ("POST", b"a=1", False),
            ("HEAD", None, False),
            ("PUT", b"a=2", True),
            ("GET", None, False),
            ("POST", pieces(), False),
            ("DELETE", None, False),
        ):
            answer = await client.request(method, "/v1/tokens", data=data, expect100=expect)
            assert (answer.status, answer.headers["X-Method"]) == (200, method)
            assert "Connection" not in answer.headers
            body = await answer.read()
            if isinstance(data, bytes):
                assert body == b"." + data[::-1]
            elif data is not None:
                assert body == b".eerht owt eno"
        assert connections == [1]

    async def test_may_send_a_large_body_that_is_refused(
        self, client: TestClient[Any, Any]
    ) -> None:
        answer = await client.post("/v1/tokens", data=b"x" * 100_001)

        assert answer.status == 413
        assert (await answer.json())["error"]["code"] == "request_body_too_large"

    async def test_may_send_a_form(self, client: TestClient[Any, Any]) -> None:
        answer = await client.post("/v1/tokens", data={"card[name]": "ü"})

        assert (await answer.read())[::-1] == b"card%5Bname%5D=%C3%BC."


async def test_a_forwarder_of_both_edges_changes_nothing(
    aiohttp_client: Callable[[BaseTestServer], Any], aiohttp_raw_server: Callable[[Any], Any]
) -> None:
    async def answer(request: web.BaseRequest) -> web.Response:
        body = f"{request.method} {request.raw_path} {(await request.read()).decode()}"
        return web.Response(status=402, text=body, headers={"Request-Id": "req_1"})

    async def forward(request: Request) -> Answer:
        return await edge.send(request), lambda _: None

    server = await aiohttp_raw_server(answer)
    async with HttpUpstream(str(server.make_url("/")), timeout=5, max_body=1000) as edge:
        client = await aiohttp_client(OurServer(forward))
        for data in (b"a=%5B", pieces()):
            answered = await client.post("/v1/tokens?b=%2F", data=data)
            text = "a=%5B" if isinstance(data, bytes) else "one two three"
            assert (answered.status, answered.headers["Request-Id"]) == (402, "req_1")
            assert await answered.text() == f"POST /v1/tokens?b=%2F {text}"


async def test_nobody_listens_at_a_port_that_is_free(unused_tcp_port: int) -> None:
    async with HttpUpstream(f"http://127.0.0.1:{unused_tcp_port}", timeout=5, max_body=1) as edge:
        with pytest.raises(UpstreamFailure, match="no connection could be made with it"):
            await edge.send(Request("GET", "/"))


class Failing(Reading):
    def accept(self, received: ReceivedRequest, closing: bool) -> None:
        raise KeyError(received.request.target)

    def fail(self, error: BaseException | None) -> None:
        self.outcome.append(type(error).__name__)


def received(data: bytes, request: Request, *, is_1_0: bool = False) -> ReceivedRequest:
    return ReceivedRequest(data, request, plain=False, strict=True, is_1_0=is_1_0)


async def outcome(
    reading: Reading, data: bytes, request: Request, *, is_1_0: bool = False, turns: int = 20
) -> list[Any]:
    """Return the outcome for bytes that are passed off as this request."""
    reader = reading.reader(Unconnected())
    reader.read(received(data, request, is_1_0=is_1_0))
    for _ in range(turns):
        await asyncio.sleep(0)
    reader.connection_lost(None)
    await asyncio.sleep(0)
    return reading.outcome


class Silent:
    """A reader that never says what it has read."""

    def read(self, received: ReceivedRequest) -> None:
        pass


async def test_what_aiohttp_does_not_read_in_time_is_refused() -> None:
    options = ServerOptions(
        max_head=1000,
        max_body=1000,
        max_connections=1,
        request_timeout=0.0,
        idle_timeout=1.0,
        shutdown_timeout=1.0,
        on_fault=print,
    )
    connection = Connection(tell, options, lambda _: True, lambda _: None)
    transport = Unconnected()
    connection.connection_made(transport)
    connection._reader = Silent()  # type: ignore[assignment]
    connection.data_received(b"PUT / HTTP/1.1\r\nHost: x\r\n\r\n")
    assert transport.written == b""
    assert connection.due <= asyncio.get_running_loop().time()

    connection.expire()

    assert transport.written.startswith(b"HTTP/1.1 408 ")


REQUEST = Request("GET", "/", (("Host", "x"),))
POST = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\na=1"
POSTED = Request("POST", "/", (("Host", "x"), ("Content-Length", "3")), b"a=1")


class TestWhatAiohttpIsGiven:
    async def test_is_read_once(self) -> None:
        assert await outcome(Reading(), GET, REQUEST) == [REQUEST, (False, False)]
        assert await outcome(Reading(), POST, POSTED) == [POSTED, (False, False)]

    @pytest.mark.parametrize(
        "changes",
        [
            {"body": b"a="},
            {"method": "PUT"},
            {"target": "/v1"},
            {"headers": (("Host", "x"),)},
            {"headers": (("Host", "x"), ("Content-Length", "4"))},
        ],
        ids=["body", "method", "target", "headers", "a value"],
    )
    async def test_is_refused_where_aiohttp_reads_another_request(
        self, changes: dict[str, Any]
    ) -> None:
        assert await outcome(Reading(), POST, POSTED._replace(**changes)) == [400]

    async def test_is_refused_where_aiohttp_reads_another_version(self) -> None:
        assert await outcome(Reading(), GET, REQUEST, is_1_0=True) == [400]

    async def test_is_refused_where_aiohttp_comes_to_a_second_request(self) -> None:
        (*first, second) = await outcome(Reading(), GET + GET, REQUEST)

        assert len(first) == 2
        assert second == 400

    async def test_waits_where_aiohttp_wants_more(self) -> None:
        """Until the connection's deadline."""
        reading = Reading()
        reader = reading.reader(Unconnected())
        reader.read(received(POST.replace(b"3", b"9"), POSTED))
        for _ in range(20):
            await asyncio.sleep(0)
        assert reading.outcome == []
        reader.connection_lost(None)
        for _ in range(5):
            await asyncio.sleep(0)
        assert reading.outcome == [400]

    async def test_ends_the_connection_after_a_fault_of_ours(self) -> None:
        assert await outcome(Failing(), GET, REQUEST) == ["KeyError"]
