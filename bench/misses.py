"""What a miss costs the client that made it, and the others meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from statistics import median

from bench.contests import Contender, Contest, Figures, Measure
from bench.lab import Lab
from bench.passes import Client
from bench.processes import Server
from bench.traffic import Request, mix, posts

NAME = "miss"
PAUSE = 0.05
"""Seconds between the misses of a client while others are at work."""
REPEATS = 20
"""Requests of the client that is the only one."""
UNKNOWN = 2045
"""Cards that expire from this year on are in no cassette."""

MILLISECONDS = "ms"
ANSWERED, MISSED = "an answer, nobody else", "a miss, nobody else"
QUIET, DISTURBED = "eight clients", "eight clients, while another misses"

Load = Callable[[Lab, Server, Path], Figures]


def contest(lab: Lab, rounds: int) -> Contest:
    """Return answers and misses of a cassette of many interactions."""
    contenders = (
        Contender(ANSWERED, partial(_prepared, lab, _answers)),
        Contender(MISSED, partial(_prepared, lab, _misses), (ANSWERED,)),
        Contender(QUIET, partial(_prepared, lab, _quiet)),
        Contender(DISTURBED, partial(_prepared, lab, _disturbed), (QUIET,)),
    )
    question = "what does a request take that nothing answers, and does it delay others?"
    return Contest(NAME, question, contenders, rounds)


def _prepared(lab: Lab, load: Load, stack: ExitStack) -> Measure:
    cassette = lab.cassette(mix, lab.sizes.many)
    server = lab.replaying(stack, cassette)
    return partial(load, lab, server, lab.warmed(server, cassette.suite()))


def _answers(lab: Lab, server: Server, _: Path) -> Figures:
    suite = lab.cassette(mix, lab.sizes.many).suite()
    answered = [request for request in suite if request.method == "POST"]
    return _alone(server, answered[:REPEATS], 200)


def _misses(_lab: Lab, server: Server, _: Path) -> Figures:
    return _alone(server, [_unknown()] * REPEATS, 424)


def _quiet(lab: Lab, server: Server, requests: Path) -> Figures:
    return lab.clients.load(server.url, requests)


def _disturbed(lab: Lab, server: Server, requests: Path) -> Figures:
    with _missing(server.url):
        return lab.clients.load(server.url, requests)


def _unknown() -> Request:
    return posts(1, year=UNKNOWN)[0]


def _alone(server: Server, requests: list[Request], status: int) -> Figures:
    with Client(server.url) as client:
        return {MILLISECONDS: median(client.milliseconds(item, status) for item in requests)}


@contextmanager
def _missing(url: str) -> Iterator[None]:
    """Miss now and then while a body runs."""
    over = threading.Event()

    def miss() -> None:
        with Client(url) as client:
            while not over.wait(PAUSE):
                client.milliseconds(_unknown(), 424)

    thread = threading.Thread(target=miss)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
