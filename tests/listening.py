"""A server of one connection at a time, for exchanges that no well-behaved server makes."""

from __future__ import annotations

import socket
import threading
from typing import Self

from tests.processes import PATIENCE


class Listening:
    """Takes connections one by one on a free port; what it does with one is its subclass's."""

    def __init__(self) -> None:
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
                self._exchange(connection)

    def _exchange(self, connection: socket.socket) -> None:
        raise NotImplementedError
