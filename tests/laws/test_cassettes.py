"""Cassettes have one text: written, read and written again they stay as they are."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from tokentape.pure.cassette.writing import cassette_text
from tokentape.session.service import Policy
from vcr.serialize import deserialize
from vcr.serializers import yamlserializer
from yaml import safe_load

from tests.laws.parrot import parrot
from tests.laws.pipeline import Answer, Stage, loaded, replay, results, stripe
from tests.laws.play import play
from tests.laws.traffic import Trace, all_steps, gets, odd_posts, posts, traces
from tests.laws.worlds import World

ALL = Policy(record_errors=True)
parroted = st.builds(
    parrot,
    st.integers(0, 99),
    st.lists(st.sampled_from((200, 402, 404)), min_size=1),
)


@given(traces(all_steps | odd_posts), parroted | st.integers(0, 99).map(stripe))
def test_what_is_written_is_admitted_and_written_the_same_again(
    trace: Trace, answer: Answer
) -> None:
    stage = Stage(answer=answer, policy=ALL)
    play(trace, World(1), stage)

    assert cassette_text(loaded(stage.cassette)) == (stage.cassette or cassette_text(()))
    assert list(loaded(stage.cassette)) == stage.service.recorded


@given(traces(all_steps | odd_posts), parroted | st.integers(0, 99).map(stripe))
def test_vcrpy_and_pyyaml_read_what_we_read(trace: Trace, answer: Answer) -> None:
    stage = Stage(answer=answer, policy=ALL)
    play(trace, World(1), stage)
    if not stage.cassette:
        return
    plain = safe_load(stage.cassette)["interactions"]
    requests, responses = deserialize(stage.cassette, yamlserializer)

    for ours, theirs, asked, answered in zip(
        (one.texts for one in loaded(stage.cassette)), plain, requests, responses, strict=True
    ):
        body = "&".join(ours.body)
        assert (asked.method, asked.uri, asked.body) == (ours.method, ours.uri, body.encode())
        assert theirs["request"]["body"] == body
        assert answered["status"]["code"] == ours.status
        assert answered["body"]["string"] == ours.text.encode()
        told = [(name, one) for name, values in answered["headers"].items() for one in values]
        assert told == list(ours.response_headers)


@given(traces(posts | gets), st.integers(0, 99))
def test_recording_a_replay_writes_the_cassette_again(trace: Trace, seed: int) -> None:
    first = Stage(answer=stripe(seed))
    if set(results(play(trace, World(1), first))) != {"recorded"}:
        return
    again = Stage(answer=replay(first.cassette, policy=Policy(strict=True)).answer_inside)
    play(trace, World(2), again)

    assert again.cassette == first.cassette
