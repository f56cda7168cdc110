"""A session without a port: its caller asks it, and tells it what was answered elsewhere.

For vcrpy, which does the sending itself, and for recordings that others have made.
"""

from __future__ import annotations

import inspect
from dataclasses import replace

from tokentape.pure.http.messages import Request, Response
from tokentape.pure.redaction.live_keys import has_live_key
from tokentape.pure.replay.decide import Mode, replays, writes
from tokentape.session.opening import Notice, Opener
from tokentape.session.service import RESULT


class InProcess:
    """One session of one cassette; what it records is written when it is saved."""

    def __init__(self, opener: Opener, mode: Mode, name: str, notice: Notice) -> None:
        """Load the cassette, unless it is to be made anew. Raises CassetteError."""
        self.writes = writes(mode)
        self._replays = replays(mode)
        self.service = opener.service(mode, name)
        self.service.notice = notice
        self.service.remembers = False  # there is no port to give answers again
        self._allow_live = self.service.policy.allow_live
        self.service.policy = replace(self.service.policy, allow_live=True)  # see may_leave
        self._opener = opener
        self._kept = len(self.service.recorded)
        self._waiting = _Waiting()
        self.service.recorder = opener.recorder(self.service, self._waiting)

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
        self.service.upstream = _Answered(answer)
        handled = self.service.handle(request)
        if inspect.isawaitable(handled):
            await handled
        return len(self.service.recorded) > before

    async def save(self) -> str:
        """Write the cassette with what was recorded; return its path, or nothing for nothing.

        Raises CassetteError, and then the old cassette stands.
        """
        if not self._waiting.chunks:
            return ""
        take = self._opener.take(self.service.name, self.service.recorded[: self._kept])
        for chunk in self._waiting.chunks:
            take.append(chunk)
        return str(await take.finish())


class _Answered:
    """An upstream that has answered already."""

    def __init__(self, answer: Response) -> None:
        self._answer = answer

    async def send(self, request: Request) -> Response:  # noqa: ARG002  an upstream's interface
        return self._answer


class _Waiting:
    """A take in memory, until it is known that there will be one."""

    def __init__(self) -> None:
        self.chunks: list[bytes] = []

    def append(self, chunk: bytes) -> None:
        self.chunks.append(chunk)
