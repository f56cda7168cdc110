"""Very many requests against one replaying and one recording process: neither may leak.

    python -m bench.soak [REQUESTS]

Each process gets REQUESTS (100,000 by default) from clients that come and go, some of them badly.
Afterwards its memory has not grown with the number of requests, and it holds as many descriptors
and threads as before. A recording grows with what it records, which is one request in ten: the
others are retries of it. Exits with 1 if there is a leak.
"""

from __future__ import annotations

import asyncio
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import aiohttp

from tests.bad_days.crowd import HEADERS, Crowd, numbered
from tests.processes import Session, Workplace

CLIENTS = 20
CALLS = 20
"""How many calls a client makes before it goes and another comes."""
INTERACTIONS = 200
"""Interactions of the cassette that is replayed."""
TRIES = 10
"""How often a request that is recorded is sent."""

GROWTH = 8 << 20
"""Bytes that a process may grow by, however many requests there are: what allocators keep."""
INTERACTION = 24 << 10
"""Bytes that an interaction may take in the memory of the process that records it, with the answer
that is kept for its retries."""


@dataclass(frozen=True)
class Size:
    """What a process holds: bytes of memory, open descriptors, threads."""

    memory: int
    descriptors: int
    threads: int

    def __str__(self) -> str:
        return f"{self.memory / 2**20:.1f} MiB, {self.descriptors} fds, {self.threads} threads"


def size_of(pid: int) -> Size:
    """Return the size of a running process (Linux)."""
    process = Path(f"/proc/{pid}")
    fields = dict(re.findall(r"^(\w+):\s+(\d+)", (process / "status").read_text(), re.MULTILINE))
    descriptors = len(list((process / "fd").iterdir()))
    return Size(int(fields["VmRSS"]) << 10, descriptors, int(fields["Threads"]))


@dataclass(frozen=True)
class Call:
    fields: dict[str, str]
    headers: dict[str, str]


def replayed(number: int) -> Call:
    """Return a request that is in the cassette; one in fifty is not."""
    return Call(numbered(number % INTERACTIONS if number % 50 else INTERACTIONS + 1), HEADERS)


def retried(number: int) -> Call:
    """Return one of the tries of a request that no one made before."""
    key = {"Idempotency-Key": f"soak-{number // TRIES}"}
    return Call(numbered(number // TRIES), HEADERS | key)


async def called(url: str, call: Callable[[int], Call], numbers: Iterable[int]) -> Counter[str]:
    """Make calls, `CLIENTS` at a time, and count their results."""
    waiting, results = iter(numbers), Counter[str]()

    async def clients() -> None:
        while turn := tuple(islice(waiting, CALLS)):
            await _misbehave(url, turn[0])
            async with aiohttp.ClientSession(headers={"Connection": "keep-alive"}) as session:
                for number in turn:
                    planned = call(number)
                    async with session.post(
                        f"{url}/v1/tokens", data=planned.fields, headers=planned.headers
                    ) as answer:
                        await answer.read()
                        results[answer.headers["Tokentape-Result"]] += 1

    await asyncio.gather(*(clients() for _ in range(CLIENTS)))
    return results


async def _misbehave(url: str, number: int) -> None:
    """Go in the middle of a head, of a body, after nonsense, or without reading the answer."""
    host, _, port = url.removeprefix("http://").partition(":")
    _, writer = await asyncio.open_connection(host, int(port))
    head = b"GET /v1/tokens/tok_visa HTTP/1.1\r\nHost: localhost\r\n"
    ends = (b"", b"Content-Length: 100\r\n\r\nhalf", b"\0\r\n\r\n", b"\r\n", b"\r\n" + head)
    writer.write(head + ends[number % len(ends)])
    await writer.drain()
    writer.transport.abort() if number % 2 else writer.close()


async def soaked(
    session: Session, call: Callable[[int], Call], requests: int, allowed: int
) -> tuple[str, ...]:
    """Make calls of a session; return what leaks. `allowed` are the bytes that it may grow by."""
    pid, start = session.process.pid, time.monotonic()
    before = size_of(pid)
    warming = max(requests // 10, CLIENTS * CALLS)
    results = await called(session.url, call, range(warming))
    await asyncio.sleep(1.5)  # a take starts a thread to sync, a second after its first write
    warm = size_of(pid)
    results += await called(session.url, call, range(warming, warming + requests))
    after = await _at_rest(pid, before)
    rate = results.total() / (time.monotonic() - start)
    print(f"{warm}; after {requests:,} requests, {rate:,.0f}/s, {after}")
    growth = after.memory - warm.memory
    leaks = {
        f"its memory grew by {growth:,} bytes, of {allowed:,} allowed": growth > allowed,
        f"{after.descriptors} descriptors are open": after.descriptors > before.descriptors,
        f"{after.threads} threads run": after.threads > warm.threads,
        f"of {warming + requests:,} calls some were not answered": (
            results.total() != warming + requests
        ),
    }
    return tuple(leak for leak, present in leaks.items() if present)


async def _at_rest(pid: int, before: Size) -> Size:
    """Return the size of a process once it has seen its clients out, or has not for seconds."""
    for _ in range(100):
        size = size_of(pid)
        if size.descriptors <= before.descriptors:
            break
        await asyncio.sleep(0.1)
    return size


async def soak(directory: Path, requests: int) -> tuple[str, ...]:
    """Soak a replaying and a recording process; return what leaks."""
    place = Workplace(directory)
    with place.recorded("soak") as url:
        await Crowd(url).call(10, INTERACTIONS // 10)
    with place.serving("replay", "soak") as session:
        leaks = [f"replay: {leak}" for leak in await soaked(session, replayed, requests, GROWTH)]
        await asyncio.to_thread(session.end)
    with place.serving("record", "new") as session:
        allowed = GROWTH + INTERACTION * requests // TRIES
        leaks += [f"record: {leak}" for leak in await soaked(session, retried, requests, allowed)]
        await asyncio.to_thread(session.end)
    return tuple(leaks)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as directory:
        leaks = asyncio.run(soak(Path(directory), int((*sys.argv[1:], "100000")[0])))
    for leak in leaks:
        print(leak, file=sys.stderr)
    sys.exit(bool(leaks))
