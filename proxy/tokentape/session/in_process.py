"""Sessions inside another program: in a thread for pytest, without a port for vcrpy."""

from __future__ import annotations

import asyncio
import inspect
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from dataclasses import replace
from typing import Any, TypeVar

from tokentape.edges import terminal
from tokentape.edges.server import loop_exception_handler
from tokentape.edges.settings import Settings
from tokentape.pure.http.messages import Request, Response
from tokentape.pure.redaction.live_keys import has_live_key
from tokentape.pure.replay.decide import Mode, replays, writes
from tokentape.session.opening import InProcessUpstream, Opener
from tokentape.session.service import RESULT, Notice

T = TypeVar("T")


class Background:
    """A thread with an event loop, to be closed once, and an opener of sessions to run there."""

    def __init__(self, settings: Settings) -> None:
        self.opener = Opener(settings, terminal.say, _fault)
        self._ready: Future[asyncio.AbstractEventLoop] = Future()
        self._thread = threading.Thread(target=self._run, name="tokentape", daemon=True)
        self._thread.start()
        self._loop = self._ready.result()

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine in the thread; return its result, or raise its error."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def close(self) -> None:
        """End the thread."""
        self._loop.call_soon_threadsafe(self._closed.set)
        self._thread.join()

    def _run(self) -> None:
        asyncio.run(self._until_closed())

    async def _until_closed(self) -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(loop_exception_handler(_fault))
        self._closed = asyncio.Event()
        self._ready.set_result(loop)
        await self._closed.wait()


def _fault(kind: str) -> None:
    terminal.say(f"failed inside at a request: {kind}", colour="red")


class InProcess:
    """One session of one cassette without a port; what it records is written when it is saved.

    Its caller asks it, and tells it what was answered elsewhere.
    """

    def __init__(self, opener: Opener, mode: Mode, name: str, notice: Notice) -> None:
        """Load the cassette, unless it is to be recorded afresh. Raises CassetteError."""
        self.writes = writes(mode)
        self._replays = replays(mode)
        self.service = opener.service(mode, name, notice=notice)
        self.service.remembers = False  # there is no port to give answers again
        self._allow_live = self.service.policy.allow_live
        self.service.policy = replace(self.service.policy, allow_live=True)  # see may_leave
        self._opener = opener
        self._loaded = len(self.service.recorded)
        self._chunks: list[bytes] = []
        self.service.recorder = opener.recorder(self.service, self._chunks)

    def replayed(self, request: Request) -> Response | None:
        """Return the recorded answer to a request, or None for a miss."""
        if not self._replays:
            return None
        self.service.mode = Mode.REPLAY
        handled = self.service.handle(request)
        assert not inspect.isawaitable(handled), "replay waits for nothing"
        answer, done = handled
        done(True)  # noqa: FBT003  the server's callback
        return None if answer.header(RESULT) == "miss" else answer

    def may_leave(self, request: Request) -> bool:
        """Tell whether a request may be sent, for what was answered to be recorded."""
        return self._allow_live or not has_live_key(request)

    async def record(self, request: Request, answer: Response) -> bool:
        """Record what was answered to a request; tell whether it may be written."""
        before = len(self.service.recorded)
        self.service.mode = Mode.RECORD
        self.service.upstream = InProcessUpstream(lambda _: answer)
        handled = self.service.handle(request)
        if inspect.isawaitable(handled):
            await handled
        return len(self.service.recorded) > before

    async def save(self) -> str:
        """Write the cassette with what was recorded; return its path, or nothing for nothing.

        Raises CassetteError, and then the old cassette stands.
        """
        if not self._chunks:
            return ""
        take = self._opener.take(self.service.name, self.service.recorded[: self._loaded])
        for chunk in self._chunks:
            take.append(chunk)
        return str(await take.finish())
