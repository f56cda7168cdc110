"""From answers to bytes; no I/O."""

from __future__ import annotations

import time
from email.utils import formatdate
from functools import lru_cache
from http import HTTPStatus

from proxy.pure.messages import Response, without_hop_by_hop

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class Unwritable(Exception):
    """An answer that cannot be sent as HTTP/1.1: a status or a header no server may send."""


def rendered(response: Response, *, to_head: bool, connection: str) -> bytes:
    """Return the bytes of a final answer with its framing. Raises Unwritable.

    `to_head` is for answers to HEAD, which have no body. `connection` is the value of the
    Connection header; blank is none.
    """
    lines = [_status_line(response.status)]
    lines += [f"{name}: {value}" for name, value in _kept(response)]
    lines += _added(response, to_head=to_head, connection=connection)
    head = "\r\n".join(lines)
    if head.count("\r") != len(lines) - 1 or head.count("\n") != len(lines) - 1 or "\0" in head:
        raise Unwritable
    try:
        raw = head.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        raise Unwritable from None
    return raw + b"\r\n\r\n" + (b"" if to_head or _bodiless(response) else response.body)


def _kept(response: Response) -> list[tuple[str, str]]:
    headers = without_hop_by_hop(response.headers)
    return [(name, value) for name, value in headers if name.lower() != "content-length"]


def _added(response: Response, *, to_head: bool, connection: str) -> list[str]:
    lines = []
    if response.header("date") is None:
        lines.append(f"Date: {_date(int(time.time()))}")
    if response.header("server") is None:
        lines.append("Server: tokentape")
    if connection:
        lines.append(f"Connection: {connection}")
    if not _bodiless(response) and (response.body or not to_head):
        lines.append(f"Content-Length: {len(response.body)}")
    return lines


def _bodiless(response: Response) -> bool:
    return response.status in (204, 304)


@lru_cache(maxsize=64)
def _status_line(status: int) -> str:
    if not 200 <= status <= 999:
        raise Unwritable
    phrases = {entry.value: entry.phrase for entry in HTTPStatus}
    return f"HTTP/1.1 {status} {phrases.get(status, '')}"


@lru_cache(maxsize=1)
def _date(second: int) -> str:
    return formatdate(second, usegmt=True)
