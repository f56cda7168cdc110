"""What a miss costs the client that made it, and the others meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from itertools import islice
from pathlib import Path
from statistics import median

from tokentape.pure.http.messages import Request

from bench.cassettes import Cassette
from bench.figures import Absent, Contest, Figures, Row
from bench.load import Client, Clients, write
from bench.processes import Place
from bench.traffic import mix, posts

PAUSE = 0.05
"""Seconds between the misses of a client while others are at work."""
ALONE = 20
"""Requests of a client that is alone."""
UNKNOWN = 2045
"""Cards that expire from this year on are in no cassette."""

ANSWERED, MISSED = "an answer, alone", "a miss, alone"
QUIET, DISTURBED = "eight clients", "eight clients, while another misses"


def measured(
    contest: Contest, place: Place, clients: Clients, rounds: int, count: int
) -> Iterator[Row | Absent]:
    """Measure misses of a cassette of `count` interactions."""
    if not any(map(contest.asks_for, (MISSED, DISTURBED))):
        return
    known = Cassette.of(f"mix{count}", count, mix)
    known.write(place.cassettes)
    sent = write(known.requests(), place.directory / "known.requests")
    with contest.entering(MISSED), place.tokentape("replay", known.name) as server:
        with Client(server.url) as client:
            client.check(known.requests(), "replayed")
        load = partial(_disturbed, server.url, clients, sent)
        answers = tuple(islice(known.requests(), ALONE))
        contest.add(ANSWERED, partial(_alone, server.url, answers, 200))
        contest.add(MISSED, partial(_alone, server.url, _unknown(), 424), ANSWERED)
        contest.add(QUIET, lambda: clients.load(server.url, sent))
        contest.add(DISTURBED, load, QUIET)
        yield from contest.rows(rounds)
    yield from contest.absent


def _unknown() -> tuple[Request, ...]:
    return tuple(posts(1, year=UNKNOWN)) * ALONE


def _alone(url: str, requests: tuple[Request, ...], status: int) -> Figures:
    with Client(url) as client:
        return {"ms": median(client.milliseconds(one, status) for one in requests)}


def _disturbed(url: str, clients: Clients, sent: Path) -> Figures:
    with _missing(url):
        return clients.load(url, sent)


@contextmanager
def _missing(url: str) -> Iterator[None]:
    """Miss now and then while a body runs."""
    over = threading.Event()

    def miss() -> None:
        with Client(url) as client:
            while not over.wait(PAUSE):
                client.milliseconds(_unknown()[0], 424)

    thread = threading.Thread(target=miss)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
