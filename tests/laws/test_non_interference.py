"""The promise that everything else serves: other secrets of the same classes leave the same traces.

Byte for byte: the cassette, what is said at the terminal, the reports of misses, the receipts of
recording and replaying, and what the health route tells.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace

from hypothesis import assume, event, given
from hypothesis import strategies as st
from tokentape.pure.http.messages import Response
from tokentape.pure.replay.decide import Mode
from tokentape.session.service import Policy

from tests.laws.api import Traffic, odd_api_traffic
from tests.laws.operations import odd_api_traces
from tests.laws.parrot import parrot
from tests.laws.pipeline import Answer, Stage, loaded, results, stripe
from tests.laws.play import play
from tests.laws.traffic import Step, Trace, all_steps, odd_posts, traces
from tests.laws.worlds import Symbol, World, seeds, worlds


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
    said = (*stage.notices, *stage.shown)
    return Traces(stage.cassette, said, done, tuple(reports), stage.receipt(), health)


def recorded(trace: Trace, world: World, answer: Answer) -> Traces:
    stage = Stage(answer=answer, policy=Policy(record_errors=True), strict=True)
    return left(stage, play(trace, world, stage))


def replayed(trace: Trace, world: World, cassette: str, policy: Policy) -> Traces:
    stage = Stage(Mode.REPLAY, recorded=loaded(cassette), policy=policy)
    return left(stage, play(trace, world, stage))


def brackets(trace: Trace, world: World) -> list[bool]:
    """Return which chosen names have brackets: the mock takes such a name apart, as Stripe does.

    What it answers then tells that they are there. An upstream that repeats any name is below.
    """
    names = (name for step in trace for path, _ in step.fields for name in path)
    return ["[" in world(name) for name in names if isinstance(name, Symbol)]


traffic = st.tuples(traces(all_steps), st.just(stripe)) | odd_api_traffic | odd_api_traffic


@given(traffic, worlds, worlds)
def test_recording_other_secrets_leaves_the_same_traces(
    traffic: Traffic, one: World, other: World
) -> None:
    trace, upstream = traffic
    assume(upstream is not stripe or brackets(trace, one) == brackets(trace, other))
    first = recorded(trace, one, upstream(one.seed))
    event(f"{first.results.count('recorded')} recorded by {upstream.__name__}")

    assert recorded(trace, other, upstream(other.seed)) == first


statuses = st.lists(st.sampled_from((200, 402, 500)), min_size=1)


odd_traces = traces(odd_posts) | odd_api_traces


@given(odd_traces, statuses, seeds, seeds)
def test_an_upstream_that_repeats_all_it_hears_changes_nothing(
    trace: Trace, statuses: list[int], one: int, other: int
) -> None:
    first = recorded(trace, World(one), parrot(one, statuses))

    assert recorded(trace, World(other), parrot(other, statuses)) == first


@given(odd_traces, statuses, worlds, worlds)
def test_words_of_the_api_that_an_upstream_repeats_change_nothing(
    trace: Trace, statuses: list[int], one: World, other: World
) -> None:
    first = recorded(trace, one, parrot(one.seed, statuses, in_vocabularies=False))

    answer = parrot(other.seed, statuses, in_vocabularies=False)
    assert recorded(trace, other, answer) == first


def changed(step: Step, more: Step) -> Step:
    """Return a step with other fields, which a cassette will hardly have."""
    return replace(step, fields=more.fields[:2] or step.fields)


@given(
    traffic,
    st.lists(st.builds(changed, all_steps, all_steps), max_size=4),
    st.booleans(),
    worlds,
    worlds,
)
def test_replaying_other_secrets_leaves_the_same_traces(
    traffic: Traffic, missed: list[Step], strict: bool, one: World, other: World
) -> None:
    trace, upstream = traffic
    cassette = recorded(trace, one, upstream(one.seed)).cassette
    live = (*trace, *missed)
    policy = Policy(strict=strict)

    first = replayed(live, one, cassette, policy)

    assert replayed(live, other, cassette, policy) == first


@given(traffic, traffic, worlds, worlds)
def test_adding_other_secrets_to_a_cassette_leaves_the_same_traces(
    traffic: Traffic, more: Traffic, one: World, other: World
) -> None:
    (trace, upstream), (later, second) = traffic, more
    both = (*trace, *later)
    assume(stripe not in (upstream, second) or brackets(both, one) == brackets(both, other))
    cassette = recorded(trace, one, upstream(one.seed)).cassette

    def added(world: World) -> Traces:
        stage = Stage(Mode.AUTO, second(world.seed + 1), loaded(cassette), strict=True)
        return left(stage, play(both, world, stage))

    assert added(other) == added(one)


def test_how_long_a_secret_is_tells_nothing() -> None:
    """Not even where an answer is given again, from the port's memory."""
    trace = (Step(fields=((("person", "last_name"), Symbol("name")),)),)
    world = World(1)
    cassette = recorded(trace, world, stripe(1)).cassette

    def shown(length: int) -> Traces:
        stage = Stage(Mode.REPLAY, recorded=loaded(cassette))
        sent = play(
            3 * trace, lambda symbol: world(symbol) if symbol.kind == "key" else "x" * length, stage
        )
        assert set(results(sent)) == {"replayed"}
        return left(stage, sent)

    assert shown(1) == shown(4_090) == shown(9_000) == shown(200_000)
