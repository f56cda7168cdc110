"""From answers to bytes; no I/O."""

from __future__ import annotations

import time
from email.utils import formatdate
from functools import lru_cache
from http import HTTPStatus
from typing import NamedTuple

from tokentape.pure.http.messages import HOP_BY_HOP, Headers, Response

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"

_OURS = HOP_BY_HOP | {"content-length"}
"""Headers that are written for this hop: those of an answer are left out."""


class Unwritable(Exception):
    """An answer that cannot be sent as HTTP/1.1: a status or a header no server may send."""


class Framed(NamedTuple):
    """An answer ready to go out except for the date and what echoes the request."""

    status_line: bytes
    head: bytes  # the other lines, and the blank one
    body: bytes
    dated: bool  # the answer has its own date
    echo: Headers
    final: object  # what its handler marked it with; None if it may change

    def __repr__(self) -> str:
        return "<Framed>"

    def raw(self, key: str | None = None) -> bytes:
        """Return its bytes as of now. Raises Unwritable.

        `key` is the Idempotency-Key of another request that gets it, and is echoed then.
        """
        date = b"" if self.dated else _date_at(int(time.time()))
        echo = [f"{name}: {value if key is None else key}" for name, value in self.echo]
        echoed = _encoded(echo) if echo else b""
        return b"".join((self.status_line, date, echoed, self.head, self.body))


def framed(response: Response, *, to_head: bool = False, connection: str = "") -> Framed:
    """Return a final answer with its framing. Raises Unwritable.

    `to_head` is for answers to HEAD, which have no body. `connection` is the value of the
    Connection header; blank is none.
    """
    headers = response.headers
    names = {name.lower() for name, _ in headers}
    if not _OURS.isdisjoint(names):
        headers = tuple([line for line in headers if line[0].lower() not in _OURS])
    lines = [f"{name}: {value}" for name, value in headers]
    if "server" not in names:
        lines.append("Server: tokentape")
    if connection:
        lines.append(f"Connection: {connection}")
    bodiless = response.status in (204, 304)
    if not bodiless and (response.body or not to_head):
        lines.append(f"Content-Length: {len(response.body)}")
    body = b"" if bodiless or to_head else response.body
    status_line, head = _status_line(response.status), _encoded(lines) + b"\r\n\r\n"
    return Framed(status_line, head, body, "date" in names, response.echo, response.final)


def _encoded(lines: list[str]) -> bytes:
    head = "\r\n".join(lines)
    breaks = len(lines) - 1
    if head.count("\r") != breaks or head.count("\n") != breaks or "\0" in head:
        raise Unwritable
    try:
        return b"\r\n" + head.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        raise Unwritable from None


@lru_cache(maxsize=64)
def _status_line(status: int) -> bytes:
    if not 200 <= status <= 999:
        raise Unwritable
    phrases = {entry.value: entry.phrase for entry in HTTPStatus}
    return f"HTTP/1.1 {status} {phrases.get(status, '')}".encode()


@lru_cache(maxsize=1)
def _date_at(second: int) -> bytes:
    """Return the line of the Date header, which an origin server adds (RFC 9110 §6.6.1)."""
    return f"\r\nDate: {formatdate(second, usegmt=True)}".encode()
