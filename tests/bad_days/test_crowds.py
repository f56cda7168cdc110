"""Hundreds of clients at once, in every mode: counts are exact and nothing gets mixed up."""

from __future__ import annotations

import asyncio
import itertools
import resource
import socket
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import pytest
from aiohttp import web

from tests.bad_days.crowd import Crowd, entry
from tests.processes import PATIENCE, Workplace, awaited
from tests.wire import Client, card

CLIENTS, EACH = 200, 2
CALLS = CLIENTS * EACH


def named(number: int) -> dict[str, str]:
    return card(name=f"Ada Ohnesorg {number:05}")


async def test_each_is_recorded_once_and_replayed_once(workplace: Workplace) -> None:
    with workplace.serving("record", "crowd") as session:
        crowd = Crowd(session.url)
        await crowd.call(CLIENTS, EACH)
        assert crowd.results() == {"recorded": CALLS}
        health = Client(session.url).send("GET", "/_tokentape/health").json
        assert (health["recorded"], health["interactions"]) == (CALLS, CALLS)
        assert session.end() == 0, session.said
    assert f"{CALLS} recorded, 0 replayed, 0 missed, 0 refused, 0 unused" in session.said
    text = workplace.text("crowd")
    assert Counter(text.count(entry(number)) for number in range(CALLS)) == {1: CALLS}
    assert text.count("- request:\n") == CALLS

    recorded = {one.number: one.json["card"]["exp_year"] for one in crowd.answers}
    with workplace.serving("replay", "crowd", "--strict") as session:
        crowd = Crowd(session.url)
        await crowd.call(CLIENTS, EACH)
        assert crowd.results() == {"replayed": CALLS}
        assert {one.number: one.json["card"]["exp_year"] for one in crowd.answers} == recorded
        assert session.end() == 0, session.said
    assert f"0 recorded, {CALLS} replayed, 0 missed, 0 refused, 0 unused" in session.said


async def test_auto_records_what_is_new_and_nothing_else(workplace: Workplace) -> None:
    with workplace.recorded("crowd") as url:
        await Crowd(url).call(CLIENTS, EACH // 2)
    with workplace.serving("auto", "crowd") as session:
        crowd = Crowd(session.url)
        await crowd.call(CLIENTS, EACH)
        assert crowd.results() == {"recorded": CALLS // 2, "replayed": CALLS // 2}
        assert session.end() == 0, session.said
    text = workplace.text("crowd")
    assert Counter(text.count(entry(number)) for number in range(CALLS)) == {1: CALLS}


@pytest.mark.parametrize("mode", ["replay", "auto"])
async def test_everyone_reads_their_own_name(workplace: Workplace, mode: str) -> None:
    with workplace.recorded("names") as url:
        await Crowd(url, named).call(CLIENTS, 1)
    with workplace.serving(mode, "names", "--strict", "--on-exhausted", "miss") as session:
        crowd = Crowd(session.url, lambda number: named(number + 50_000))
        await crowd.call(CLIENTS, 1)
        assert crowd.results() == {"replayed": CLIENTS}
        names = {one.number: one.json["card"]["name"] for one in crowd.answers}
        assert names == {one: named(one + 50_000)["card[name]"] for one in range(CLIENTS)}
        assert session.end() == 0, session.said


async def test_those_beyond_the_limit_are_told_and_the_others_served(workplace: Workplace) -> None:
    workplace.configure("limits:\n  connections: 20\n")
    with workplace.recorded("crowd") as url:
        crowd = Crowd(url)
        await crowd.call(100, 1)
        assert set(crowd.results()) == {"recorded", "refused"}
        assert {one.status for one in crowd.answers} == {200, 503}
        assert Client(url).post(card()).result == "recorded"
        recorded = crowd.results()["recorded"] + 1
    assert workplace.text("crowd").count("- request:\n") == recorded


@contextmanager
def few_descriptors(count: int) -> Iterator[None]:
    """Let processes that start meanwhile begin with so few, but free to take more."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (count, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@asynccontextmanager
async def upstream(clients: int) -> AsyncIterator[str]:
    """Serve an upstream that answers once so many have asked."""
    asked, all_here = itertools.count(1), asyncio.Event()

    async def answer(request: web.BaseRequest) -> web.Response:
        await request.read()
        if next(asked) == clients:
            all_here.set()
        await asyncio.wait_for(all_here.wait(), PATIENCE)
        return web.json_response({"id": "tok_1NfEjL2eZvKYlo2CqAbCdEfG", "object": "token"})

    runner = web.ServerRunner(web.Server(answer))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, backlog=clients).start()
    yield "http://{}:{}".format(*runner.addresses[0])
    await runner.cleanup()


async def test_there_is_a_descriptor_for_each_client_and_its_request_upstream(
    workplace: Workplace,
) -> None:
    clients = 60
    async with upstream(clients) as url:
        with few_descriptors(64):
            session = workplace.serving("record", "few", "--upstream", url)
        with session:
            crowd = Crowd(session.url)
            await crowd.call(clients, 1)
            assert crowd.results() == {"recorded": clients}
            assert session.end() == 0, session.said


def test_without_a_descriptor_left_it_goes_on_as_soon_as_there_is_one(workplace: Workplace) -> None:
    with workplace.serving("record", "none") as session:
        resource.prlimit(session.process.pid, resource.RLIMIT_NOFILE, (30, 30))
        address = ("127.0.0.1", session.port)
        for _ in range(3):
            waiting = [socket.create_connection(address) for _ in range(60)]
            for one in waiting:
                one.close()
        awaited(lambda: answered(session.url), "an answer")
        assert session.end() == 0, session.said
    assert "failed" not in session.said


def answered(url: str) -> bool | None:
    try:
        return Client(url).post(card()).result == "recorded"
    except OSError:
        return None
