"""Recording, beside the simplest forwarder and a direct call.

Each session starts anew in each round, but for the one that has recorded very much before.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from bench.figures import Absent, Contest, Figures, NotRun, Row
from bench.load import P50, P99, RATE, Clients, counts, write
from bench.processes import Place, Server
from bench.traffic import posts

FORWARDER, RECORD, AUTO = "aiohttp forwarder", "record", "auto"
DURABLE = "aiohttp forwarder, each answer on disk"
STRICTLY = ("--strict",)
"""So that auto records other people too, and does not replay what it recorded of the first."""
DIFFERENT = 20_000
"""Requests that are sent before the first comes again."""
LONGEST = 600.0
"""Seconds that filling a recording may take."""


@dataclass(frozen=True)
class Course:
    """The same load on whatever is measured: one client, then eight."""

    clients: Clients
    first: Path
    then: Path
    upstream: str

    def run(self, url: str) -> Figures:
        """Load a server, and the upstream itself beside it."""
        direct = self.clients.load(self.upstream, self.first, connections=1)
        alone = self.clients.load(url, self.first, connections=1)
        crowd = self.clients.load(url, self.then)
        return {
            "added p50 ms, one client": alone[P50] - direct[P50],
            "p99 ms, one client": alone[P99],
            "requests/s, eight clients": crowd[RATE],
        }


def measured(
    contest: Contest, place: Place, clients: Clients, rounds: int, most: int
) -> Iterator[Row | Absent]:
    """Record; one session has `most` interactions when measuring begins."""
    sent = write(posts(DIFFERENT), place.directory / "first.requests")
    then = write(posts(DIFFERENT, people="b"), place.directory / "then.requests")
    aside = Place(place.directory, clients.core)
    late = f"record, {most:,} recorded before"
    if not any(map(contest.asks_for, (RECORD, AUTO, DURABLE, late))):
        return
    with ExitStack() as stack:
        upstream = stack.enter_context(aside.module("upstream")).url
        course = Course(clients, sent, then, upstream)
        forwarder = stack.enter_context(place.module("forwarder", upstream))
        contest.add(FORWARDER, lambda: course.run(forwarder.url))
        against = (FORWARDER,)
        if contest.asks_for(DURABLE):
            answers = str(place.directory / "answers")
            durable = stack.enter_context(place.module("forwarder", upstream, answers))
            contest.add(DURABLE, lambda: course.run(durable.url), FORWARDER)
            against = (FORWARDER, DURABLE)
        for mode in filter(contest.asks_for, (RECORD, AUTO)):
            contest.add(mode, _anew(course, place, mode, upstream), *against)
        if contest.asks_for(late):
            with contest.entering(late):
                session = stack.enter_context(
                    place.tokentape("record", "late", "--upstream", upstream)
                )
                _fill(session, clients, sent, most)
                contest.add(late, lambda: course.run(session.url), RECORD, FORWARDER)
        yield from contest.rows(rounds)
    yield from contest.absent


def _anew(course: Course, place: Place, mode: str, upstream: str) -> Callable[[], Figures]:
    numbers = iter(range(1_000))

    def measure() -> Figures:
        name = f"{mode}{next(numbers)}"
        with place.tokentape(mode, name, "--upstream", upstream, *STRICTLY) as session:
            figures = course.run(session.url)
            _all_recorded(session)
            return figures

    return measure


def _all_recorded(session: Server) -> None:
    told = counts(session.url)
    others = ("replayed", "missed", "refused", "forwarded", "unwritten")
    amiss = {what: told[what] for what in others}
    if any(amiss.values()):
        raise NotRun(f"not all was recorded: {amiss}")


def _fill(session: Server, clients: Clients, sent: Path, most: int) -> None:
    patient, until = replace(clients, seconds=max(1.0, most / 10_000)), time.monotonic() + LONGEST
    while counts(session.url)["recorded"] < most:
        patient.load(session.url, sent)
        if time.monotonic() > until:
            raise NotRun(f"{counts(session.url)['recorded']:,} were recorded in {LONGEST:.0f} s")
