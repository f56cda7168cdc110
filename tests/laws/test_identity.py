"""A variable stands for one value, and for nothing about it but its class."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import combinations

from hypothesis import assume, given
from hypothesis import strategies as st
from tokentape.pure.cassette.model import Interaction
from tokentape.pure.notation.placeholders import Placeholder, Variable, blanked, substitute
from tokentape.pure.stripe.kinds import Secret

from tests.laws.api import Traffic, odd_api_traffic
from tests.laws.operations import odd_api_traces
from tests.laws.parrot import parrot
from tests.laws.pipeline import REDACTOR, Answer, Stage, replay, results
from tests.laws.play import exchanges, play, recording_of
from tests.laws.traffic import Step, Trace, all_steps, odd_posts, posts, traces
from tests.laws.worlds import SHAPES, Symbol, World


def texts(one: Interaction) -> Iterator[str]:
    said = one.texts
    yield from (said.path, *said.query, *said.body, said.text)
    for _, text in (*said.request_headers, *said.response_headers):
        yield text


def renamed(interactions: Sequence[Interaction]) -> list[list[str]]:
    """Return the texts of interactions with their variables numbered from 1."""
    names: dict[Variable, str] = {}

    def rename(found: Placeholder) -> str:
        if not found.number:
            return str(found)
        number = names.setdefault((found.kind, int(found.number)), str(len(names) + 1))
        return str(replace(found, number=number))

    return [[substitute(text, rename) for text in texts(one)] for one in interactions]


class Permuted(World):
    """A world in which the secrets of each class have changed places."""

    def __init__(self, world: World, random: st.DataObject) -> None:
        super().__init__(world.seed)
        classes: dict[tuple[str, str], list[Symbol]] = {}
        for symbol in world.values:
            classes.setdefault((symbol.kind, symbol.shape), []).append(symbol)
        for members in classes.values():
            others = random.draw(st.permutations(members))
            self.values |= {one: world(other) for one, other in zip(members, others, strict=True)}


def repeating(seed: int) -> Answer:
    return parrot(seed, [200, 402])


@given(
    st.tuples(traces(posts | odd_posts) | odd_api_traces, st.just(repeating)) | odd_api_traffic,
    st.data(),
)
def test_to_permute_secrets_only_renames_variables(traffic: Traffic, data: st.DataObject) -> None:
    trace, upstream = traffic
    trace = tuple(replace(step, headers=()) for step in trace)
    stage, world = Stage(answer=upstream(1)), World(1)

    play(trace, world, stage)
    stage.upstream.answer = upstream(2)
    play(trace, Permuted(world, data), stage)

    first, second = stage.service.recorded[: len(trace)], stage.service.recorded[len(trace) :]
    assert renamed(first) == renamed(second)


def variables(trace: Trace, world: World, stage: Stage) -> Iterator[tuple[Variable, Secret]]:
    """Yield each variable of the requests that were recorded, with the value that it stands for."""
    found = exchanges(trace, range(len(trace)), world, stage)
    recorded = iter(stage.service.recorded)
    for sent, answer in found.values():
        if answer.header("tokentape-result") == "recorded":
            asked, one = REDACTOR.request(sent), next(recorded).texts
            written = (one.path, *one.query, *one.body)
            redacted = (asked.path, *asked.query, *asked.body)
            for text, entry in zip(written, redacted, strict=True):
                yield from zip(blanked(text)[1], entry.secrets, strict=True)


@given(traces(all_steps | odd_posts) | odd_api_traces)
def test_two_values_never_share_a_variable_nor_one_value_two(trace: Trace) -> None:
    trace = tuple(replace(step, headers=()) for step in trace)
    stage = Stage(answer=parrot(1, [200]))

    found = set(variables(trace, World(1), stage))

    for (one, stands_for), (other, too) in combinations(found, 2):
        assert (one == other) is (stands_for == too)


NUMBER, CVC = ("card", "number"), ("card", "cvc")


@given(
    st.sampled_from(("card", "cvc")).flatmap(
        lambda k: st.permutations(SHAPES[k]).map(lambda s: (k, s[:2]))
    )
)
def test_a_value_of_another_class_is_no_match(change: tuple[str, list[str]]) -> None:
    kind, (recorded, sent) = change
    name = NUMBER if kind == "card" else CVC
    recording = recording_of((Step(((name, Symbol(kind, 0, recorded)),)),), parrot(1, [200]))
    live = replay(recording.cassette)

    fits, other = (Step(((name, Symbol(kind, 1, shape)),)) for shape in (recorded, sent))

    assert results(play((fits, other), World(1), live)) == ["replayed", "miss"]


@given(posts)
def test_a_published_value_matches_itself_alone(step: Step) -> None:
    number = "4242424242424242"
    assume(all(path != NUMBER for path, _ in step.fields[1:]))
    published = Step(((NUMBER, number), *step.fields))
    another = Step(((NUMBER, Symbol("card", 0, "visa")), *step.fields))
    recording = recording_of((published,), parrot(1, [200]))

    assert results(play((another, published), World(2), replay(recording.cassette))) == [
        "miss",
        "replayed",
    ]
    assert re.search("card:visa", recording.cassette)
