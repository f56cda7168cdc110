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
def test_a_recorded_cassette_loads_and_is_written_the_same_again(
    trace: Trace, answer: Answer
) -> None:
    stage = Stage(answer=answer, policy=ALL)
    play(trace, World(1), stage)

    assert cassette_text(loaded(stage.cassette)) == (stage.cassette or cassette_text(()))
    assert list(loaded(stage.cassette)) == stage.service.recorded


@given(traces(all_steps | odd_posts), parroted | st.integers(0, 99).map(stripe))
def test_vcrpy_and_pyyaml_read_the_same_as_tokentape(trace: Trace, answer: Answer) -> None:
    stage = Stage(answer=answer, policy=ALL)
    play(trace, World(1), stage)
    if not stage.cassette:
        return
    plain = safe_load(stage.cassette)["interactions"]
    requests, responses = deserialize(stage.cassette, yamlserializer)

    for texts, plain_yaml, request, response in zip(
        (each.texts for each in loaded(stage.cassette)), plain, requests, responses, strict=True
    ):
        body = "&".join(texts.body)
        assert (request.method, request.uri, request.body) == (
            texts.method,
            texts.uri,
            body.encode(),
        )
        assert plain_yaml["request"]["body"] == body
        assert response["status"]["code"] == texts.status
        assert response["body"]["string"] == texts.text.encode()
        lines = [(name, value) for name, values in response["headers"].items() for value in values]
        assert lines == list(texts.response_headers)


@given(traces(posts | gets), st.integers(0, 99))
def test_recording_a_replay_writes_the_cassette_again(trace: Trace, seed: int) -> None:
    first = Stage(answer=stripe(seed))
    if set(results(play(trace, World(1), first))) != {"recorded"}:
        return
    again = Stage(answer=replay(first.cassette, policy=Policy(strict=True)).answer_inside)
    play(trace, World(2), again)

    assert again.cassette == first.cassette
