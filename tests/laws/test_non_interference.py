"""The promise that everything else serves: other secrets of the same classes leave the same traces.

Byte for byte: the cassette, what is said at the terminal, the reports of misses, the receipts of
recording and replaying, and what the health route tells.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace

from hypothesis import event, given
from hypothesis import strategies as st
from tokentape.pure.http.messages import Response
from tokentape.pure.replay.decide import Mode
from tokentape.session.service import Policy

from tests.laws.parrot import parrot
from tests.laws.pipeline import Answer, Stage, loaded, results, stripe
from tests.laws.play import play
from tests.laws.traffic import Step, Trace, all_steps, odd_posts, traces
from tests.laws.worlds import World

seeds = st.integers(0, 10_000)


@dataclass(frozen=True)
class Traces:
    """All that a session lets out beside its answers."""

    cassette: str
    said: tuple[str, ...]
    results: tuple[str | None, ...]
    reports: tuple[str, ...]
    receipt: tuple[str, ...]
    health: str


def left(stage: Stage, answers: Sequence[Response]) -> Traces:
    health = json.dumps(stage.service.health())
    reports = (one.body.decode() for one in answers if one.status == 424)
    done = tuple(results(answers))
    said = tuple(stage.notices)
    return Traces(stage.cassette, said, done, tuple(reports), stage.receipt(), health)


def recorded(trace: Trace, seed: int, answer: Answer) -> Traces:
    stage = Stage(answer=answer, policy=Policy(record_errors=True), strict=True)
    return left(stage, play(trace, World(seed), stage))


def replayed(trace: Trace, seed: int, cassette: str, policy: Policy) -> Traces:
    stage = Stage(Mode.REPLAY, recorded=loaded(cassette), policy=policy)
    return left(stage, play(trace, World(seed), stage))


@given(traces(all_steps), seeds, seeds)
def test_recording_other_secrets_leaves_the_same_traces(trace: Trace, one: int, other: int) -> None:
    first = recorded(trace, one, stripe(one))
    event(f"{first.results.count('recorded')} recorded")

    assert recorded(trace, other, stripe(other)) == first


@given(traces(odd_posts), st.lists(st.sampled_from((200, 402, 500)), min_size=1), seeds, seeds)
def test_an_upstream_that_repeats_all_it_hears_changes_nothing(
    trace: Trace, statuses: list[int], one: int, other: int
) -> None:
    first = recorded(trace, one, parrot(one, statuses))

    assert recorded(trace, other, parrot(other, statuses)) == first


def changed(step: Step, more: Step) -> Step:
    """Return a step with other fields, which a cassette will hardly have."""
    return replace(step, fields=more.fields[:2] or step.fields)


@given(
    traces(all_steps),
    st.lists(st.builds(changed, all_steps, all_steps), max_size=4),
    st.booleans(),
    seeds,
    seeds,
)
def test_replaying_other_secrets_leaves_the_same_traces(
    trace: Trace, missed: list[Step], strict: bool, one: int, other: int
) -> None:
    cassette = recorded(trace, one, stripe(one)).cassette
    live = (*trace, *missed)
    policy = Policy(strict=strict)

    first = replayed(live, one, cassette, policy)

    assert replayed(live, other, cassette, policy) == first


@given(traces(all_steps), traces(all_steps), seeds, seeds)
def test_adding_other_secrets_to_a_cassette_leaves_the_same_traces(
    trace: Trace, later: Trace, one: int, other: int
) -> None:
    cassette = recorded(trace, one, stripe(one)).cassette

    def added(seed: int) -> Traces:
        stage = Stage(Mode.AUTO, stripe(seed + 1), loaded(cassette), strict=True)
        return left(stage, play((*trace, *later), World(seed), stage))

    assert added(other) == added(one)
