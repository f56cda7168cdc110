"""Sessions inside another program: in a thread for pytest, without a port for vcrpy."""

from __future__ import annotations

import asyncio
import inspect
import selectors
import socket
import threading
from collections.abc import Coroutine
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import suppress
from dataclasses import replace
from typing import Any, TypeVar

from tokentape.edges import terminal
from tokentape.edges.server import SpareDescriptors, loop_exception_handler
from tokentape.edges.settings import Settings
from tokentape.errors import BackgroundLost
from tokentape.pure.http.messages import Request, Response
from tokentape.pure.redaction.live_keys import has_live_key
from tokentape.pure.replay.decide import Mode, replays, writes
from tokentape.pure.stripe.upstreams import UpstreamKind, together
from tokentape.pure.watching.events import Watch, noticing
from tokentape.session.arrivals import RESULT
from tokentape.session.opening import Opener
from tokentape.session.upstreams import InProcessUpstream

T = TypeVar("T")

_END_SECONDS = 1.0


class Background:
    """A thread with an event loop, to be closed once, and an opener of sessions to run there.

    Nobody waits for a thread that has ended: whatever ended it is raised where its work is wanted.
    """

    def __init__(self, settings: Settings) -> None:
        """Start it. Raises BackgroundLost where the event loop cannot be had."""
        self.opener = Opener(settings, noticing(terminal.say), self._fault)
        self.faults: list[str] = []
        """The class names of errors inside, since whoever reads them cleared them."""
        self._ready: Future[asyncio.AbstractEventLoop] = Future()
        self._ended: Future[None] = Future()
        self._thread = threading.Thread(target=self._run, name="tokentape", daemon=True)
        self._thread.start()
        self._loop = self._first(self._ready)

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine in the thread; return its result, or raise its error.

        Raises BackgroundLost if the thread has ended.
        """
        if self._ended.done():
            work.close()
            raise self._lost()
        return self._first(asyncio.run_coroutine_threadsafe(work, self._loop))

    def close(self) -> None:
        """End the thread."""
        with suppress(RuntimeError):  # it has ended, and its loop is closed
            self._loop.call_soon_threadsafe(self._closed.set)
        self._thread.join()

    def _first(self, future: Future[T]) -> T:
        """Return a result as soon as it is there, or raise BackgroundLost if it never will be."""
        futures: tuple[Future[Any], ...] = (future, self._ended)
        wait(futures, return_when=FIRST_COMPLETED)
        if future.cancelled() or not future.done():
            raise self._lost()
        return future.result()

    def _lost(self) -> BackgroundLost:
        self._thread.join(_END_SECONDS)  # which cancels what is under way
        return BackgroundLost(self._ended.exception() if self._ended.done() else None)

    def _run(self) -> None:
        try:
            _probe()
            asyncio.run(self._until_closed())
        except BaseException as error:  # noqa: BLE001  `_first` raises it in the other thread
            self._ended.set_exception(error)
        else:
            self._ended.set_result(None)

    async def _until_closed(self) -> None:
        loop = asyncio.get_running_loop()
        self._closed = asyncio.Event()
        with SpareDescriptors() as spares:
            loop.set_exception_handler(loop_exception_handler(self._fault, spares))
            self._ready.set_result(loop)
            await self._closed.wait()

    def _fault(self, kind: str) -> None:
        self.faults.append(kind)
        terminal.fault(kind)


def _probe() -> None:
    """Open and close what an event loop needs. Raises OSError where that cannot be had.

    asyncio would leave half of a loop behind, which complains when it is collected, in some later
    test.
    """
    with selectors.DefaultSelector():
        for end in socket.socketpair():
            end.close()


class InProcess:
    """One session of one cassette without a port; what it records is written when it is saved.

    Its caller asks it, and tells it what was answered elsewhere.
    """

    def __init__(self, opener: Opener, mode: Mode, name: str, watch: Watch) -> None:
        """Load the cassette, unless it is to be recorded afresh. Raises CassetteError."""
        self.writes = writes(mode)
        self._replays = replays(mode)
        self.service = opener.service(mode, name, watch=watch)
        self.service.remembers = False  # there is no port to give answers again
        self._allow_live = self.service.policy.allow_live
        self.service.policy = replace(self.service.policy, allow_live=True)  # see may_leave
        self._opener = opener
        self._loaded = len(self.service.recorded)
        self._chunks: list[bytes] = []
        self._kinds: set[UpstreamKind] = set()
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

    async def record(self, request: Request, answer: Response, kind: UpstreamKind) -> bool:
        """Record what a kind of upstream answered to a request; tell whether it may be written."""
        self._kinds.add(kind)
        before = len(self.service.recorded)
        self.service.mode = Mode.RECORD
        self.service.upstream = InProcessUpstream(lambda _: answer)
        handled = self.service.handle(request)
        _, done = await handled if inspect.isawaitable(handled) else handled
        done(True)  # noqa: FBT003  the server's callback
        return len(self.service.recorded) > before

    async def save(self) -> str:
        """Write the cassette with what was recorded; return its path, or nothing for nothing.

        Raises CassetteError, and then the old cassette stands.
        """
        if not self._chunks:
            return ""
        loaded = self.service.recorded[: self._loaded]
        kinds: set[UpstreamKind | None] = {*self._kinds}
        kinds |= {self.service.recorded_from} if loaded else set()
        take = self._opener.take(self.service, loaded, together(kinds))
        for chunk in self._chunks:
            take.append(chunk)
        return str(await take.finish())
