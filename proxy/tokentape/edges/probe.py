"""The status of a server's health route, at little cost: containers ask every few seconds."""

from __future__ import annotations

import socket
import time
from urllib.parse import urlsplit

_REQUEST = "GET /_tokentape/health HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n"
_BEFORE_STATUS = len("HTTP/1.1 ")


def health_status(url: str, timeout: float) -> int:
    """Return the status that a server at a base URL answers its health route with.

    `timeout` is in seconds, for all of it. Raises OSError, TimeoutError among them, and ValueError
    if the answer is no HTTP.
    """
    deadline = time.monotonic() + timeout
    parts = urlsplit(url)
    tls = parts.scheme == "https"
    address = parts.hostname or "", parts.port or (443 if tls else 80)
    answer = b""
    with socket.create_connection(address, timeout) as plain:
        client = _encrypted(plain) if tls else plain
        client.sendall(_REQUEST.format(parts.netloc).encode())
        while len(answer) < _BEFORE_STATUS + 3:
            client.settimeout(_left(deadline))
            received = client.recv(1024)
            if not received:
                raise ValueError
            answer += received
    return int(answer[_BEFORE_STATUS : _BEFORE_STATUS + 3])


def _encrypted(plain: socket.socket) -> socket.socket:
    """Return a TLS connection to whoever answers: nothing secret is sent or asked for."""
    import ssl  # noqa: PLC0415  slow to import

    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context.wrap_socket(plain)


def _left(deadline: float) -> float:
    seconds = deadline - time.monotonic()
    if seconds <= 0:
        raise TimeoutError
    return seconds
