"""The server edge over real sockets, on both lanes, under asyncio and uvloop, for handlers that
answer at once or later. A hostile client may send anything: no secret comes back or is logged, and
the next good request is served.
"""

from __future__ import annotations

import asyncio
import json
import logging
import queue
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import pytest
import uvloop
from hypothesis import given, settings
from hypothesis import strategies as st
from tokentape.edges.server import (
    Answer,
    Handler,
    Memory,
    Server,
    ServerOptions,
    loop_exception_handler,
)
from tokentape.edges.server.framing import RequestBuffer
from tokentape.errors import ConfigurationError
from tokentape.pure.http.messages import Headers, Request, Response

SECRET = b"4242" + b"424242424241"
GET = b"GET /v1/tokens HTTP/1.1\r\nHost: x\r\n\r\n"
LAST_GET = b"GET /v1/tokens HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
POST = b"POST /v1/tokens HTTP/1.1\r\nHost: x\r\n"
OPTIONS: dict[str, Any] = {
    "max_head": 10_000,
    "max_body": 100_000,
    "max_connections": 50,
    "request_timeout": 10.0,
    "shutdown_timeout": 5.0,
}


HOST = b"Host: x\r\n"
NOT_PLAIN = HOST + b"X-Lane: \xc3\xa9\r\n"


class Client(socket.socket):
    """A client whose requests take one of the lanes: a header in UTF-8 is not plain."""

    host = HOST

    def sendall(self, data: bytes) -> None:
        super().sendall(self.on_lane(data))

    def on_lane(self, data: bytes) -> bytes:
        return data.replace(HOST, self.host)


class SlowClient(Client):
    """A client whose requests take aiohttp's lane."""

    host = NOT_PLAIN


class Reply(NamedTuple):
    status: int
    reason: str
    headers: Headers
    body: bytes

    def header(self, name: str) -> str | None:
        return Response(self.status, self.headers).header(name)


@dataclass
class Serving:
    """A server on a thread of its own, so that plain blocking sockets can be its clients."""

    handler: Handler
    loop_factory: Callable[[], asyncio.AbstractEventLoop]
    options: dict[str, Any]
    client: type[Client]
    faults: list[str] = field(default_factory=list)
    port: int = 0
    loop: asyncio.AbstractEventLoop | None = None

    async def _serve(self, started: threading.Event) -> None:
        self.loop = asyncio.get_running_loop()
        self.loop.set_exception_handler(loop_exception_handler(self.faults.append))
        self.stopping = asyncio.Event()
        options = ServerOptions(on_fault=self.faults.append, **self.options)
        server = Server(self.handler, "127.0.0.1", 0, options)
        _, self.port = await server.start()
        started.set()
        await self.stopping.wait()
        await server.stop()

    def run(self, started: threading.Event) -> None:
        with asyncio.Runner(loop_factory=self.loop_factory) as runner:
            runner.run(self._serve(started))

    def stop(self) -> None:
        assert self.loop is not None
        if not self.loop.is_closed():
            self.loop.call_soon_threadsafe(self.stopping.set)

    def connect(self) -> Client:
        client = self.client()
        client.settimeout(10)
        client.connect(("127.0.0.1", self.port))
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return client

    def exchange(self, data: bytes, *, end: bool = True) -> bytes:
        """Send bytes, say that no more come, and read until the server closes."""
        with self.connect() as client:
            client.sendall(data)
            if end:
                client.shutdown(socket.SHUT_WR)
            return read_all(client)


Serve = Callable[..., Any]


@pytest.fixture(params=[Client, SlowClient], ids=["fast", "aiohttp"])
def lane(request: pytest.FixtureRequest) -> type[Client]:
    return request.param


@pytest.fixture(params=[asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def serve(request: pytest.FixtureRequest, lane: type[Client]) -> Serve:
    @contextmanager
    def start(handler: Handler, **options: Any) -> Iterator[Serving]:
        serving = Serving(
            handler, request.param, {**OPTIONS, "memory": Memory(100), **options}, lane
        )
        started = threading.Event()
        thread = threading.Thread(target=serving.run, args=(started,))
        thread.start()
        try:
            assert started.wait(10)
            yield serving
        finally:
            serving.stop()
            thread.join(10)
            assert not thread.is_alive()

    return start


@pytest.fixture(params=["at once", "later"])
def answering(request: pytest.FixtureRequest) -> Callable[[Callable[[Request], Answer]], Handler]:
    def answered(handler: Callable[[Request], Answer]) -> Handler:
        async def later(request: Request) -> Answer:
            await asyncio.sleep(0)
            return handler(request)

        return handler if request.param == "at once" else later

    return answered


@pytest.fixture(autouse=True)
def nothing_is_logged(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    caplog.set_level(logging.DEBUG)
    yield
    lines = [record.getMessage() for record in caplog.get_records("call")]
    assert [line for line in lines if not line.startswith("Using selector: ")] == []


def read_all(client: socket.socket) -> bytes:
    blocks = []
    while block := client.recv(65536):
        blocks.append(block)
    return b"".join(blocks)


def read_reply(client: socket.socket) -> Reply:
    raw = b""
    while not (replies := split(raw)):
        block = client.recv(65536)
        assert block, "the server closed early"
        raw += block
    return replies[0]


def split(raw: bytes) -> list[Reply]:
    """Take answers apart; one that is not whole is left out."""
    answers = []
    while b"\r\n\r\n" in raw:
        head, _, raw = raw.partition(b"\r\n\r\n")
        first, *lines = head.decode("utf-8", "surrogateescape").split("\r\n")
        _, status, reason = first.split(" ", 2)
        headers = tuple((name, value) for name, _, value in (x.partition(": ") for x in lines))
        length = int(Response(0, headers).header("content-length") or 0)
        if len(raw) < length:
            break
        answers.append(Reply(int(status), reason, headers, raw[:length]))
        raw = raw[length:]
    return answers


def nobody(_written: bool) -> None:
    pass


def echo(request: Request) -> Answer:
    headers = [line for line in request.headers if line[0] != "X-Lane"]
    seen = [request.method, request.target, headers, request.body.decode("latin-1")]
    return Response(200, (), json.dumps(seen).encode()), nobody


def fixed(response: Response) -> Handler:
    return lambda _request: (response, nobody)


OK = fixed(Response(200, (("Content-Type", "application/json"),), b"{}"))


def test_the_lanes_are_those_that_the_names_of_these_tests_say() -> None:
    for host, plain in ((HOST, True), (NOT_PLAIN, False)):
        buffer = RequestBuffer(max_head=1000, max_body=1000)
        buffer.add(GET.replace(HOST, host))
        received = buffer.cut()
        assert received
        assert received.plain == plain


class TestRequests:
    @pytest.mark.parametrize(
        ("raw", "method", "target", "body"),
        [
            (b"GET /v1/tokens? HTTP/1.1\r\nHost: x\r\n\r\n", "GET", "/v1/tokens?", ""),
            (
                b"DELETE //a/../%2fb%5b?c[d]=e+f%20g&& HTTP/1.1\r\nHost: x\r\n\r\n",
                "DELETE",
                "//a/../%2fb%5b?c[d]=e+f%20g&&",
                "",
            ),
            (POST + b"Content-Length: 5\r\n\r\na=\x00\xff\n", "POST", "/v1/tokens", "a=\x00\xff\n"),
            (
                POST + b"Transfer-Encoding: Chunked\r\n\r\n2;x=1\r\na=\r\n1\r\nb\r\n0\r\n\r\n",
                "POST",
                "/v1/tokens",
                "a=b",
            ),
            (
                POST + b"Content-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc",
                "POST",
                "/v1/tokens",
                "abc",
            ),
            (b"GET / HTTP/1.0\r\n\r\n", "GET", "/", ""),
        ],
    )
    def test_arrive_as_they_were_sent(
        self, serve: Serve, answering: Any, raw: bytes, method: str, target: str, body: str
    ) -> None:
        with serve(answering(echo)) as serving:
            (reply,) = split(serving.exchange(raw))

        seen = json.loads(reply.body)
        assert [seen[0], seen[1], seen[3]] == [method, target, body]

    def test_have_all_header_lines_in_order(self, serve: Serve) -> None:
        lines = b"x-b:  1 \r\nX-A: \xc3\xbc\r\nX-B:2\r\nx-empty:\r\n"
        with serve(echo) as serving:
            (reply,) = split(serving.exchange(b"GET / HTTP/1.1\r\nHost: x\r\n" + lines + b"\r\n"))

        assert json.loads(reply.body)[2] == [
            ["Host", "x"],
            ["x-b", "1"],
            ["X-A", "ü"],
            ["X-B", "2"],
            ["x-empty", ""],
        ]

    def test_follow_each_other_on_one_connection(self, serve: Serve, answering: Any) -> None:
        with serve(answering(echo)) as serving, serving.connect() as client:
            for index in range(3):
                body = b"n=%d" % index
                client.sendall(POST + b"Content-Length: 3\r\n\r\n" + body)
                assert json.loads(read_reply(client).body)[3] == body.decode()

    def test_may_be_sent_before_the_last_answer(self, serve: Serve, answering: Any) -> None:
        requests = [b"GET /%d HTTP/1.1\r\nHost: x\r\n\r\n" % index for index in range(500)]
        chunked = POST + b"Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n"
        with serve(answering(echo)) as serving:
            replies = split(serving.exchange(b"".join(requests) + chunked + LAST_GET))

        targets = [json.loads(answer.body)[1] for answer in replies]
        assert targets == [*(f"/{number}" for number in range(500)), "/v1/tokens", "/v1/tokens"]
        assert [replies[500].header("connection"), replies[501].header("connection")] == [
            None,
            "close",
        ]

    def test_may_be_chunked_one_after_another(self, serve: Serve) -> None:
        """stripe-go sends all its POSTs like this."""
        chunked = POST + b"Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n"
        with serve(echo) as serving, serving.connect() as client:
            for _ in range(2):
                client.sendall(chunked)
                assert read_reply(client).header("connection") is None

    def test_with_trailers_end_the_connection_without_them(self, serve: Serve) -> None:
        trailers = b"1\r\na\r\n0\r\nX-Trailer: %b\r\n\r\n" % SECRET
        with serve(echo) as serving:
            (reply,) = split(
                serving.exchange(POST + b"Transfer-Encoding: chunked\r\n\r\n" + trailers + GET)
            )

        assert reply.header("connection") == "close"
        assert SECRET not in reply.body

    def test_may_ask_before_they_send_a_body(self, serve: Serve, answering: Any) -> None:
        with serve(answering(echo)) as serving, serving.connect() as client:
            client.sendall(POST + b"Content-Length: 1\r\nExpect: 100-continue\r\n\r\n")
            assert client.recv(65536) == b"HTTP/1.1 100 Continue\r\n\r\n"
            client.sendall(b"a")
            assert json.loads(read_reply(client).body)[3] == "a"

    def test_that_ask_and_send_at_once_get_one_answer(self, serve: Serve, answering: Any) -> None:
        asking = b"Content-Length: 1\r\nExpect: 100-continue\r\n\r\na"
        with serve(answering(echo)) as serving:
            replies = split(serving.exchange(POST + asking))

        assert [reply.status for reply in replies] == [200]

    def test_may_follow_empty_lines(self, serve: Serve) -> None:
        with serve(OK) as serving, serving.connect() as client:
            for lines in (b"\r\n\r\n", b"\r", b"\n"):
                client.sendall(lines)
                time.sleep(0.02)
            client.sendall(b"\r\n" + GET)
            assert read_reply(client).status == 200

    def test_that_offer_an_upgrade_are_answered_in_http_1(self, serve: Serve) -> None:
        offer = b"Connection: upgrade\r\nUpgrade: websocket\r\n\r\n"
        with serve(echo) as serving:
            (reply,) = split(serving.exchange(b"GET / HTTP/1.1\r\nHost: x\r\n" + offer + GET))

        assert (reply.status, reply.header("connection")) == (200, "close")

    @given(data=st.data())
    @settings(max_examples=50, deadline=None, database=None)
    def test_may_come_in_pieces(self, data: st.DataObject) -> None:
        raw = POST + b"X: 1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\na=b\r\n0\r\n\r\n" + GET
        cuts = sorted(data.draw(st.sets(st.integers(0, len(raw)))))
        buffer = RequestBuffer(max_head=1000, max_body=1000)
        bodies = []
        for start, stop in zip([0, *cuts], [*cuts, len(raw)], strict=True):
            buffer.add(raw[start:stop])
            while received := buffer.cut():
                bodies.append(received.request.body)

        assert bodies == [b"a=b", b""]


class TestAnswers:
    def test_go_out_as_they_are_with_our_own_framing(self, serve: Serve) -> None:
        headers = (
            ("request-id", "req_1"),
            ("X-Twice", "1"),
            ("Content-Encoding", "gzip"),
            ("x-twice", "\udcfc"),
            ("Content-Length", "999"),
            ("Transfer-Encoding", "chunked"),
            ("Connection", "close"),
            ("Server", "nginx"),
            ("Date", "Mon, 13 Oct 2025 18:36:19 GMT"),
        )
        with serve(fixed(Response(402, headers, b"body"))) as serving, serving.connect() as client:
            client.sendall(GET)
            reply = read_reply(client)

        expected = (*headers[:4], *headers[7:])
        assert reply == Reply(
            402, "Payment Required", (*expected, ("Content-Length", "4")), b"body"
        )

    def test_have_a_date_and_a_server_without_version(self, serve: Serve) -> None:
        with serve(OK) as serving:
            (reply,) = split(serving.exchange(GET))

        assert reply.header("server") == "tokentape"
        assert (reply.header("date") or "").endswith(" GMT")
        assert reply.header("content-type") == "application/json"

    def test_may_have_a_status_without_a_name(self, serve: Serve) -> None:
        with serve(fixed(Response(499))) as serving:
            assert serving.exchange(GET).startswith(b"HTTP/1.1 499 \r\n")

    def test_to_head_requests_have_a_length_and_no_body(self, serve: Serve) -> None:
        with serve(fixed(Response(200, (), b"body"))) as serving:
            raw = serving.exchange(b"HEAD / HTTP/1.1\r\nHost: x\r\n\r\n")

        assert raw.endswith(b"\r\nContent-Length: 4\r\n\r\n")

    @pytest.mark.parametrize("status", [204, 304])
    def test_without_content_have_no_length(self, serve: Serve, status: int) -> None:
        with serve(fixed(Response(status, (), b"body"))) as serving:
            raw = serving.exchange(GET)

        assert raw.endswith(b"\r\n\r\n")
        assert b"Content-Length" not in raw

    @pytest.mark.parametrize(
        ("raw", "connection"),
        [
            (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", None),
            (LAST_GET, "close"),
            (b"GET / HTTP/1.0\r\n\r\n", "close"),
            (b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", "keep-alive"),
        ],
    )
    def test_say_whether_the_connection_stays(
        self, serve: Serve, raw: bytes, connection: str | None
    ) -> None:
        with serve(OK) as serving, serving.connect() as client:
            client.sendall(raw)
            assert read_reply(client).header("connection") == connection

    @pytest.mark.parametrize(
        "unsafe",
        [
            Response(200, (("X", "1\r\nSet-Cookie: a=b"),)),
            Response(200, (("X\nY", "1"),)),
            Response(200, (("X", "\0"),)),
            Response(200, (("X", "\ud800"),)),
            Response(101, ()),
            Response(99, ()),
        ],
    )
    def test_that_cannot_be_sent_safely_become_a_fault(
        self, serve: Serve, unsafe: Response
    ) -> None:
        outcomes: list[bool] = []
        with serve(lambda _: (unsafe, outcomes.append)) as serving:
            replies = split(serving.exchange(GET + LAST_GET))

        assert [reply.status for reply in replies] == [500, 500]
        assert serving.faults == ["Unwritable"] * 2
        assert outcomes == [False] * 2

    def test_of_no_status_close_the_connection_without_a_byte(self, serve: Serve) -> None:
        with serve(lambda _: (Response(0), lambda _: None)) as serving:
            assert serving.exchange(GET + LAST_GET) == b""
        assert serving.faults == []


class TestFaults:
    def test_of_the_handler_report_only_the_class_of_the_error(
        self, serve: Serve, answering: Any
    ) -> None:
        def fail(request: Request) -> Answer:
            raise KeyError(request.target, SECRET)

        with serve(answering(fail)) as serving:
            replies = split(serving.exchange(GET + LAST_GET))

        assert [reply.status for reply in replies] == [500, 500]
        assert [json.loads(reply.body)["error"]["code"] for reply in replies] == [
            "internal_error"
        ] * 2
        assert serving.faults == ["KeyError", "KeyError"]

    def test_of_the_callback_do_not_change_the_answer(self, serve: Serve) -> None:
        def done(_written: bool) -> None:
            raise ValueError(SECRET)

        with serve(lambda _: (Response(200, (), b"ok"), done)) as serving:
            replies = split(serving.exchange(GET + LAST_GET))

        assert [reply.body for reply in replies] == [b"ok", b"ok"]
        assert serving.faults == ["ValueError", "ValueError"]

    def test_of_the_event_loop_report_only_the_class_of_the_error(self, serve: Serve) -> None:
        def explode() -> None:
            raise RuntimeError(SECRET)

        def handler(_request: Request) -> Answer:
            asyncio.get_running_loop().call_soon(explode)
            return Response(200), nobody

        with serve(handler) as serving:
            serving.exchange(GET)
            serving.exchange(GET)

        assert "RuntimeError" in serving.faults


class TestWhatIsWritten:
    """The second part of an answer is called once, with whether all of the first went out."""

    LARGE = 20_000_000

    @staticmethod
    def telling(size: int, answering: Any) -> tuple[Handler, queue.Queue[bool]]:
        outcomes: queue.Queue[bool] = queue.Queue()
        return answering(lambda _: (Response(200, (), b"x" * size), outcomes.put)), outcomes

    def test_the_callback_gets_true_once_the_answer_is_out(
        self, serve: Serve, answering: Any
    ) -> None:
        handler, outcomes = self.telling(10, answering)
        with serve(handler) as serving:
            serving.exchange(GET + LAST_GET)

        assert [outcomes.get(timeout=10), outcomes.get(timeout=10)] == [True, True]
        assert outcomes.empty()

    def test_the_callback_is_not_called_before_the_answer_is_out(
        self, serve: Serve, answering: Any
    ) -> None:
        handler, outcomes = self.telling(self.LARGE, answering)
        with serve(handler) as serving, serving.connect() as client:
            client.sendall(GET + LAST_GET)
            client.shutdown(socket.SHUT_WR)
            client.recv(1)
            with pytest.raises(queue.Empty):
                outcomes.get(timeout=0.05)
            rest = len(read_all(client))

            assert rest > 2 * self.LARGE
            assert [outcomes.get(timeout=10), outcomes.get(timeout=10)] == [True, True]

        assert serving.faults == []

    def test_the_callback_gets_false_when_the_client_leaves_midway(
        self, serve: Serve, answering: Any
    ) -> None:
        handler, outcomes = self.telling(self.LARGE, answering)
        with serve(handler) as serving:
            with serving.connect() as client:
                client.sendall(GET)
                client.recv(1)
            assert outcomes.get(timeout=10) is False
            assert split(serving.exchange(LAST_GET))[0].status == 200
            assert outcomes.get(timeout=10) is True

        assert serving.faults == []

    def test_the_callback_gets_false_when_the_client_left_before(self, serve: Serve) -> None:
        outcomes: queue.Queue[bool] = queue.Queue()
        begun, gone = threading.Event(), threading.Event()

        async def handler(_request: Request) -> Answer:
            begun.set()
            await asyncio.to_thread(gone.wait, 10)
            return Response(200, (), b"x"), outcomes.put

        with serve(handler) as serving:
            with serving.connect() as client:
                client.sendall(GET)
                assert begun.wait(10)
                # A reset, not a mere end of what the client sends.
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            gone.set()
            assert outcomes.get(timeout=10) is False

        assert serving.faults == []


def hostile(head: bytes, rest: bytes = b"") -> bytes:
    return head.replace(b"%", SECRET) + b"\r\n" + rest.replace(b"%", SECRET)


BODY_OF_3 = b"Content-Length: 3\r\n\r\na=%"
CHUNKED = b"Transfer-Encoding: chunked\r\n"
HOSTILE: dict[str, tuple[bytes, int, str]] = {
    "nonsense": (hostile(b"%", b"\r\n"), 400, "malformed_request"),
    "binary": (b"\x80\x00\xff" + SECRET, 400, "malformed_request"),
    "a TLS client hello": (b"\x16\x03\x01\x02" + SECRET, 400, "tls_on_plain_port"),
    "HTTP/0.9": (hostile(b"GET /%"), 400, "malformed_request"),
    "HTTP/0.9 by name": (hostile(b"GET /% HTTP/0.9", b"\r\n"), 400, "http_version_unsupported"),
    "HTTP/2": (hostile(b"GET /% HTTP/2.0", HOST + b"\r\n"), 400, "http_version_unsupported"),
    "the HTTP/2 preface": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + SECRET, 400, "malformed_request"),
    "RTSP": (hostile(b"DESCRIBE /% RTSP/1.0", b"\r\n"), 400, "method_unsupported"),
    "an unknown method": (hostile(b"% / HTTP/1.1", HOST + b"\r\n"), 400, "malformed_request"),
    "a method that echoes": (hostile(b"TRACE /% HTTP/1.1", HOST + b"\r\n"), 400, "method_unsup"),
    "absolute form": (
        hostile(b"GET http://evil/% HTTP/1.1", HOST + b"\r\n"),
        400,
        "request_target_unsupported",
    ),
    "authority form": (
        hostile(b"CONNECT %:443 HTTP/1.1", HOST + b"\r\n"),
        400,
        "request_target_unsup",
    ),
    "asterisk form": (hostile(b"OPTIONS * HTTP/1.1", HOST + b"X: %\r\n\r\n"), 400, "request_targ"),
    "no slash": (hostile(b"GET % HTTP/1.1", HOST + b"\r\n"), 400, "malformed_request"),
    "a fragment": (hostile(b"GET /#% HTTP/1.1", HOST + b"\r\n"), 400, "request_target_unsup"),
    "a space in the target": (hostile(b"GET /% % HTTP/1.1", HOST + b"\r\n"), 400, "malformed"),
    "NUL in the target": (hostile(b"GET /%\0 HTTP/1.1", HOST + b"\r\n"), 400, "malformed"),
    "raw bytes in the target": (hostile(b"GET /%\xff HTTP/1.1", HOST + b"\r\n"), 400, "malformed"),
    "no host": (hostile(b"GET /% HTTP/1.1", b"\r\n"), 400, "malformed_request"),
    "two hosts": (hostile(b"GET /% HTTP/1.1", HOST + HOST + b"\r\n"), 400, "malformed_request"),
    "obsolete folding": (
        hostile(b"GET / HTTP/1.1", HOST + b"X: %\r\n %\r\n\r\n"),
        400,
        "malformed",
    ),
    "bare CR": (hostile(b"GET / HTTP/1.1", HOST + b"X: %\rY: %\r\n\r\n"), 400, "malformed"),
    "bare LF": (b"GET / HTTP/1.1\nHost: x\nX: %b\n\n" % SECRET, 400, "malformed_request"),
    "NUL in a value": (hostile(b"GET / HTTP/1.1", HOST + b"X: %\0\r\n\r\n"), 400, "malformed"),
    "a control in a value": (hostile(b"GET / HTTP/1.1", HOST + b"X: %\x07\r\n\r\n"), 400, "malf"),
    "a value that is not UTF-8": (hostile(b"GET / HTTP/1.1", HOST + b"X: %\xe9\r\n\r\n"), 400, "m"),
    "a space before a colon": (hostile(b"GET / HTTP/1.1", HOST + b"% : 1\r\n\r\n"), 400, "malf"),
    "a line without colon": (hostile(b"GET / HTTP/1.1", HOST + b"%\r\n\r\n"), 400, "malformed"),
    "CL and TE": (POST + CHUNKED + hostile(b"Content-Length: 3\r\n", b"a=%"), 400, "malformed"),
    "TE and CL": (POST + hostile(b"Content-Length: 3\r\n" + CHUNKED, b"a=%"), 400, "malformed"),
    "TE in HTTP/1.0": (
        b"POST / HTTP/1.0\r\n" + CHUNKED + b"\r\n0\r\n\r\n" + SECRET,
        400,
        "transfer_coding_unsupported",
    ),
    "TE not chunked": (
        POST + hostile(b"Transfer-Encoding: gzip, chunked\r\n", b"0\r\n\r\n%"),
        400,
        "transfer_coding_unsupported",
    ),
    "TE identity": (POST + hostile(b"Transfer-Encoding: identity\r\n", b"%"), 400, "malformed"),
    "two TE": (POST + CHUNKED + CHUNKED + b"\r\n0\r\n\r\n" + SECRET, 400, "malformed_request"),
    "two CL": (POST + b"Content-Length: 3\r\n" + BODY_OF_3 + SECRET, 400, "malformed_request"),
    "differing CL": (
        POST + b"Content-Length: 9\r\n" + BODY_OF_3 + SECRET,
        400,
        "malformed_request",
    ),
    "a list of CL": (POST + b"Content-Length: 3, 3\r\n\r\na=%b" % SECRET, 400, "malformed_request"),
    "a signed CL": (POST + b"Content-Length: +3\r\n\r\na=%b" % SECRET, 400, "malformed_request"),
    "CL of the largest integer": (
        POST + b"Content-Length: 18446744073709551615\r\n\r\n" + SECRET,
        413,
        "request_body_too_large",
    ),
    "CL of secret length": (
        POST + b"Content-Length: %b\r\n\r\na" % SECRET,
        413,
        "request_body_too_large",
    ),
    "a large body": (
        POST + b"Content-Length: 100001\r\n\r\n" + SECRET * 7000,
        413,
        "request_body_too_large",
    ),
    "a large chunked body": (
        POST + CHUNKED + b"\r\n20000\r\n" + SECRET * 0x2000 + b"\r\n0\r\n\r\n",
        413,
        "request_body_too_large",
    ),
    "very many chunks": (
        POST + CHUNKED + b"\r\n" + b"1\r\na\r\n" * 50_000 + SECRET,
        413,
        "request_body_too_large",
    ),
    "a bad chunk": (POST + CHUNKED + b"\r\n%bzz\r\n" % SECRET, 400, "malformed_request"),
    "a chunk of bare LF": (POST + CHUNKED + b"\r\n1\na\n0\n\n" + SECRET, 400, "malformed_request"),
    "a long target": (hostile(b"GET /" + b"%" * 700 + b" HTTP/1.1", HOST), 431, "request_head"),
    "a long header": (
        hostile(b"GET / HTTP/1.1", HOST + b"X: " + b"%" * 700 + b"\r\n\r\n"),
        431,
        "request_head_too_large",
    ),
    "many headers": (
        hostile(b"GET / HTTP/1.1", HOST + b"X: %\r\n" * 500 + b"\r\n"),
        431,
        "request_head_too_large",
    ),
    "a head without end": (
        hostile(b"GET / HTTP/1.1", HOST + b"X: %\r\n" * 5000),
        431,
        "request_head_too_large",
    ),
    "an unknown expectation": (
        POST + b"Expect: %b\r\n" % SECRET + BODY_OF_3,
        417,
        "expectation_unsupported",
    ),
    "half a head": (hostile(b"GET / HTTP/1.1", b"X: %"), 400, "malformed_request"),
    "half a body": (POST + b"Content-Length: 30\r\n\r\na=" + SECRET, 400, "malformed_request"),
}


class TestHostileClients:
    @pytest.mark.parametrize(("raw", "status", "code"), HOSTILE.values(), ids=HOSTILE)
    def test_get_a_fixed_answer(self, serve: Serve, raw: bytes, status: int, code: str) -> None:
        with serve(OK) as serving:
            answer = serving.exchange(raw)
            (next_one,) = split(serving.exchange(LAST_GET))

        (reply,) = split(answer)
        error = json.loads(reply.body)["error"]
        assert (reply.status, error["type"]) == (status, "invalid_request_error")
        assert error["code"].startswith(code)
        assert reply.header("connection") == "close"
        assert reply.header("tokentape-result") == "refused"
        assert reply.header("stripe-should-retry") == "false"
        assert SECRET not in answer
        assert next_one.status == 200
        assert serving.faults == []

    @pytest.mark.parametrize(
        "beginning",
        [
            pytest.param(b"GET / HTTP/1.1\nHost: x\n\n", id="bare LF"),
            pytest.param(b"\x16\x03", id="TLS"),
            pytest.param(POST + CHUNKED + b"\r\nx\r\n", id="a chunk without a size"),
            pytest.param(POST + CHUNKED + b"\r\n1;" + b"x" * 300, id="a chunk size without end"),
            pytest.param(POST + CHUNKED + b"\r\n1\r\nab\r\n", id="a chunk of another size"),
        ],
    )
    def test_get_a_refusal_as_soon_as_it_is_certain(self, serve: Serve, beginning: bytes) -> None:
        with serve(OK) as serving, serving.connect() as client:
            client.sendall(beginning)
            assert read_reply(client).status == 400

    def test_get_a_refusal_for_trailers_without_end(self, serve: Serve) -> None:
        with serve(OK) as serving, serving.connect() as client:
            client.sendall(POST + CHUNKED + b"\r\n0\r\n" + b"X: %b\r\n" % SECRET * 1_000)
            assert read_reply(client).status == 431

    def test_get_a_refusal_in_the_middle_of_a_body(self, serve: Serve) -> None:
        with serve(OK) as serving, serving.connect() as client:
            client.sendall(POST + CHUNKED + b"\r\n2\r\na=\r\n")
            time.sleep(0.02)
            client.sendall(SECRET + b"zz\r\n")
            assert read_reply(client).status == 400

    def test_get_a_refusal_behind_a_good_request(self, serve: Serve, answering: Any) -> None:
        with serve(answering(echo)) as serving:
            replies = split(serving.exchange(GET + b"%b\r\n\r\n" % SECRET + GET))

        assert [reply.status for reply in replies] == [200, 400]
        assert SECRET not in replies[1].body

    def test_whose_refused_body_is_still_coming_can_read_why(self, serve: Serve) -> None:
        with serve(OK) as serving:
            raw = POST + b"Content-Length: 9000000\r\n\r\n" + b"x" * 9_000_000
            assert split(serving.exchange(raw))[0].status == 413

    def test_never_bring_the_server_down(self, serve: Serve, answering: Any) -> None:
        good = POST + b"Authorization: Bearer %b\r\nContent-Length: 18\r\n\r\na=" % SECRET + SECRET
        with serve(answering(OK)) as serving:

            @given(pieces=st.lists(bad_pieces(good), max_size=6))
            @settings(max_examples=60, deadline=None, database=None)
            def any_bytes(pieces: list[bytes]) -> None:
                answer = serving.exchange(b"".join(pieces))
                assert SECRET not in answer
                assert answer == b"" or answer.startswith(b"HTTP/1.1 ")

            any_bytes()
            assert split(serving.exchange(LAST_GET))[0].status == 200
            assert serving.faults == []


def bad_pieces(good: bytes) -> st.SearchStrategy[bytes]:
    """Draw whole good requests, parts of them, signs that matter to HTTP, and noise."""
    part = st.tuples(st.integers(0, len(good)), st.integers(0, len(good))).map(
        lambda ends: good[min(ends) : max(ends)]
    )
    signs = [b"\r\n", b"\n", b"\r", b"\0", b": ", b" ", b"0\r\n\r\n", CHUNKED, b"HTTP/1.1", SECRET]
    return st.one_of(st.just(good), part, st.sampled_from(signs), st.binary(max_size=20))


def send_ahead(client: socket.socket, data: memoryview) -> None:
    while data:
        data = data[client.send(data) :]


class TestLimits:
    @pytest.mark.parametrize(
        "slow", [b"G", b"GET / HTTP/1.1\r\nX:", POST + b"Content-Length: 9\r\n\r\na"]
    )
    def test_a_request_has_to_arrive_in_time(self, serve: Serve, slow: bytes) -> None:
        with serve(OK, request_timeout=0.1) as serving:
            (reply,) = split(serving.exchange(slow, end=False))

        assert (reply.status, json.loads(reply.body)["error"]["code"]) == (408, "request_timeout")

    def test_bytes_that_trickle_do_not_extend_the_time_for_a_request(self, serve: Serve) -> None:
        with serve(OK, request_timeout=0.2) as serving, serving.connect() as client:
            client.settimeout(0.02)
            client.sendall(b"GET /")
            raw = b""
            for _ in range(500):
                client.sendall(b"X")
                try:
                    raw = client.recv(65536)
                    break
                except TimeoutError:
                    pass

        assert raw.startswith(b"HTTP/1.1 408 ")

    def test_a_request_that_was_begun_behind_another_has_to_arrive_in_time(
        self, serve: Serve
    ) -> None:
        with serve(OK, request_timeout=0.1) as serving:
            replies = split(serving.exchange(GET + GET[:-4], end=False))

        assert [answer.status for answer in replies] == [200, 408]

    def test_an_answer_may_take_longer_than_a_request(self, serve: Serve) -> None:
        async def handler(_request: Request) -> Answer:
            await asyncio.sleep(0.3)
            return Response(200), nobody

        with serve(handler, request_timeout=0.1, idle_timeout=0.1) as serving:
            assert serving.exchange(LAST_GET).startswith(b"HTTP/1.1 200 ")

    @pytest.mark.parametrize("before", [b"", GET])
    def test_an_idle_connection_is_closed_silently(self, serve: Serve, before: bytes) -> None:
        with serve(OK, idle_timeout=0.1) as serving:
            replies = split(serving.exchange(before, end=False))

        assert [reply.status for reply in replies] == [200] * bool(before)

    def test_a_client_that_does_not_take_its_answer_is_dropped(
        self, serve: Serve, answering: Any
    ) -> None:
        outcomes: queue.Queue[bool] = queue.Queue()
        large = Response(200, (), b"x" * 20_000_000)
        handler = answering(lambda _: (large, outcomes.put))
        with serve(handler, idle_timeout=0.1) as serving, serving.connect() as client:
            client.sendall(GET)
            assert outcomes.get(timeout=10) is False

    def test_a_client_cannot_send_ahead_without_end(self, serve: Serve) -> None:
        released = threading.Event()

        async def handler(_request: Request) -> Answer:
            await asyncio.to_thread(released.wait, 10)
            return Response(200), nobody

        with serve(handler) as serving, serving.connect() as client:
            client.settimeout(0.2)
            with pytest.raises(TimeoutError):
                send_ahead(client, memoryview(client.on_lane(GET) * 1_000_000))
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            released.set()

    def test_connections_beyond_the_limit_are_refused(self, serve: Serve) -> None:
        with serve(OK, max_connections=2) as serving:
            with serving.connect() as first, serving.connect() as second:
                for client in (first, second):
                    client.sendall(GET)
                    assert read_reply(client).status == 200
                (reply,) = split(serving.exchange(GET))
                assert (reply.status, reply.header("connection")) == (503, "close")
            deadline = time.monotonic() + 10
            while split(serving.exchange(LAST_GET))[0].status == 503:
                assert time.monotonic() < deadline


class TestStartAndStop:
    async def test_a_taken_port_is_a_configuration_error(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            with pytest.raises(ConfigurationError) as error:
                await Server(
                    OK, "127.0.0.1", port, ServerOptions(on_fault=print, **OPTIONS)
                ).start()

        (problem,) = error.value.problems
        assert problem == (
            f"listen: cannot listen on 127.0.0.1:{port}: another program listens there. Stop it,"
            " or choose another address with --listen HOST:PORT (port 0 picks a free one)."
        )

    @pytest.mark.parametrize(
        ("host", "port", "why"),
        [
            ("tokentape.invalid", 0, "the host is not known"),
            ("192.0.2.1", 0, "this machine has no such address"),
            ("127.0.0.1", 99999, "the address is not valid"),
        ],
    )
    async def test_an_address_that_cannot_be_had(self, host: str, port: int, why: str) -> None:
        with pytest.raises(ConfigurationError, match=why):
            await Server(OK, host, port, ServerOptions(on_fault=print, **OPTIONS)).start()

    async def test_stop_without_start_does_nothing(self) -> None:
        await Server(OK, "127.0.0.1", 0, ServerOptions(on_fault=print, **OPTIONS)).stop()

    def test_stop_lets_answers_end_and_closes_idle_connections(self, serve: Serve) -> None:
        begun = threading.Event()

        async def handler(_request: Request) -> Answer:
            begun.set()
            await asyncio.sleep(0.2)
            return Response(200, (), b"late"), nobody

        with serve(handler) as serving, serving.connect() as idle, serving.connect() as busy:
            busy.sendall(GET)
            assert begun.wait(10)
            serving.stop()
            assert idle.recv(1) == b""
            (reply,) = split(read_all(busy))

        assert (reply.body, reply.header("connection")) == (b"late", "close")

    def test_stop_cuts_answers_that_take_too_long(self, serve: Serve) -> None:
        cancelled = threading.Event()
        begun = threading.Event()

        async def handler(_request: Request) -> Answer:
            begun.set()
            try:
                await asyncio.sleep(60)
            finally:
                cancelled.set()
            return Response(200), nobody

        with serve(handler, shutdown_timeout=0.1) as serving, serving.connect() as client:
            client.sendall(GET)
            assert begun.wait(10)
            serving.stop()
            assert client.recv(1) == b""
            assert cancelled.wait(10)

        assert serving.faults == []


class TestTheSameRequest:
    """What a handler would give again is given to the same request, if it still says so."""

    FINAL = "final"

    @pytest.fixture
    def calls(self) -> list[object]:
        """What the handler was called for: to answer, or whether an answer stands."""
        return []

    @pytest.fixture
    def serving(self, serve: Serve, calls: list[object]) -> Iterator[Serving]:
        def handler(request: Request) -> Answer:
            calls.append(request.method)
            key = request.header("idempotency-key")
            echo = () if key is None else (("Idempotency-Key", key),)
            return Response(200, (), b"%d" % len(calls), echo, final=self.FINAL), nobody

        def repeated(final: object, retry_key: str | None) -> bool:
            calls.append(final if retry_key is None else retry_key)
            return len(calls) < 4

        looked_at = frozenset({"authorization"})
        with serve(handler, memory=Memory(10_000, repeated, looked_at)) as serving:
            yield serving

    def test_get_the_same_answer_for_as_long_as_it_stands(
        self, serving: Serving, calls: list[object]
    ) -> None:
        bodies = []
        with serving.connect() as first, serving.connect() as second:
            for client in (first, second, first, second):
                client.sendall(GET)
                bodies.append(read_reply(client).body)

        assert bodies == [b"1", b"1", b"1", b"6"]  # its bytes and what they say are looked up
        assert calls == ["GET", *[self.FINAL] * 4, "GET"]

    def test_is_the_same_with_headers_that_no_answer_depends_on(
        self, serving: Serving, calls: list[object]
    ) -> None:
        head, body = POST + b"Content-Length: 3\r\n", b"\r\na=1"
        with serving.connect() as client:
            for pieces in (
                (head + body,),
                (head + b"User-Agent: other\r\n" + body,),
                (head + b"\r\n", b"a=1"),
                (head + b"Authorization: Bearer other\r\n" + body,),
            ):
                for piece in pieces:
                    client.sendall(piece)
                    time.sleep(0.02)
                read_reply(client)

        assert calls == ["POST", self.FINAL, self.FINAL, "POST"]

    def test_gets_its_own_idempotency_key(self, serving: Serving, calls: list[object]) -> None:
        keyed = b"POST /v1/tokens HTTP/1.1\r\nHost: x\r\nIDEMPOTENCY-key: %b\r\n\r\n"
        with serving.connect() as client:
            answers = []
            for key in (b"a", b"b", b"c"):
                client.sendall(keyed % key)
                answers.append(read_reply(client))

        assert calls == ["POST", "b", "c"]
        assert [reply.body for reply in answers] == [b"1", b"1", b"1"]
        assert [reply.header("idempotency-key") for reply in answers] == ["a", "b", "c"]

    @pytest.mark.parametrize(
        "pieces",
        [
            pytest.param((GET + GET,), id="two at once"),
            pytest.param((GET[:20], GET[20:]), id="in pieces"),
            pytest.param((GET[:-2] + b"Connection: keep-alive, x\r\n\r\n",), id="not plain"),
        ],
    )
    def test_is_the_same_however_it_comes(
        self, serving: Serving, calls: list[object], pieces: tuple[bytes, ...]
    ) -> None:
        with serving.connect() as client:
            client.sendall(GET)
            assert read_reply(client).body == b"1"
            for piece in pieces:
                client.sendall(piece)
                time.sleep(0.02)
            assert read_reply(client).body == b"1"

        assert set(calls) == {"GET", self.FINAL}

    @pytest.mark.parametrize(
        "request_line",
        [b"HEAD /v1/tokens HTTP/1.1", b"GET /v1/tokens HTTP/1.0"],
        ids=["HEAD", "HTTP/1.0"],
    )
    def test_whose_answers_are_framed_in_a_special_form_are_not_remembered(
        self, serving: Serving, calls: list[object], request_line: bytes
    ) -> None:
        for _ in range(2):
            serving.exchange(request_line + b"\r\nHost: x\r\n\r\n")

        assert self.FINAL not in calls

    def test_with_a_key_and_one_without_are_not_the_same(
        self, serving: Serving, calls: list[object]
    ) -> None:
        keyed = GET[:-2] + b"Idempotency-Key: a\r\n\r\n"
        with serving.connect() as client:
            for raw in (GET, keyed, GET, keyed):
                client.sendall(raw)
                read_reply(client)

        assert calls == ["GET", "GET", self.FINAL, "a", "GET"]

    def test_is_answered_by_the_handler_beyond_the_limit(self, serve: Serve) -> None:
        calls = []

        def handler(request: Request) -> Answer:
            calls.append(request.target)
            return Response(200, (), b"x" * 500, final=self.FINAL), nobody

        targets = [b"/v1/tokens/%d" % number for number in (1, 2, 3, 3, 2, 1)]
        with (
            serve(handler, memory=Memory(3_200, lambda *_: True)) as serving,
            serving.connect() as client,
        ):
            for target in targets:
                client.sendall(GET.replace(b"/v1/tokens", target))
                read_reply(client)

        assert calls == ["/v1/tokens/1", "/v1/tokens/2", "/v1/tokens/3", "/v1/tokens/1"]

    def test_gets_an_answer_again_once_that_has_been_written(self, serve: Serve) -> None:
        large, calls = b"x" * 8_000_000, []

        def handler(request: Request) -> Answer:
            calls.append(request)
            return Response(200, (), large, final=self.FINAL), nobody

        with serve(handler, memory=Memory(20_000_000, lambda *_: True)) as serving:
            with serving.connect() as slow, serving.connect() as quick:
                slow.sendall(GET)
                slow.recv(1)
                for _ in range(2):
                    quick.sendall(GET)
                    assert read_reply(quick).body == large
            assert len(calls) == 2

    def test_a_slow_reader_gets_all_of_it_again(self, serve: Serve) -> None:
        large = b"x" * 8_000_000
        answer = Response(200, (), large, final=self.FINAL)
        with (
            serve(fixed(answer), memory=Memory(20_000_000, lambda *_: True)) as serving,
            serving.connect() as client,
        ):
            for _ in range(3):
                client.sendall(GET)
                time.sleep(0.1)
                assert read_reply(client).body == large


@pytest.mark.parametrize("tail", [b"", GET[:20], GET * 2], ids=["whole", "begun", "more"])
def test_many_requests_of_one_client_let_others_be_served_between(
    serve: Serve, tail: bytes
) -> None:
    """They take half a second; another client waits for a small part of it."""
    count = 100
    served: list[str] = []

    def busy(request: Request) -> Answer:
        served.append(request.target)
        if request.target == "/v1/tokens":
            time.sleep(0.005)
        return Response(200, (), b""), lambda _: None

    with serve(busy) as server, server.connect() as client, server.connect() as other:
        client.sendall(GET * count + tail)
        while not served:
            time.sleep(0.001)
        other.sendall(GET.replace(b"tokens", b"other"))
        assert read_reply(other).status == 200
        assert served.index("/v1/other") < count // 2
        client.sendall(LAST_GET[20:] if tail == GET[:20] else LAST_GET)
        assert len(split(read_all(client))) == count + tail.count(b"\r\n\r\n") + 1
