"""A fault inside costs one request its answer, and no one else anything."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import aiohttp

from proxy import assembly
from proxy.edges.server import Server
from proxy.edges.settings import Match, Redact
from proxy.pure.decide import Mode
from proxy.pure.matching import Session
from proxy.pure.messages import Request, Response
from proxy.recorder import Recorder
from proxy.service import Policy, Service
from tests.upstreams import stripe
from tests.wire import SECRET, card

KEY = {"Idempotency-Key": "retry-of-a-client-7Qx", "Authorization": f"Bearer {SECRET}"}


class Shelf:
    """A take that is always written."""

    def __init__(self) -> None:
        self.chunks: list[bytes] = []

    async def append(self, chunk: bytes) -> None:
        self.chunks.append(chunk)


class Asked:
    """An upstream that answers as it is told."""

    def __init__(self, answer: Callable[[Request], Awaitable[Response]]) -> None:
        self.send = answer


@asynccontextmanager
async def serving(
    answer: Callable[[Request], Awaitable[Response]], take: Shelf, faults: list[str]
) -> AsyncIterator[str]:
    door = assembly.door(Redact(), Match())
    session = Session(assembly.shape(Match()), "faults")
    recorder = Recorder(door, take, session.variables, assembly.vocabulary())
    service = Service(Mode.RECORD, "faults", door, Policy(), session, print, Asked(answer), recorder)
    server = Server(
        service.handle,
        "127.0.0.1",
        0,
        max_head=16_384,
        max_body=100_000,
        max_connections=50,
        request_timeout=5,
        shutdown_timeout=1,
        on_fault=faults.append,
    )
    _, port = await server.start()
    yield f"http://127.0.0.1:{port}/v1/tokens"
    await server.stop()


async def test_those_who_wait_for_a_first_try_that_fails_try_themselves() -> None:
    asked, right, good = 0, asyncio.Event(), stripe()

    async def answer(request: Request) -> Response:
        nonlocal asked
        asked += 1
        if asked <= 2:
            await right.wait()
            raise RuntimeError("4242" + "424242424242")
        return good(request)

    take, faults = Shelf(), list[str]()
    async with (
        serving(answer, take, faults) as url,
        aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(5)) as session,
        asyncio.TaskGroup() as clients,
    ):
        tries = [
            clients.create_task(session.post(url, data=card(), headers=KEY)) for _ in range(10)
        ]
        while not asked:
            await asyncio.sleep(0)
        right.set()
        statuses = sorted([(await one).status for one in tries])
        bodies = {await (await one).text() for one in tries if (await one).status == 200}
    assert statuses == [200] * 8 + [500] * 2
    assert len(bodies) == 1
    assert faults == ["RuntimeError"] * 2
    assert len(take.chunks) == 1


async def test_the_fault_tells_its_kind_and_no_more() -> None:
    async def answer(request: Request) -> Response:
        raise ValueError(f"cannot read {request.body!r}")

    faults = list[str]()
    async with (
        serving(answer, Shelf(), faults) as url,
        aiohttp.ClientSession() as session,
        session.post(url, data=card(), headers=KEY) as answered,
    ):
        told = await answered.text()
    assert answered.status == 500
    assert "4242" not in told
    assert faults == ["ValueError"]
