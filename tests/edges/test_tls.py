"""The server with TLS, on both lanes, under asyncio and uvloop; and certificates that are none."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
import uvloop
from tokentape.edges.server import Answer, Handler, Memory, tls_context
from tokentape.errors import ConfigurationError
from tokentape.pure.http.messages import Request, Response

from tests.certificates import certificate, needs_openssl
from tests.edges.test_server import (
    HOST,
    NOT_PLAIN,
    OPTIONS,
    Client,
    Serve,
    Serving,
    echo,
    read_all,
    read_reply,
)

pytestmark = needs_openssl

POST = b"POST /v1/tokens HTTP/1.1\r\n"
Files = tuple[Path, Path]
LoopFactory = Callable[[], asyncio.AbstractEventLoop]
LANES = {"fast": HOST, "aiohttp": NOT_PLAIN}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    return certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture(autouse=True)
def nothing_is_logged(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    caplog.set_level(logging.INFO)
    yield
    assert caplog.get_records("call") == []


@pytest.fixture(params=LANES)
def lane(request: pytest.FixtureRequest) -> bytes:
    return LANES[request.param]


@pytest.fixture(params=[asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def loop_factory(request: pytest.FixtureRequest) -> LoopFactory:
    factory: LoopFactory = request.param
    return factory


class Secure:
    """A server with TLS, and clients that trust it."""

    def __init__(self, serving: Serving, trusted: Path) -> None:
        self.serving = serving
        self._context = ssl.create_default_context(cafile=trusted)

    def connect(self) -> ssl.SSLSocket:
        return self.secured(self.plain())

    def plain(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.serving.port), timeout=10)

    def secured(self, plain: socket.socket) -> ssl.SSLSocket:
        return self._context.wrap_socket(plain, server_hostname="localhost")


@pytest.fixture
def serve(files: Files, loop_factory: LoopFactory) -> Serve:
    @contextmanager
    def start(handler: Handler = echo, **options: object) -> Iterator[Secure]:
        every = {**OPTIONS, "memory": Memory(100), "tls": tls_context(*files), **options}
        serving = Serving(handler, loop_factory, every, Client)
        started = threading.Event()
        thread = threading.Thread(target=serving.run, args=(started,))
        thread.start()
        try:
            assert started.wait(10)
            yield Secure(serving, files[0])
        finally:
            serving.stop()
            thread.join(10)
            assert not thread.is_alive()

    return start


def test_requests_follow_each_other_on_one_connection(serve: Serve, lane: bytes) -> None:
    with serve() as server, server.connect() as client:
        for number in (b"1", b"2"):
            client.sendall(POST + lane + b"Content-Length: 1\r\n\r\n" + number)
            assert json.loads(read_reply(client).body)[3] == number.decode()
        client.sendall(POST + lane + b"Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n")
        assert json.loads(read_reply(client).body)[3] == "ok"


def test_large_bodies_pass_both_ways(serve: Serve, lane: bytes) -> None:
    body = b"x" * 90_000
    with serve() as server, server.connect() as client:
        for _ in range(3):
            client.sendall(POST + lane + b"Content-Length: 90000\r\n\r\n" + body)
            assert json.loads(read_reply(client).body)[3] == body.decode()


def test_a_slow_reader_gets_all_of_every_answer(serve: Serve, lane: bytes) -> None:
    body = b"x" * 5_000_000
    written: list[bool] = []
    with (
        serve(lambda _request: (Response(200, (), body), written.append)) as server,
        server.connect() as client,
    ):
        for _ in range(3):
            client.sendall(b"GET / HTTP/1.1\r\n" + lane + b"\r\n")
        time.sleep(0.3)
        left = 3 * len(body)
        while left > 0:
            left -= client.recv(1_000_000).count(b"x")
    assert left == 0
    assert written == [True, True, True]


def test_a_request_may_ask_before_it_sends_a_body(serve: Serve, lane: bytes) -> None:
    with serve() as server, server.connect() as client:
        client.sendall(POST + lane + b"Content-Length: 2\r\nExpect: 100-continue\r\n\r\n")
        assert client.recv(1000).startswith(b"HTTP/1.1 100 ")
        client.sendall(b"ok")
        assert json.loads(read_reply(client).body)[3] == "ok"


def test_the_last_answer_of_a_connection_arrives_whole(serve: Serve, lane: bytes) -> None:
    with serve() as server, server.connect() as client:
        client.sendall(POST + lane + b"Connection: close\r\nContent-Length: 2\r\n\r\nok")
        assert json.loads(read_reply(client).body)[3] == "ok"


@pytest.mark.parametrize("raw", [b"NONSENSE\r\n\r\n", POST + b"Content-Length: 999999\r\n\r\nxxx"])
def test_what_is_refused_is_answered_and_closed(serve: Serve, raw: bytes) -> None:
    with serve() as server, server.connect() as client:
        client.sendall(raw)
        assert read_all(client).startswith(b"HTTP/1.1 4")


def test_a_client_that_leaves_midway_is_noticed(serve: Serve, lane: bytes) -> None:
    written: list[bool] = []
    arrived = threading.Event()

    async def slow(_request: Request) -> Answer:
        arrived.set()
        await asyncio.sleep(0.2)
        return Response(200), written.append

    with serve(slow) as server:
        with server.connect() as client:
            client.sendall(b"GET / HTTP/1.1\r\n" + lane + b"\r\n")
            assert arrived.wait(5)
        until = time.monotonic() + 5
        while not written and time.monotonic() < until:
            time.sleep(0.01)
        assert written == [False]
        assert server.serving.faults == []


def test_a_client_without_tls_gets_nothing_and_the_next_is_served(serve: Serve) -> None:
    with serve() as server:
        with socket.create_connection(("127.0.0.1", server.serving.port), timeout=10) as plain:
            plain.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            with suppress(ConnectionResetError):
                assert not plain.recv(1000).startswith(b"HTTP")
        with server.connect() as client:
            client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            assert read_reply(client).status == 200
        assert server.serving.faults == []


def test_stopping_waits_for_no_idle_client(serve: Serve) -> None:
    with serve() as server:
        client = server.connect()
        began = time.monotonic()
    assert time.monotonic() - began < 4
    client.close()


class TestCertificates:
    def problem(self, *paths: Path | None) -> str:
        with pytest.raises(ConfigurationError) as error:
            tls_context(*paths)
        return str(error.value)

    def test_one_file_may_have_both(self, files: Files, tmp_path: Path) -> None:
        both = tmp_path / "both.pem"
        both.write_text(files[0].read_text() + files[1].read_text())
        assert tls_context(both, None)
        assert tls_context(None, None) is None

    def test_that_cannot_be_read(self, files: Files, tmp_path: Path) -> None:
        absent = tmp_path / "absent.pem"
        assert self.problem(absent, files[1]) == (
            "tls_cert: the file cannot be read: No such file or directory"
        )
        assert self.problem(files[0], absent).startswith("tls_key: the file cannot be read")

    def test_that_are_none(self, files: Files, tmp_path: Path) -> None:
        text = tmp_path / "text.pem"
        text.write_text("no certificate")
        assert f"tls_cert: {text}: found no certificate in PEM form" in self.problem(text, files[1])
        assert f"tls_key: {text}: found no private key in PEM form" in self.problem(files[0], text)

    def test_without_their_key(self, files: Files, tmp_path: Path) -> None:
        assert "tls_key: found a key, but no certificate" in self.problem(None, files[1])
        assert "found no private key" in self.problem(files[0], None)
        other = certificate(tmp_path, "other")[1]
        assert "this key is not that of the certificate" in self.problem(files[0], other)

    def test_whose_key_has_a_password(self, files: Files, tmp_path: Path) -> None:
        locked = tmp_path / "locked.pem"
        words = ["openssl", "pkey", "-aes256", "-passout", "pass:x1234"]
        subprocess.run([*words, "-in", str(files[1]), "-out", str(locked)], check=True)
        assert "a key with a password is not supported" in self.problem(files[0], locked)


def test_a_client_that_is_connecting_when_it_ends_does_not_hold_it_up(serve: Serve) -> None:
    begun, may_answer = threading.Event(), threading.Event()

    async def handler(_request: Request) -> Answer:
        begun.set()
        while not may_answer.is_set():
            await asyncio.sleep(0.01)
        return Response(200), lambda _: None

    with serve(handler, shutdown_timeout=3600) as server, server.connect() as busy:
        plain = server.plain()
        busy.sendall(POST + HOST + b"Content-Length: 0\r\n\r\n")
        assert begun.wait(10)
        server.serving.stop()
        with server.secured(plain) as late:
            assert late.recv(1) == b""
        may_answer.set()
        assert read_reply(busy).status == 200
