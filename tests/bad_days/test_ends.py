"""Told to end, or killed, while clients keep calling: what they were answered is on disk."""

from __future__ import annotations

import asyncio
import random
import signal
from collections.abc import Iterable

import pytest

from tests.bad_days.crowd import Crowd, entry
from tests.processes import Workplace

CLIENTS = 40
CHANCE = random.Random(20261123)


def missing(text: str, numbers: Iterable[int]) -> list[int]:
    """Return the numbers that a cassette does not have exactly once."""
    return [number for number in numbers if text.count(entry(number)) != 1]


def recorded(crowd: Crowd) -> list[int]:
    return [one.number for one in crowd.answers if one.result == "recorded"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_told_to_end_under_load_it_ends_soon_and_keeps_what_it_answered(
    workplace: Workplace, number: signal.Signals
) -> None:
    workplace.configure("timeouts:\n  shutdown: 3600\n")
    with workplace.serving("record", "load") as session:
        crowd = Crowd(session.url)
        async with crowd.calling(CLIENTS):
            await crowd.until(200)
            assert await asyncio.to_thread(session.end, number) == 0, session.said
    text = workplace.text("load")
    assert crowd.broken == CLIENTS
    assert missing(text, recorded(crowd)) == []
    assert f"{text.count('- request:')} recorded, 0 replayed, 0 missed" in session.said
    assert len(recorded(crowd)) == len(crowd.answers)
    assert "failed" not in session.said


async def test_a_client_that_says_no_more_does_not_hold_it_up(workplace: Workplace) -> None:
    workplace.configure("timeouts:\n  shutdown: 3600\n")
    with workplace.serving("record", "held") as session:
        crowd = Crowd(session.url)
        await crowd.call(5, 1)
        half = await asyncio.open_connection("127.0.0.1", session.port)
        half[1].write(b"POST /v1/tokens HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nca")
        silent = await asyncio.open_connection("127.0.0.1", session.port)
        refused = await asyncio.open_connection("127.0.0.1", session.port)
        refused[1].write(b"nonsense\r\n\r\n")
        assert b" 400 " in await refused[0].readline()
        assert await asyncio.to_thread(session.end) == 0, session.said
        for _, writer in (half, silent, refused):
            writer.close()
    assert missing(workplace.text("held"), recorded(crowd)) == []


@pytest.mark.parametrize("answers", CHANCE.sample(range(1, 200), 2))
@pytest.mark.parametrize("mode", ["record", "auto"])
async def test_killed_at_any_moment_it_can_be_recovered(
    workplace: Workplace, mode: str, answers: int
) -> None:
    with workplace.serving("record", "killed") as session:
        before = Crowd(session.url)
        await before.call(4, 2)
        assert session.end() == 0
    old = workplace.text("killed")
    with workplace.serving(mode, "killed") as session:
        crowd = Crowd(session.url)
        async with crowd.calling(CLIENTS):
            await crowd.until(answers)
            session.kill()
    assert workplace.text("killed") == old
    if not recorded(crowd):
        return
    told = workplace.run("recover", "killed")
    assert told.returncode == 0, told.stderr
    kept = workplace.text("killed")
    assert missing(kept, recorded(crowd)) == []
    assert kept.count("- request:") <= len(crowd.answers) + CLIENTS
    if mode == "auto":
        assert kept.startswith(old)


@pytest.mark.parametrize("milliseconds", [0, 3, 20])
async def test_killed_while_it_ends_it_leaves_the_cassette_or_a_take(
    workplace: Workplace, milliseconds: int
) -> None:
    with workplace.serving("record", "ending") as session:
        crowd = Crowd(session.url)
        await crowd.call(50, 4)
        session.process.send_signal(signal.SIGTERM)
        await asyncio.sleep(milliseconds / 1000)
        session.kill()
    if (workplace.path("ending").parent / ".ending.take").exists():
        told = workplace.run("recover", "ending")
        assert told.returncode == 0, told.stderr
    text = workplace.text("ending")
    assert missing(text, recorded(crowd)) == []
    assert text.count("- request:") == 200
    with workplace.recorded("ending"):  # whatever was left does not stand in the way
        pass
    assert [path.name for path in workplace.path("ending").parent.iterdir()] == ["ending.yaml"]
