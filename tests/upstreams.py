"""Hand-made upstreams on real sockets."""

from __future__ import annotations

import json
import random
import ssl
import string
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Self

from tokentape.mock.upstream import MockStripe
from tokentape.pure.http.messages import Request, Response

from tests.processes import PATIENCE

CLIENT_IP = "198.51.100.23"
"""What a real upstream sees of a client; from RFC 5737."""

_DATA = Path(__file__).parents[1] / "proxy" / "tokentape" / "data"


class Upstream:
    """Answers each request with what `answer` makes of it, and keeps what it was sent."""

    def __init__(
        self, answer: Callable[[Request], Response], tls: ssl.SSLContext | None = None
    ) -> None:
        self.answer = answer
        self.seen: list[Request] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        upstream = self

        class Handler(BaseHTTPRequestHandler):
            def handle_one_request(self) -> None:
                self.raw_requestline = self.rfile.readline()
                if not self.raw_requestline or not self.parse_request():
                    self.close_connection = True
                    return
                length = int(self.headers.get("Content-Length", 0))
                headers = tuple(self.headers.items())
                body = self.rfile.read(length)
                request = Request(self.command, self.path, headers, body)
                upstream.seen.append(request)
                with suppress(OSError):  # the program was killed, or gave up
                    self._write(upstream.answer(request))

            def _write(self, answer: Response) -> None:
                self.send_response_only(answer.status)
                for name, value in (*answer.headers, ("Content-Length", str(len(answer.body)))):
                    self.send_header(name, value)
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(answer.body)

        return Handler


def saying(status: int, body: bytes = b"{}\n", **headers: str) -> Callable[[Request], Response]:
    """Answer every request alike. `Retry_After` is a header."""
    lines = {"Content-Type": "application/json"}
    lines |= {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda _: Response(status, tuple(lines.items()), body)


def in_turn(*answers: Callable[[Request], Response]) -> Callable[[Request], Response]:
    """Answer each request in another way."""
    waiting = list(answers)

    def answer(request: Request) -> Response:
        return waiting.pop(0)(request)

    return answer


def stripe() -> Callable[[Request], Response]:
    """Answer as the built-in mock does, but see clients come from outside."""
    chance = random.SystemRandom()
    alphabet = string.ascii_letters + string.digits
    mock = MockStripe(
        lambda name: (_DATA / name).read_text("utf-8"),
        now=lambda: int(time.time()),
        entropy=lambda count: "".join(chance.choices(alphabet, k=count)),
    )
    lock = threading.Lock()

    def answer(request: Request) -> Response:
        with lock:
            answered = mock.answer(request)
        body = answered.body.replace(b'"127.0.0.1"', json.dumps(CLIENT_IP).encode())
        return Response(answered.status, answered.headers, body)

    return answer


class Slow:
    """An upstream that answers a person called Ohnesorg when it is let, all others at once."""

    def __init__(self) -> None:
        self.let = threading.Event()
        self._stripe = stripe()

    def __call__(self, request: Request) -> Response:
        if b"Ohnesorg" in request.body:
            self.let.wait(PATIENCE)
        return self._stripe(request)
