"""One process that serves very many different people: neither time nor memory may grow."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial

from bench.contests import Contender, Contest, Figures, Measure
from bench.lab import Lab
from bench.load import CONNECTIONS
from bench.passes import send_all
from bench.processes import Server
from bench.traffic import Suite, mix, shuffled

NAME = "people"
STEPS = 10
"""How often time and memory are read on the way."""
TIME_GROWTH = "time, the slowest part by the first"
MEMORY_GROWTH = "memory, at the end by half-way"


def title(lab: Lab) -> str:
    """Return the name of the contender."""
    return f"{lab.sizes.people:,} different people on a cassette of {lab.sizes.many:,}"


def contest(lab: Lab) -> Contest:
    """Return one process and its people; it runs once, however many rounds there are."""
    question = "do time and memory stay as they are, whoever comes?"
    return Contest(NAME, question, (Contender(title(lab), partial(_prepared, lab)),), 1)


def _prepared(lab: Lab, stack: ExitStack) -> Measure:
    cassette = lab.cassette(mix, lab.sizes.many)
    server = lab.replaying(stack, cassette)
    lab.warmed(server, cassette.suite())
    return partial(_measured, lab, server)


def _measured(lab: Lab, server: Server) -> Figures:
    part = lab.sizes.people // STEPS
    seconds, memory = list[float](), list[float]()
    for step in range(STEPS):
        seconds.append(sum(_seconds(lab, server, suite) for suite in _crowd(lab, part, step)))
        memory.append(server.memory() / 2**20)
    ends = [part * (step + 1) for step in range(STEPS)]
    figures = {f"s, people {end - part + 1:,} to {end:,}": seconds[n] for n, end in enumerate(ends)}
    figures |= {f"MiB after {end:,}": memory[n] for n, end in enumerate(ends)}
    growth = memory[-1] / memory[STEPS // 2 - 1]
    return figures | {TIME_GROWTH: max(seconds) / seconds[0], MEMORY_GROWTH: growth}


def _seconds(lab: Lab, server: Server, suite: Suite) -> float:
    order = shuffled(suite, lab.seed)
    return send_all(server.url, suite, order, connections=CONNECTIONS).seconds


def _crowd(lab: Lab, people: int, step: int) -> Iterator[Suite]:
    """Yield suites of so many people altogether, as each makes one token.

    Four of five requests of a mix make one.
    """
    requests, size = people * 5 // 4, lab.sizes.many
    for number, start in enumerate(range(0, requests, size)):
        yield mix(min(size, requests - start), f"p{step}x{number}")
