"""From answers to bytes; no I/O."""

from __future__ import annotations

import time
from email.utils import formatdate
from functools import lru_cache
from http import HTTPStatus

from proxy.pure.messages import HOP_BY_HOP, Headers, Response

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"

_OURS = HOP_BY_HOP | {"content-length"}
"""Headers of this hop: an answer's own are left out."""


class Unwritable(Exception):
    """An answer that cannot be sent as HTTP/1.1: a status or a header no server may send."""


def rendered(response: Response, *, to_head: bool, connection: str) -> bytes:
    """Return the bytes of a final answer with its framing. Raises Unwritable.

    `to_head` is for answers to HEAD, which have no body. `connection` is the value of the
    Connection header; blank is none.
    """
    bodiless = response.status in (204, 304)
    lines = [_status_line(response.status), *_kept(response.headers)]
    if connection:
        lines.append(f"Connection: {connection}")
    if not bodiless and (response.body or not to_head):
        lines.append(f"Content-Length: {len(response.body)}")
    body = b"" if bodiless or to_head else response.body
    return _encoded(lines) + body


def _kept(headers: Headers) -> list[str]:
    """Return the header lines that go out as they are, and Date and Server where they miss."""
    lines = []
    missing = dict(_DEFAULTS)
    for name, value in headers:
        lower = name.lower()
        if lower not in _OURS:
            lines.append(f"{name}: {value}")
            missing.pop(lower, None)
    return lines + [make() for make in missing.values()]


def _encoded(lines: list[str]) -> bytes:
    head = "\r\n".join(lines)
    breaks = len(lines) - 1
    if head.count("\r") != breaks or head.count("\n") != breaks or "\0" in head:
        raise Unwritable
    try:
        return head.encode("utf-8", "surrogateescape") + b"\r\n\r\n"
    except UnicodeEncodeError:
        raise Unwritable from None


@lru_cache(maxsize=64)
def _status_line(status: int) -> str:
    if not 200 <= status <= 999:
        raise Unwritable
    phrases = {entry.value: entry.phrase for entry in HTTPStatus}
    return f"HTTP/1.1 {status} {phrases.get(status, '')}"


def _date() -> str:
    return _date_at(int(time.time()))


@lru_cache(maxsize=1)
def _date_at(second: int) -> str:
    return f"Date: {formatdate(second, usegmt=True)}"


def _server() -> str:
    return "Server: tokentape"


_DEFAULTS = {"date": _date, "server": _server}
"""What an origin server says of itself, where the answer at hand does not (RFC 9110 §6.6.1)."""
