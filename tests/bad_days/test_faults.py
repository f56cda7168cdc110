"""A fault inside costs one request its answer, and no one else anything."""

from __future__ import annotations

import asyncio

import aiohttp
from tokentape.pure.http.messages import Request, Response

from tests.bad_days.inside import Recording
from tests.upstreams import stripe
from tests.wire import SECRET, card

KEY = {"Idempotency-Key": "retry-of-a-client-7Qx", "Authorization": f"Bearer {SECRET}"}


async def test_those_who_wait_for_a_first_try_that_fails_try_themselves() -> None:
    asked, right, good = 0, asyncio.Event(), stripe()

    async def answer(request: Request) -> Response:
        nonlocal asked
        asked += 1
        if asked <= 2:
            await right.wait()
            raise RuntimeError("4242" + "424242424242")
        return good(request)

    inside = Recording(answer)
    async with (
        inside.serving(),
        aiohttp.ClientSession(inside.url, timeout=aiohttp.ClientTimeout(10)) as session,
        asyncio.TaskGroup() as clients,
    ):
        tries = [
            clients.create_task(session.post("/v1/tokens", data=card(), headers=KEY))
            for _ in range(10)
        ]
        while not asked:
            await asyncio.sleep(0)
        right.set()
        answers = [await one for one in tries]
        bodies = {await one.text() for one in answers if one.status == 200}
    assert sorted(one.status for one in answers) == [200] * 8 + [500] * 2
    assert len(bodies) == 1
    assert inside.faults == ["RuntimeError"] * 2
    assert len(inside.take.chunks) == 1


async def test_a_fault_tells_its_kind_and_no_more() -> None:
    async def answer(request: Request) -> Response:
        raise ValueError(f"cannot read {request.body!r}")

    inside = Recording(answer)
    async with (
        inside.serving(),
        aiohttp.ClientSession(inside.url) as session,
        session.post("/v1/tokens", data=card(), headers=KEY) as answered,
    ):
        told = await answered.text()
    assert answered.status == 500
    assert "4242" not in told
    assert inside.faults == ["ValueError"]
    assert inside.said == []
