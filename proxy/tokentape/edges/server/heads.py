"""What a request parser finds, or says it cannot read."""

from __future__ import annotations

from typing import NamedTuple

from multidict import CIMultiDictProxy


class Unparsable(Exception):
    """Bytes that are no HTTP request. Carries none of them."""


class HeadTooLong(Unparsable):
    """A request line or a header line that is longer than allowed."""


class Head(NamedTuple):
    """A request's head as parsed.

    `lines` are the header lines as they came, `fields` the same for looking up; `closing` and
    `upgrade` follow the Connection header.
    """

    method: str
    target: str
    version: tuple[int, int]
    lines: tuple[tuple[bytes, bytes], ...]
    fields: CIMultiDictProxy[str]
    closing: bool
    chunked: bool
    upgrade: bool

    def __repr__(self) -> str:
        return f"<Head, {len(self.lines)} headers>"
