"""Requests that are sent once each, with every answer read and checked.

wrk cannot do that: it looks at the status only, and cannot ask for an id that an answer had.
"""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from io import BufferedReader
from itertools import count
from typing import Self
from urllib.parse import urlsplit

from bench.contests import NotRun
from bench.traffic import ID, NEW, Request, Suite, new_value, raw

PATIENCE = 120.0
"""Seconds that an answer may take."""


@dataclass(frozen=True)
class Answer:
    status: int
    result: str
    """Its Tokentape-Result."""
    body: bytes


class Client:
    """A keep-alive connection. Use with `with`."""

    def __init__(self, url: str) -> None:
        address = urlsplit(url)
        where = (address.hostname or "", address.port or 80)
        self._socket = socket.create_connection(where, timeout=PATIENCE)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._answers = self._socket.makefile("rb")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self._answers.close()
        self._socket.close()

    def send(self, text: bytes) -> None:
        self._socket.sendall(text)

    def receive(self) -> Answer:
        return answer(self._answers)

    def milliseconds(self, request: Request, status: int) -> float:
        """Return how long the answer took. Raises NotRun if it has another status."""
        text = raw(request)
        start = time.perf_counter()
        self.send(text)
        received = self.receive()
        seconds = time.perf_counter() - start
        if received.status != status:
            raise NotRun(f"an answer was {received.status} and not {status}")
        return 1e3 * seconds


def answer(stream: BufferedReader) -> Answer:
    """Read an answer. Raises NotRun if the connection ends before it does."""
    status, result, length, in_chunks = stream.readline()[9:12], "", 0, False
    while (line := stream.readline()) not in (b"\r\n", b""):
        name, _, value = line.partition(b":")
        match name.lower():
            case b"content-length":
                length = int(value)
            case b"transfer-encoding":
                in_chunks = True
            case b"tokentape-result":
                result = value.strip().decode("ascii")
    if not line:
        raise NotRun("a connection was closed before it was answered")
    body = b"".join(_chunks(stream)) if in_chunks else stream.read(length)
    return Answer(int(status), result, body)


def _chunks(stream: BufferedReader) -> Iterator[bytes]:
    while size := int(stream.readline() or b"0", 16):
        yield stream.read(size)
        stream.readline()
    stream.readline()


@dataclass(frozen=True)
class Pass:
    """What came of sending each request of a suite once."""

    seconds: float
    milliseconds: Sequence[float]
    """What each answer took, in ascending order."""
    ids: dict[int, str]
    """The ids in answers to those that others retrieve, by the index of the request."""

    def percentile(self, percent: int) -> float:
        """Return the milliseconds that so many of a hundred answers took at most."""
        return self.milliseconds[(len(self.milliseconds) - 1) * percent // 100]


def send_all(
    url: str, suite: Suite, order: Sequence[int], result: str = "replayed", connections: int = 1
) -> Pass:
    """Send each request of a suite, in an order, and check each answer.

    So many connections send at a time, and all answers are read before they send again. Raises
    NotRun unless each is answered with 200 and this Tokentape-Result.
    """
    texts, numbers = [raw(request) for request in suite], count(1)
    sources = {request.retrieves for request in suite}
    prefix, ids, milliseconds = os.urandom(8).hex(), dict[int, str](), list[float]()
    with ExitStack() as stack:
        clients = [stack.enter_context(Client(url)) for _ in range(connections)]
        start = time.perf_counter()
        for turn in _turns(suite, order, connections):
            sent = time.perf_counter()
            for client, index in zip(clients, turn, strict=False):
                text = texts[index]
                if NEW in text:
                    text = text.replace(NEW, new_value(prefix, next(numbers)))
                source = suite[index].retrieves
                client.send(text if source is None else text.replace(ID, ids[source].encode()))
            for client, index in zip(clients, turn, strict=False):
                received = client.receive()
                milliseconds.append(1e3 * (time.perf_counter() - sent))
                _check(received, result, len(milliseconds))
                if index in sources:
                    ids[index] = json.loads(received.body)["id"]
        seconds = time.perf_counter() - start
    return Pass(seconds, sorted(milliseconds), ids)


def _turns(suite: Suite, order: Sequence[int], connections: int) -> Iterator[Sequence[int]]:
    """Yield what is sent at the same time: no retrieve in a turn with what it retrieves."""
    turn: list[int] = []
    for index in order:
        if len(turn) == connections or suite[index].retrieves in turn:
            yield turn
            turn = []
        turn.append(index)
    if turn:
        yield turn


def _check(received: Answer, result: str, number: int) -> None:
    if received.status != 200 or received.result != result:
        what = f"{received.status} {received.result}".strip()
        raise NotRun(f"answer {number} of a pass was {what}, not 200 {result}".strip())
