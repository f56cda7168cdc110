"""Many clients at once, who make calls that a cassette can tell apart."""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from tests.processes import PATIENCE
from tests.wire import SECRET, card

HEADERS = {"Authorization": f"Bearer {SECRET}"}


def numbered(number: int) -> dict[str, str]:
    """Return the fields of a card with an expiry that no other number has."""
    return card(exp_month=str(number % 12 + 1), exp_year=str(2030 + number // 12))


def entry(number: int) -> str:
    """Return what stands in a cassette for the call with that number alone."""
    sent = numbered(number)
    return "&".join(f"{name}={sent[name]}" for name in ("card[exp_month]", "card[exp_year]")) + "&"


@dataclass(frozen=True)
class Answered:
    """An answer that a client read whole."""

    number: int
    status: int
    result: str
    json: Any


@dataclass
class Crowd:
    """Clients, each on a connection of its own, and what they were answered."""

    url: str
    fields: Callable[[int], Mapping[str, str]] = numbered
    answers: list[Answered] = field(default_factory=list)
    broken: int = 0
    """Clients that were cut off."""

    def results(self) -> Counter[str]:
        return Counter(one.result for one in self.answers)

    async def call(self, clients: int, each: int) -> None:
        """Let clients make so many calls each; no number is called twice."""
        total = clients * each
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
            turns = (range(first, total, clients) for first in range(clients))
            await asyncio.gather(*(self._client(session, numbers) for numbers in turns))

    @asynccontextmanager
    async def calling(self, clients: int) -> AsyncIterator[None]:
        """Let clients call without end while the body runs, and then until they are cut off."""
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
            turns = (itertools.count(first, clients) for first in range(clients))
            clients_at_work = [
                asyncio.create_task(self._client(session, numbers)) for numbers in turns
            ]
            yield
            await asyncio.gather(*clients_at_work)

    async def until(self, count: int) -> None:
        """Wait for so many answers."""
        async with asyncio.timeout(PATIENCE):
            while len(self.answers) < count:
                await asyncio.sleep(0.001)

    async def _client(self, session: aiohttp.ClientSession, numbers: Iterable[int]) -> None:
        for number in numbers:
            try:
                self.answers.append(await self._called(session, number))
            except (aiohttp.ClientError, OSError):
                self.broken += 1
                return

    async def _called(self, session: aiohttp.ClientSession, number: int) -> Answered:
        async with session.post(
            f"{self.url}/v1/tokens", data=self.fields(number), headers=HEADERS
        ) as answer:
            result = answer.headers["Tokentape-Result"]
            return Answered(number, answer.status, result, await answer.json())
