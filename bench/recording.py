"""Recording, beside the simplest forwarders and a direct call.

Each session starts with nothing recorded in each round, but for the last contender, which has
recorded very much before.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from itertools import count
from pathlib import Path

from bench.contests import Contender, Contest, Figures, Measure, NotRun
from bench.lab import Lab
from bench.load import P50, P99, RATE, Clients, check_counts, session_counts, write
from bench.processes import Place, Server
from bench.traffic import posts

NAME = "record"
FORWARDER, WRITING = "aiohttp forwarder", "aiohttp forwarder that writes"
RECORD, AUTO = "record", "auto"
ADDED = "added p50 ms, one client"
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
        single = self.clients.load(url, self.first, connections=1)
        eight = self.clients.load(url, self.then)
        return {
            ADDED: single[P50] - direct[P50],
            "p99 ms, one client": single[P99],
            "requests/s, eight clients": eight[RATE],
        }


def late(lab: Lab) -> str:
    """Return the name of the contender that has recorded before."""
    return f"record, {lab.sizes.most:,} recorded before"


def contest(lab: Lab, rounds: int) -> Contest:
    """Return the modes that record and two forwarders; the other one of these only forwards."""
    both = (FORWARDER, WRITING)
    contenders = (
        Contender(FORWARDER, partial(_forwarder, lab, "")),
        Contender(WRITING, partial(_forwarder, lab, "answers"), (FORWARDER,)),
        Contender(RECORD, partial(_recording, lab, RECORD), both),
        Contender(AUTO, partial(_recording, lab, AUTO), both),
        Contender(late(lab), partial(_late, lab), (RECORD, *both)),
    )
    question = "how much longer does a call take that is recorded on its way?"
    return Contest(NAME, question, contenders, rounds)


def _course(lab: Lab, stack: ExitStack) -> Course:
    """Start an upstream on the core of the clients; return the load."""
    first, then = _people(lab, "first"), _people(lab, "then")
    beside = Place(lab.place.directory, lab.clients.core)
    return Course(lab.clients, first, then, stack.enter_context(beside.module("upstream")).url)


def _people(lab: Lab, people: str) -> Path:
    """Return a file of what people of this name send."""
    path = lab.place.directory / f"{people}.requests"
    return path if path.exists() else write(posts(DIFFERENT, people), path)


def _forwarder(lab: Lab, file: str, stack: ExitStack) -> Measure:
    course = _course(lab, stack)
    words = (str(lab.place.directory / file),) if file else ()
    server = stack.enter_context(lab.place.module("forwarder", course.upstream, *words))
    return partial(course.run, server.url)


def _recording(lab: Lab, mode: str, stack: ExitStack) -> Measure:
    course, names = _course(lab, stack), (f"{mode}{number}" for number in count())
    return partial(_recorded, lab, mode, names, course)


def _recorded(lab: Lab, mode: str, names: Iterator[str], course: Course) -> Figures:
    options = ("--upstream", course.upstream, *STRICTLY)
    with lab.place.tokentape(mode, next(names), *options) as session:
        figures = course.run(session.url)
        check_counts(session.url, "replayed", "missed", "refused", "forwarded", "unwritten")
        return figures


def _late(lab: Lab, stack: ExitStack) -> Measure:
    course = _course(lab, stack)
    session = stack.enter_context(
        lab.place.tokentape("record", "late", "--upstream", course.upstream)
    )
    _fill(session, lab, course)
    return partial(course.run, session.url)


def _fill(session: Server, lab: Lab, course: Course) -> None:
    """Record until there are as many interactions as the session is to have before."""
    most, until = lab.sizes.most, time.monotonic() + LONGEST
    patient = replace(lab.clients, seconds=max(1.0, most / 10_000))
    while session_counts(session.url)["recorded"] < most:
        patient.load(session.url, course.first)
        if time.monotonic() > until:
            raise NotRun(f"it did not record {most:,} requests in {LONGEST:.0f} s")
