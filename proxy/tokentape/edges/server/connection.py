"""One client: requests in, one at a time, and their answers out, in order.

A connection is in one state at any time. `due` is the moment (loop time) at which it has been
there for too long; the listener looks at it about once a second.

    idle       no request has begun                    -> closed silently when due
    receiving  a request has begun and is not whole    -> 408 when due
    answering  the handler works                       -> never due
    writing    the client has yet to take the answer   -> dropped when due
    leaving    all is said, the rest is thrown away    -> dropped when due
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable
from enum import Enum, auto
from typing import cast

from tokentape.edges.server.memory import NO_GIST, Memory
from tokentape.edges.server.reader import MALFORMED, Refused, RequestReader
from tokentape.edges.server.writer import CONTINUE, Framed, Unwritable, framed
from tokentape.pure.http.messages import Request, Response
from tokentape.pure.stripe.refusals import refusal

Done = Callable[[bool], None]
"""Called once for an answer: has all of it been handed to the client's connection?"""

Answer = tuple[Response, Done]

Handler = Callable[[Request], Answer | Awaitable[Answer]]
"""Answers a request: at once, which costs no task and no turn of the event loop, or later."""

LINGER_SECONDS = 2.0
"""How long a closing connection still takes bytes: a close with bytes unread is a reset, which may
destroy the answer on its way to the client (RFC 9112 §9.6)."""

TIMEOUT = refusal(408, "request_timeout", "The request did not arrive in time.")
CROWDED = refusal(503, "too_many_connections", "This server has too many connections open.")
FAULT = refusal(
    500,
    "internal_error",
    "tokentape failed at this request, and says why on its standard error.",
    type="api_error",
)


class _State(Enum):
    IDLE = auto()
    RECEIVING = auto()
    ANSWERING = auto()
    WRITING = auto()
    LEAVING = auto()


def _nobody_asks(_written: bool) -> None:  # noqa: FBT001 - a Done
    pass


class Connection(asyncio.Protocol):
    """The server's end of one TCP connection."""

    def __init__(
        self,
        handler: Handler,
        memory: Memory,
        *,
        max_head: int,
        max_body: int,
        request_timeout: float,
        idle_timeout: float,
        on_fault: Callable[[str], None],
        joined: Callable[[Connection], bool],
        left: Callable[[Connection], None],
    ) -> None:
        """Stand ready; `joined` tells whether there is room, `left` hears of the end."""
        self._loop = asyncio.get_running_loop()
        self._memory = memory
        self._reader = RequestReader(self._loop, max_head=max_head, max_body=max_body)
        self._handler = handler
        self._request_timeout = request_timeout
        self._idle_timeout = idle_timeout
        self._on_fault = on_fault
        self._joined = joined
        self._left = left
        self._transport: asyncio.Transport | None = None
        self._state = _State.IDLE
        self._task: asyncio.Task[None] | None = None
        self._waiting = b""
        self._mark = b""
        """What the bytes of the request at hand are remembered by; blank if they are not."""
        self._gist = NO_GIST
        """What is remembered of it in any case, if it is plain."""
        self._to_keep: Framed | None = None
        """Its answer, to be remembered once it has been written."""
        self._done: Done = _nobody_asks
        self._last = False
        self._client_ended = False
        self.due = math.inf

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = cast(asyncio.Transport, transport)
        # With a limit of 0, writing resumes only once the client's connection has taken all.
        self._transport.set_write_buffer_limits(0)
        self._enter(_State.IDLE, self._idle_timeout)
        if not self._joined(self):
            self._refuse(CROWDED)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's
        """End; an answer that is being made is still made, since its request was sent on."""
        self._transport = None
        self._settle(written=False)
        if self._task is None:
            self._left(self)

    def data_received(self, data: bytes) -> None:
        """Take what the client sent."""
        if self._state is _State.IDLE:
            if self._answered_again(data):
                return
            # If no more is needed, the moment does not matter.
            self._state, self.due = _State.RECEIVING, math.inf
        elif self._state is _State.LEAVING:
            return
        elif self._state is not _State.RECEIVING:
            self._waiting += data
            self._open().pause_reading()
            return
        else:
            self._mark = b""
        self._take(data)

    def eof_received(self) -> bool:
        """Note that the client sends no more; it may still wait for an answer."""
        if self._state in (_State.ANSWERING, _State.WRITING):
            self._client_ended = True
            return True
        if self._state is _State.RECEIVING:
            self._refuse(MALFORMED)
        return False

    def resume_writing(self) -> None:
        """Go on after an answer that took its time to be written."""
        # Not in here: asyncio's transport would report a close from in here twice.
        self._loop.call_soon(self._went_out)

    def _went_out(self) -> None:
        if self._transport and self._state is _State.WRITING and self._concluded():
            self._take(self._left_over())

    def finish(self) -> None:
        """Close once nothing is under way."""
        self._last = True
        if self._state in (_State.IDLE, _State.RECEIVING):
            self._open().close()

    def abort(self) -> None:
        """Close now, whatever is under way."""
        if self._task is not None:
            self._task.cancel()
            self._task = None
        if self._transport is not None:
            self._transport.abort()
        else:
            self._left(self)

    def expire(self) -> None:
        """End the state that lasted too long."""
        if self._state is _State.RECEIVING:
            self._refuse(TIMEOUT)
        elif self._state is _State.IDLE:
            self._open().close()
        else:
            self._open().abort()

    def _open(self) -> asyncio.Transport:
        assert self._transport is not None
        return self._transport

    def _enter(self, state: _State, seconds: float) -> None:
        self._state = state
        self.due = self._loop.time() + seconds

    def _answered_again(self, data: bytes) -> bool:
        """Answer the same bytes as before, if they get the same answer; tell whether they did."""
        self._mark = self._memory.mark(data) if self._reader.is_plain and not self._last else b""
        raw = self._memory.answer(self._mark) if self._mark else None
        if raw is None:
            return False
        self._enter(_State.IDLE, self._idle_timeout)
        self._written(self._open(), raw)
        return True

    def _take(self, data: bytes) -> None:
        """Answer what is whole, until an answer takes its time or more bytes are needed."""
        try:
            request = self._reader.feed(data)
            while request is not None and self._answered(request):
                request = self._reader.feed(self._left_over())
            if request is None:
                self._await_more()
        except Refused as refused:
            self._refuse(refused.response)

    def _await_more(self) -> None:
        if self._state is _State.RECEIVING and self.due == math.inf:
            self._enter(_State.RECEIVING, self._request_timeout)
        if self._client_ended:
            self._leave()
        elif self._reader.owes_continue():
            self._open().write(CONTINUE)

    def _left_over(self) -> bytes:
        waiting, self._waiting, self._mark = self._waiting, b"", b""
        if waiting:
            self._open().resume_reading()
        return waiting

    def _answered(self, request: Request) -> bool:
        """Answer a request, or have the handler do it; tell whether its answer is out already."""
        self._state, self.due = _State.ANSWERING, math.inf
        plainly = self._reader.is_plain and not self._last
        self._gist = self._memory.gist(request) if plainly else NO_GIST
        raw = self._memory.answer_to(self._gist)
        if raw is not None:
            return self._written(self._open(), raw) and self._concluded()
        try:
            outcome = self._handler(request)
        except Exception as error:  # noqa: BLE001 - the last resort; the text may quote the request
            outcome = self._fault(error)
        if isinstance(outcome, tuple):
            return self._reply(request, outcome)
        self._task = self._loop.create_task(self._reply_later(request, outcome))
        return False

    async def _reply_later(self, request: Request, outcome: Awaitable[Answer]) -> None:
        try:
            answer = await outcome
        except Exception as error:  # noqa: BLE001 - as above
            answer = self._fault(error)
        finally:
            self._task = None
        goes_on = self._reply(request, answer)
        if self._transport is None:
            self._left(self)
        elif goes_on:
            self._take(self._left_over())

    def _fault(self, error: Exception) -> Answer:
        self._on_fault(type(error).__name__)
        return FAULT, _nobody_asks

    def _reply(self, request: Request, answer: Answer) -> bool:
        """Write an answer; tell whether it is out and another request may follow."""
        response, self._done = answer
        if self._transport is None or self._transport.is_closing():
            self._settle(written=False)
            return False
        self._last = self._last or not self._reader.may_go_on()
        to_head = request.method == "HEAD"
        try:
            raw = self._rendered(response, to_head=to_head)
        except Unwritable as error:
            self._settle(written=False)
            raw = self._rendered(self._fault(error)[0], to_head=to_head)
        return self._written(self._transport, raw) and self._concluded()

    def _written(self, transport: asyncio.Transport, raw: bytes) -> bool:
        """Write; tell whether all of it is out."""
        transport.write(raw)
        if transport.get_write_buffer_size():
            self._enter(_State.WRITING, self._idle_timeout)
            return False
        return not transport.is_closing()

    def _rendered(self, response: Response, *, to_head: bool) -> bytes:
        kept_open = "keep-alive" if self._reader.version == (1, 0) else ""
        connection = "close" if self._last else kept_open
        if to_head or connection:
            return framed(response, to_head=to_head, connection=connection).raw(response.echo)
        answer = framed(response, to_head=False, connection="")
        if answer.again and self._reader.is_plain:
            self._to_keep = answer
        return answer.raw(response.echo)

    def _concluded(self) -> bool:
        """End an answer that has been written whole; tell whether the connection goes on."""
        self._settle(written=True)
        if self._to_keep:
            self._memory.keep(self._mark, self._gist, self._to_keep)
            self._to_keep = None
        if self._last:
            self._leave()
            return False
        self._reader.release()
        self._enter(_State.IDLE, self._idle_timeout)
        return True

    def _settle(self, *, written: bool) -> None:
        done, self._done = self._done, _nobody_asks
        try:
            done(written)
        except Exception as error:  # noqa: BLE001 - as above
            self._fault(error)

    def _refuse(self, response: Response) -> None:
        self._state = _State.LEAVING
        self._open().write(framed(response, to_head=False, connection="close").raw())
        self._leave()

    def _leave(self) -> None:
        """Say goodbye and wait a little for the client to do the same."""
        self._enter(_State.LEAVING, LINGER_SECONDS)
        if self._client_ended:
            self._open().close()
        else:
            self._open().write_eof()
