"""The one undocumented part of aiohttp that the server uses: its request parser, C or Python.

aiohttp's own protocol class is left out: it has no deadline for bodies, its log and its 400 page
quote what was sent, and it costs more than all else here. What this module relies on is pinned by
`tests/edges/test_aiohttp_private.py`, which fails when an aiohttp changes it.
"""

from __future__ import annotations

import asyncio
import sys
from typing import cast

from aiohttp import StreamReader
from aiohttp.base_protocol import BaseProtocol
from aiohttp.http import HttpRequestParser, RawRequestMessage
from aiohttp.http_exceptions import LineTooLong

from tokentape.edges.server.heads import Head, HeadTooLong, Unparsable


class _Brake:
    """Stands in for the protocol that the parser slows down when its buffers are full."""

    connected = True

    def __init__(self) -> None:
        self.pulled = False

    def pause_reading(self) -> None:
        self.pulled = True

    def resume_reading(self, resume_parser: bool = True) -> None:  # noqa: FBT001, FBT002 - aiohttp's
        """Nothing was slowed down."""


class RequestParser:
    """Bytes in, one request at a time out."""

    def __init__(self, loop: asyncio.AbstractEventLoop, *, max_line: int, buffer: int) -> None:
        """Lines of a head have at most `max_line` bytes; a body is well under `buffer` bytes."""
        self._brake = _Brake()
        self._parser = HttpRequestParser(
            cast(BaseProtocol, self._brake),
            loop,
            buffer,
            max_line_size=max_line,
            max_field_size=max_line,
            max_headers=sys.maxsize,
            auto_decompress=False,
            max_msg_queue_size=1,
        )
        self._payload: StreamReader | None = None

    def feed(self, data: bytes) -> Head | None:
        """Take bytes; return the head once it is there. Raises Unparsable.

        What follows the request waits in the parser until `release`.
        """
        try:
            messages, _, _ = self._parser.feed_data(data)
        except LineTooLong:
            raise HeadTooLong from None
        except Exception:  # noqa: BLE001 - whatever it is, its text may quote what was sent
            raise Unparsable from None
        if not messages:
            return None
        message, self._payload = messages[0]
        return _head(message)

    @property
    def received(self) -> int:
        """Bytes of the body so far."""
        return self._payload.total_bytes if self._payload else 0

    @property
    def overfull(self) -> bool:
        """Whether the body, or the number of its chunks, is beyond the buffer."""
        return self._brake.pulled

    def body(self) -> bytes | None:
        """Return the whole body, or None while some of it is missing. Raises Unparsable."""
        assert self._payload is not None
        if self._payload.exception() is not None:
            raise Unparsable
        return self._payload.read_nowait() if self._payload.is_eof() else None

    def release(self) -> None:
        """Forget the request, so that the next may be parsed."""
        self._payload = None
        self._parser.message_consumed()


def _head(message: RawRequestMessage) -> Head:
    return Head(
        message.method,
        message.path,
        (message.version.major, message.version.minor),
        message.raw_headers,
        message.headers,
        bool(message.should_close),
        bool(message.chunked),
        bool(message.upgrade),
    )
