"""A bounded asyncio client, where wrk is missing: the same requests, the same line of JSON.

    python -m bench.client URL FILE NEW CONNECTIONS SECONDS

It costs more than wrk, so fast servers look slower than they are; ratios come out nearer to 1.
`{new}` in a request is NEW and a number, new each time.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import re
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from bench.traffic import NEW, new_value

_CHUNKED, _LAST_CHUNK = b"\r\ntransfer-encoding: chunked", b"\r\n0\r\n\r\n"
_LENGTH = re.compile(rb"\r\nContent-Length: *(\d+)", re.IGNORECASE)


def requests_of(path: Path) -> list[bytes]:
    """Return the raw requests of a file, as `bench.load.write` wrote them."""
    requests = []
    with path.open("rb") as file:
        for length in file:
            requests.append(file.read(int(length)))  # noqa: PERF401  the file is read in two ways
    return requests


def _whole(answer: bytes) -> bool:
    head = answer.find(b"\r\n\r\n")
    if _CHUNKED in answer[:head].lower():
        return answer.endswith(_LAST_CHUNK)
    match = _LENGTH.search(answer, 0, head) if head >= 0 else None
    return match is not None and len(answer) >= head + 4 + int(match[1])


class Connection(asyncio.Protocol):
    """Asks, waits for the whole answer, asks again, until the time is over."""

    def __init__(self, waiting: Iterator[bytes], until: float) -> None:
        self._waiting, self._until = waiting, until
        self._answer = b""
        self.seconds: list[float] = []
        self.failed = 0
        self.over = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._ask()

    def _ask(self) -> None:
        self._sent = time.perf_counter()
        if self._sent < self._until:
            self._transport.write(next(self._waiting))
        else:
            self._transport.close()

    def data_received(self, data: bytes) -> None:
        self._answer += data
        if not _whole(self._answer):
            return
        self.seconds.append(time.perf_counter() - self._sent)
        self.failed += self._answer[9:10] not in (b"2", b"3")
        self._answer = b""
        self._ask()

    def connection_lost(self, _exc: Exception | None) -> None:
        self.failed += time.perf_counter() < self._until
        self.over.set_result(None)


def endless(requests: list[bytes], prefix: str) -> Iterator[bytes]:
    """Yield requests over and over, with new values for `{new}`."""
    numbers = itertools.count(1)
    for request in itertools.cycle(requests):
        yield (
            request.replace(NEW, new_value(prefix, next(numbers))) if NEW in request else request
        )


def _itself(client: Connection) -> Connection:
    return client


async def load(url: str, waiting: Iterator[bytes], connections: int, seconds: float) -> str:
    """Load a server; return the figures as JSON."""
    address, start = urlsplit(url), time.perf_counter()
    clients = [Connection(waiting, start + seconds) for _ in range(connections)]
    loop, where = asyncio.get_running_loop(), (address.hostname or "", address.port or 80)
    for client in clients:
        await loop.create_connection(partial(_itself, client), *where)
    async with asyncio.timeout(seconds + 30):
        await asyncio.gather(*(client.over for client in clients))
    answers = sorted(itertools.chain.from_iterable(client.seconds for client in clients))
    report = {
        "requests": len(answers),
        "seconds": time.perf_counter() - start,
        "failed": sum(client.failed for client in clients),
        "p50": 1e3 * answers[len(answers) // 2],
        "p99": 1e3 * answers[len(answers) * 99 // 100],
    }
    return json.dumps(report)


if __name__ == "__main__":
    address, file, prefix, connections, seconds = sys.argv[1:]
    waiting = endless(requests_of(Path(file)), prefix)
    print(asyncio.run(load(address, waiting, int(connections), float(seconds))))
