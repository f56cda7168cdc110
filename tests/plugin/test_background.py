"""The thread in which the plugin's sessions run: whoever waits for it learns that it has ended."""

from __future__ import annotations

import asyncio

import pytest
from tokentape.edges.settings import Settings
from tokentape.errors import BackgroundLost
from tokentape.session.in_process import Background


async def end_the_thread() -> None:
    asyncio.get_running_loop().stop()
    await asyncio.sleep(60)


async def nothing() -> None:
    pass


def test_work_is_done_and_its_errors_are_raised() -> None:
    background = Background(Settings())
    assert background.do(asyncio.sleep(0, "result")) == "result"
    with pytest.raises(TimeoutError):
        background.do(asyncio.wait_for(asyncio.sleep(60), 0.01))
    background.close()


def test_nobody_waits_for_a_thread_that_has_ended() -> None:
    background = Background(Settings())
    with pytest.raises(BackgroundLost):
        background.do(end_the_thread())
    with pytest.raises(BackgroundLost, match="ended: RuntimeError"):
        background.do(nothing())
    background.close()
