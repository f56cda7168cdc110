"""A bad line: one exchange for each connection, and answers that do not always arrive whole."""

from __future__ import annotations

import http.client
import re
import socket
from contextlib import suppress
from urllib.parse import urlsplit

from tests.listening import Listening
from tests.processes import PATIENCE

_LENGTH = re.compile(rb"(?i)\r\ncontent-length: *(\d+)")


class Dropping(Listening):
    """Stands in front of a URL. The first `lost` answers are cut off: `answer[:cut]` arrives.

    Each connection is closed after its exchange without a word, also where it was to be kept alive.
    """

    def __init__(self, url: str, *, lost: int, cut: int) -> None:
        super().__init__()
        self.tries = 0
        self._lost = lost
        self._cut = cut
        self._behind = urlsplit(url).netloc

    def _exchange(self, connection: socket.socket) -> None:
        with suppress(OSError):
            request = _request(connection)
            if not request:
                return
            self.tries += 1
            answer = self._answer(request)
            connection.sendall(answer[: self._cut] if self.tries <= self._lost else answer)

    def _answer(self, request: bytes) -> bytes:
        """Send a request on, and return the answer as it came."""
        host, port = self._behind.split(":")
        with socket.create_connection((host, int(port)), PATIENCE) as behind:
            behind.sendall(request)
            answer = http.client.HTTPResponse(behind)
            answer.begin()
            lines = "".join(f"{name}: {value}\r\n" for name, value in answer.getheaders())
            head = f"HTTP/1.1 {answer.status} {answer.reason}\r\n{lines}\r\n"
            return head.encode("latin-1") + answer.read()


def _request(connection: socket.socket) -> bytes:
    """Return a request whole; nothing from a client that only looked whether anyone is there."""
    read = b""
    while not _is_whole(read):
        block = connection.recv(65536)
        if not block:
            return b""
        read += block
    return read


def _is_whole(read: bytes) -> bool:
    head, end, body = read.partition(b"\r\n\r\n")
    length = _LENGTH.search(head)
    return bool(end) and len(body) >= int(length[1] if length else 0)
