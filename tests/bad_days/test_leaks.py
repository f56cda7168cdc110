"""What a request took is given back: memory, descriptors, tasks."""

from __future__ import annotations

import asyncio
import gc
from collections import Counter
from itertools import pairwise
from pathlib import Path

import aiohttp
from tokentape.pure.http.messages import Request, Response

from bench import soak
from tests.bad_days.inside import Recording
from tests.processes import PATIENCE
from tests.upstreams import saying
from tests.wire import SECRET, card

ROUND = 150


async def test_a_soak_of_two_processes(tmp_path: Path) -> None:
    """`make soak` does the same with many more requests."""
    assert await soak.soak(tmp_path, 1_000) == ()


async def test_the_same_again_leaves_no_object_behind() -> None:
    """Everything but recording: forwarded, refused and malformed requests, and retries."""

    async def answer(request: Request) -> Response:
        return saying(503, b"{}")(request)

    inside = Recording(answer)
    kinds: list[tuple[int, int]] = []
    async with inside.serving():
        for _ in range(4):
            await _round(inside.url)
            async with asyncio.timeout(PATIENCE):
                while len(asyncio.all_tasks()) > 2:  # this one, and the listener's
                    await asyncio.sleep(0.01)
            inside.said.clear()
            kinds.append(await _settled())
    assert inside.faults == []
    assert kinds[3][1] <= kinds[1][1]
    # asyncio holds on to timers that were cancelled, and lets go of many at a time.
    more = [later[0] - before[0] for before, later in pairwise(kinds[1:])]
    assert min(more) < ROUND, "more objects with every round"


async def _settled() -> tuple[int, int]:
    """Return how many objects there are, and how many of a request, once connections are gone."""
    for _ in range(int(PATIENCE * 10)):
        gc.collect()
        found = Counter(type(one).__name__ for one in gc.get_objects())
        if not found["Connection"]:
            break
        await asyncio.sleep(0.1)
    return found.total(), found["Request"] + found["Connection"]


async def _round(url: str) -> None:
    headers = {"Authorization": f"Bearer {SECRET}"}
    async with aiohttp.ClientSession(url, headers=headers) as session:
        for number in range(ROUND):
            key = {"Idempotency-Key": f"key-{number}"}
            for made in (
                session.post("/v1/tokens", data=card(name=str(number)), headers=key),
                session.post("/v1/tokens", data=b"\0", headers={"Content-Type": "image/png"}),
                session.get("/v1/bicycles"),
                session.get("/v1/tokens", headers={"Expect": "nothing"}),
            ):
                async with made as answered:
                    await answered.read()
