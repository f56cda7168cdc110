"""From the start of a process until it is ready."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from bench.cassettes import Cassette
from bench.figures import Absent, Contest, Figures, Row
from bench.processes import Place, Server
from bench.traffic import mix

BARE, SMALL = "bare aiohttp", "replay, a cassette of 10"


def measured(contest: Contest, place: Place, rounds: int, folder: int) -> Iterator[Row | Absent]:
    """Start sessions; one has `folder` small cassettes beside its own."""
    small = Cassette.of("small", 10, mix)
    small.write(place.cassettes)
    crowded = Place(place.directory / "crowded", place.core)
    contest.add(BARE, lambda: _ready(lambda: place.module("reference")))
    if contest.asks_for(SMALL):
        contest.add(SMALL, lambda: _ready(lambda: place.tokentape("replay", "small")), BARE)
    among = f"replay, a cassette of 10 among {folder:,}"
    if contest.asks_for(among):
        _fill(crowded.cassettes, small, folder)
        replay = lambda: crowded.tokentape("replay", "small")  # noqa: E731
        contest.add(among, lambda: _ready(replay), BARE, SMALL)
    if contest:
        yield from contest.rows(rounds)
    yield from contest.absent


def _ready(start: Callable[[], Server]) -> Figures:
    with start() as server:
        return {"ms": 1e3 * server.seconds}


def _fill(directory: Path, small: Cassette, count: int) -> None:
    text = small.write(directory).read_bytes()
    for number in range(count):
        (directory / f"small{number}.yaml").write_bytes(text)
