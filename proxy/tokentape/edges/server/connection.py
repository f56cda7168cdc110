"""One client: its requests, one at a time, and their answers, in order, on either lane.

The fast lane answers plain requests in the very call that brought their last byte. All others take
aiohttp's lane (`by_aiohttp`) until they have been read.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable
from enum import Enum, auto
from typing import TYPE_CHECKING, cast

from tokentape.edges.server.framing import ReceivedRequest, RequestBuffer
from tokentape.edges.server.head import CROWDED, FAULT, MALFORMED, TIMEOUT, Refused
from tokentape.edges.server.memory import NO_DIGEST
from tokentape.edges.server.options import ServerOptions
from tokentape.edges.server.writer import CONTINUE, Framed, Unwritable, framed
from tokentape.pure.http.messages import Request, Response

if TYPE_CHECKING:
    from tokentape.edges.server.by_aiohttp import AiohttpReader

_LINGER_SECONDS = 2.0
"""How long a closing connection still takes bytes: a close with bytes unread is a reset, which may
destroy the answer on its way to the client (RFC 9112 §9.6)."""

_TURN_SECONDS = 0.02
"""How long requests of one client are answered one after another while others wait."""

Done = Callable[[bool], None]
"""Called once for an answer: has all of it been handed to the client's connection?"""

Answer = tuple[Response, Done]

Handler = Callable[[Request], Answer | Awaitable[Answer]]
"""Answers a request: at once, which costs no task and no turn of the event loop, or later.
A status of 0 closes the connection instead."""


class _State(Enum):
    """What a connection is in, and what happens when it has been in it for too long."""

    IDLE = auto()  # no request has begun; closed silently
    RECEIVING = auto()  # a request has begun and is not whole; 408
    READING = auto()  # aiohttp reads a request; 408
    ANSWERING = auto()  # the handler works; never too long
    WRITING = auto()  # the client has not yet taken the answer; dropped
    LEAVING = auto()  # the last answer is out, and what comes is ignored; dropped
    LOST = auto()  # the TCP connection is gone


def _ignore(_written: bool) -> None:  # noqa: FBT001 - a Done
    pass


class Connection(asyncio.Protocol):
    """The server's end of one TCP connection; `due` is when to call `expire`, as loop time."""

    _transport: asyncio.Transport

    def __init__(
        self,
        handler: Handler,
        options: ServerOptions,
        joined: Callable[[Connection], bool],
        left: Callable[[Connection], None],
    ) -> None:
        """Take two hooks: `joined` returns whether there is room, `left` is called at the end."""
        self.due = math.inf
        self._handler = handler
        self._options = options
        self._joined = joined
        self._left = left
        self._memory = options.memory
        self._loop = asyncio.get_running_loop()
        self._state = _State.IDLE
        self._buffer = RequestBuffer(max_head=options.max_head, max_body=options.max_body)
        self._reader: AiohttpReader | None = None
        self._task: asyncio.Task[None] | None = None
        # About the current request and its answer:
        self._digest_of_bytes = b""  # blank if its bytes did not come in one piece
        self._digest = NO_DIGEST
        self._to_keep: Framed | None = None  # to be remembered once it has been written
        self._done: Done = _ignore
        self._last = False  # no other request is answered after it
        self._client_ended = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = cast(asyncio.Transport, transport)
        # With a limit of 0, writing resumes only once the client's connection has taken all.
        self._transport.set_write_buffer_limits(0)
        self._half_closes = self._transport.can_write_eof()  # not with TLS
        self._enter(_State.IDLE, self._options.idle_timeout)
        if not self._joined(self):
            self._leave(CROWDED)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's
        """End; the handler goes on if it works, since its request may have been sent on."""
        self._state, self.due = _State.LOST, math.inf
        self._settle(written=False)
        if self._reader is not None:
            self._reader.connection_lost(None)
        if self._task is None:
            self._left(self)

    def data_received(self, data: bytes) -> None:
        """Take what the client sent."""
        if self._state is _State.IDLE:
            self._digest_of_bytes = b"" if self._last else self._memory.digest_of_bytes(data)
            if self._digest_of_bytes and (raw := self._memory.answer(self._digest_of_bytes)):
                self._enter(_State.IDLE, self._options.idle_timeout)
                self._written(raw)
                return
            # If no more is needed, the moment does not matter.
            self._state, self.due = _State.RECEIVING, math.inf
        elif self._state is _State.LEAVING:
            return
        elif self._state is _State.RECEIVING:
            self._digest_of_bytes = b""
        self._buffer.add(data)
        if self._state is _State.RECEIVING:
            self._go_on()
        else:
            self._transport.pause_reading()

    def eof_received(self) -> bool:
        """Note that the client sends no more; it may still wait for an answer."""
        if self._state in (_State.READING, _State.ANSWERING, _State.WRITING):
            self._client_ended = True
            return self._half_closes
        if self._state is _State.RECEIVING:
            self._leave(MALFORMED)
        return False

    def resume_writing(self) -> None:
        """Go on after an answer that took time to be written."""

        def go_on() -> None:
            if self._state is _State.WRITING and self._concluded():
                self._go_on()

        self._loop.call_soon(go_on)  # not now: asyncio's transport would report a close twice

    @property
    def under_way(self) -> bool:
        """Whether a request is being read or answered, or an answer written."""
        busy = (_State.READING, _State.ANSWERING, _State.WRITING)
        return self._state in busy or self._task is not None

    def finish(self) -> None:
        """Close once nothing is under way."""
        self._last = True
        if self._state in (_State.IDLE, _State.RECEIVING):
            self._transport.close()

    def abort(self) -> None:
        """Close now, whatever is under way."""
        if self._task is not None:
            self._task.cancel()
            self._task = None
        if self._state is _State.LOST:
            self._left(self)
        else:
            self._transport.abort()

    def expire(self) -> None:
        """End the state that lasted too long."""
        if self._state in (_State.RECEIVING, _State.READING):
            self._leave(TIMEOUT)
        elif self._state is _State.IDLE or not self._half_closes:
            self._transport.close()
        else:
            self._transport.abort()

    def _enter(self, state: _State, seconds: float) -> None:
        self._state = state
        self.due = self._loop.time() + seconds

    def _go_on(self) -> None:
        """Answer what is whole, until an answer takes time or more bytes are needed."""
        try:
            if not self._all_answered():
                return
        except Refused as refused:
            self._leave(refused.response)
            return
        if self._client_ended:
            self._leave(MALFORMED if self._buffer else None)
        elif self._buffer:
            if self._state is _State.IDLE or self.due == math.inf:
                self._enter(_State.RECEIVING, self._options.request_timeout)
            if self._buffer.owes_continue():
                self._transport.write(CONTINUE)
        elif self._state is _State.RECEIVING:  # empty lines, which are no request
            self._enter(_State.IDLE, self._options.idle_timeout)

    def _all_answered(self) -> bool:
        """Answer what is whole; tell whether that is done, or goes on later."""
        end = self._loop.time() + _TURN_SECONDS
        while received := self._buffer.cut():
            if self._buffer:
                self._digest_of_bytes = b""
            if not (self._answered if received.plain else self._read)(received):
                return False
            if self._buffer and self._loop.time() > end:
                self._state, self.due = _State.ANSWERING, math.inf
                self._loop.call_soon(self._take_turn)
                return False
        return True

    def _take_turn(self) -> None:
        """Go on after others had their turn."""
        if self._state is _State.ANSWERING:
            self._state = _State.RECEIVING
            self._transport.resume_reading()
            self._go_on()

    def _read(self, received: ReceivedRequest) -> bool:
        """Have aiohttp read a request too; its answer follows later."""
        self._enter(_State.READING, self._options.request_timeout)
        if self._reader is None:
            from tokentape.edges.server.by_aiohttp import AiohttpReader  # noqa: PLC0415 - slow

            transport = self._transport
            self._reader = AiohttpReader(transport, self._accept, self._refuse, self._fail)
        self._reader.read(received)
        return False

    def _accept(self, received: ReceivedRequest, closing: bool) -> None:  # noqa: FBT001
        if self._state is _State.READING:
            self._last = self._last or closing
            if self._answered(received):
                self._go_on()

    def _refuse(self) -> None:
        """Refuse a request that aiohttp reads in another way, or where there should be none."""
        if self._state is _State.READING:
            self._leave(MALFORMED)
        elif self._state not in (_State.LEAVING, _State.LOST):
            self._transport.abort()

    def _fail(self, error: BaseException | None) -> None:
        self._options.on_fault(type(error).__name__)
        self._transport.abort()

    def _answered(self, received: ReceivedRequest) -> bool:
        """Answer a request, or have the handler do it; tell whether its answer is out already."""
        request = received.request
        self._state, self.due = _State.ANSWERING, math.inf
        usual = not (self._last or received.is_1_0 or request.method == "HEAD")
        self._digest = self._memory.digest(request) if usual else NO_DIGEST
        if self._digest.digest and (raw := self._memory.answer(*self._digest)):
            return self._written(raw) and self._concluded()
        try:
            outcome = self._handler(request)
        except Exception as error:  # noqa: BLE001 - the last resort; the text may quote the request
            outcome = self._fault(error)
        if isinstance(outcome, tuple):
            return self._reply(received, outcome)
        self._task = self._loop.create_task(self._reply_later(received, outcome))
        return False

    async def _reply_later(self, received: ReceivedRequest, outcome: Awaitable[Answer]) -> None:
        try:
            answer = await outcome
        except Exception as error:  # noqa: BLE001 - as above
            answer = self._fault(error)
        finally:
            self._task = None
        goes_on = self._reply(received, answer)
        if self._state is _State.LOST:
            self._left(self)
        elif goes_on:
            self._go_on()

    def _fault(self, error: Exception) -> Answer:
        self._options.on_fault(type(error).__name__)
        return FAULT, _ignore

    def _reply(self, received: ReceivedRequest, answer: Answer) -> bool:
        """Write an answer; tell whether it is out and another request may follow."""
        response, self._done = answer
        if not response.status:
            self._transport.abort()
        if self._state is _State.LOST or self._transport.is_closing():
            self._settle(written=False)
            return False
        to_head = received.request.method == "HEAD"
        connection = "close" if self._last else "keep-alive" if received.is_1_0 else ""
        try:
            ready = framed(response, to_head=to_head, connection=connection)
            raw = ready.raw()
        except Unwritable as error:
            self._settle(written=False)
            return self._reply(received, self._fault(error))  # which can be written
        self._to_keep = ready if self._digest.digest and not self._last else None
        return self._written(raw) and self._concluded()

    def _written(self, raw: bytes) -> bool:
        """Write; tell whether all of it is out: with TLS, whether it has been encrypted."""
        self._transport.write(raw)
        if self._transport.get_write_buffer_size():
            self._enter(_State.WRITING, self._options.idle_timeout)
            return False
        return not self._transport.is_closing()

    def _concluded(self) -> bool:
        """End an answer that has been written whole; tell whether the connection goes on."""
        self._settle(written=True)
        if self._to_keep:
            self._memory.keep(self._digest_of_bytes, self._digest, self._to_keep)
            self._to_keep = None
        if self._last:
            self._leave()
            return False
        self._digest_of_bytes = b""
        self._enter(_State.IDLE, self._options.idle_timeout)
        if self._buffer:
            self._transport.resume_reading()
        return True

    def _settle(self, *, written: bool) -> None:
        done, self._done = self._done, _ignore
        try:
            done(written)
        except Exception as error:  # noqa: BLE001 - as above
            self._fault(error)

    def _leave(self, response: Response | None = None) -> None:
        """End the connection, with a last response, and wait a little for the client to do so."""
        if response is not None:
            self._options.on_refused(response)
            self._transport.write(framed(response, connection="close").raw())
        self._enter(_State.LEAVING, _LINGER_SECONDS)
        if self._client_ended:
            self._transport.close()
        else:
            self._transport.resume_reading()
            if self._half_closes:
                self._transport.write_eof()
