"""An upstream of few words, each of which a test puts in its mouth."""

from __future__ import annotations

import socket
import struct
import time

from tests.listening import Listening


class Scripted(Listening):
    """Answers each connection's one request with bytes as they are, then closes or resets it."""

    def __init__(self) -> None:
        super().__init__()
        self.answer = b""
        self.reset = False
        self.asked = 0

    def _exchange(self, connection: socket.socket) -> None:
        received = b""
        while b"card[number]=" not in received.replace(b"%5B", b"[").replace(b"%5D", b"]"):
            received += connection.recv(65536)
        self.asked += 1
        connection.sendall(self.answer)
        linger = struct.pack("ii", self.reset, 0)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        time.sleep(0.02)  # a reset takes back what is still on its way
