"""Sessions in a thread of their own, for callers without an event loop: tests."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

from tokentape.edges import terminal
from tokentape.edges.server import loop_exception_handler
from tokentape.edges.settings import Settings
from tokentape.session.opening import Opener

T = TypeVar("T")


class Background:
    """A thread with an event loop, to be closed once, and an opener of sessions to run there."""

    def __init__(self, settings: Settings) -> None:
        self.opener = Opener(settings, terminal.say, terminal.fault)
        self._ready: Future[asyncio.AbstractEventLoop] = Future()
        self._thread = threading.Thread(target=self._live, name="tokentape", daemon=True)
        self._thread.start()
        self._loop = self._ready.result()

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        """Have the thread do something; return or raise what comes of it."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def close(self) -> None:
        """End the thread."""
        self._loop.call_soon_threadsafe(self._closed.set)
        self._thread.join()

    def _live(self) -> None:
        asyncio.run(self._until_closed())

    async def _until_closed(self) -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(loop_exception_handler(terminal.fault))
        self._closed = asyncio.Event()
        self._ready.set_result(loop)
        await self._closed.wait()
