"""An upstream of few words, each of which a test puts in its mouth."""

from __future__ import annotations

import socket
import struct
import threading
import time
from typing import Self

from tests.processes import PATIENCE


class Scripted:
    """Answers each connection's one request with bytes as they are, then closes or resets it."""

    def __init__(self) -> None:
        self.answer = b""
        self.reset = False
        self.asked = 0
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve)
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._socket.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(PATIENCE)
                received = b""
                while b"card[number]=" not in received.replace(b"%5B", b"[").replace(b"%5D", b"]"):
                    received += connection.recv(65536)
                self.asked += 1
                connection.sendall(self.answer)
                linger = struct.pack("ii", self.reset, 0)
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                time.sleep(0.02)  # a reset takes back what is still on its way
