"""A suite that asks for everything once: in recorded order, and shuffled as test runners do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial

from bench.contests import Contender, Contest, Figures, Measure
from bench.lab import Lab
from bench.load import P50, P99, RATE
from bench.passes import send_all
from bench.traffic import Suite, mix, shuffled

NAME = "first pass"
SECONDS, SLOWEST = "s", "slowest ms"
RECORDED_ORDER, SHUFFLED = "in recorded order", "shuffled"

Order = Callable[[Suite], Sequence[int]]


def contest(lab: Lab, rounds: int) -> Contest:
    """Return passes over a cassette, by one client, each of a session that has answered nothing."""

    def contender(name: str, order: Order, *compared_with: str) -> Contender:
        return Contender(name, partial(_prepared, lab, order), compared_with)

    size = lab.sizes.many
    ordered = f"{size:,}, {RECORDED_ORDER}"
    contenders = (
        contender(ordered, lambda suite: range(len(suite))),
        contender(f"{size:,}, {SHUFFLED}", lambda suite: shuffled(suite, lab.seed), ordered),
    )
    question = "what does the first answer to each request take, and does the order matter?"
    return Contest(NAME, question, contenders, rounds)


def _prepared(lab: Lab, order: Order, _: ExitStack) -> Measure:
    cassette = lab.cassette(mix, lab.sizes.many)
    suite = cassette.suite()
    indexes = order(suite)

    def measure() -> Figures:
        with ExitStack() as stack:
            sent = send_all(lab.replaying(stack, cassette).url, suite, indexes)
        return {
            SECONDS: sent.seconds,
            RATE: len(suite) / sent.seconds,
            P50: sent.percentile(50),
            P99: sent.percentile(99),
            SLOWEST: sent.percentile(100),
        }

    return measure
