"""Two readers, one language: what is read fast is what the general reader reads, and no more."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokentape.errors import CassetteError
from tokentape.pure.audit.loading import load_any_form, load_cassette
from tokentape.pure.audit.redaction_check import RedactionCheck
from tokentape.pure.cassette.model import Interaction
from tokentape.pure.cassette.reading import read_canonical, read_cassette, recorded_from
from tokentape.pure.cassette.writing import cassette_text
from tokentape.session.service import Policy
from yaml import safe_dump, safe_load

from tests.cassettes_by_hand import CASSETTE
from tests.hostile.test_mutations import changed
from tests.laws.parrot import parrot
from tests.laws.pipeline import REDACTOR, Answer, stripe
from tests.laws.play import recording_of
from tests.laws.traffic import Trace, all_steps, odd_posts, traces

CHARACTERS = " \n'\"#-:{}[]?,&%|1a\t\x00\u00e4"

answers = st.integers(0, 99).map(stripe) | st.builds(
    parrot, st.integers(0, 99), st.lists(st.sampled_from((200, 402, 404)), min_size=1)
)


def recorded(trace: Trace, answer: Answer) -> str:
    stage = recording_of(trace, answer, policy=Policy(record_errors=True))
    return stage.cassette or CASSETTE


def read_in_general(text: str) -> tuple[Interaction, ...]:
    return tuple(interaction for interaction, _ in read_cassette(text))


Outcome = tuple[Interaction, ...] | tuple[str, int]


def outcome(load: Callable[[], tuple[Interaction, ...]]) -> Outcome:
    """Return what was loaded, or the message and line of the error."""
    try:
        return load()
    except CassetteError as error:
        return error.message, error.line


@given(traces(all_steps | odd_posts), answers)
def test_both_readers_read_a_recorded_cassette_the_same(trace: Trace, answer: Answer) -> None:
    text = recorded(trace, answer)
    assert read_canonical(text.encode()) == read_in_general(text)


@given(traces(all_steps | odd_posts), answers)
def test_a_cassette_that_yaml_wrote_loads_the_same(trace: Trace, answer: Answer) -> None:
    text = recorded(trace, answer)
    respelt = safe_dump(safe_load(text)).encode()
    assert read_canonical(respelt) is None
    assert load_cassette(respelt, REDACTOR) == load_cassette(text.encode(), REDACTOR)


@given(traces(all_steps | odd_posts), answers, st.randoms(use_true_random=False), st.integers(1, 4))
def test_a_changed_cassette_is_refused_or_loaded_by_both_readers(
    trace: Trace, answer: Answer, random: Random, times: int
) -> None:
    text = recorded(trace, answer)
    for _ in range(times):
        text = changed(text, random)
    data = text.encode()
    assert outcome(lambda: load_cassette(data, REDACTOR)) == outcome(
        lambda: load_any_form(data, RedactionCheck(REDACTOR))
    )


def edits(text: str) -> Iterator[str]:
    """Yield texts that are one edit away: of a character, or of a line."""
    for at, old in enumerate(text):
        new = CHARACTERS[at % len(CHARACTERS)]
        yield from (
            text[:at] + text[at + 1 :],
            text[:at] + old + text[at:],
            text[:at] + new + text[at + 1 :],
            text[:at] + CHARACTERS[-1 - at % len(CHARACTERS)] + text[at:],
        )
    lines = text.splitlines(keepends=True)
    for at, line in enumerate(lines):
        yield "".join((*lines[:at], *lines[at + 1 :]))
        yield "".join((*lines[:at], line, *lines[at:]))
        yield "".join((*lines[: at - 1], line, lines[at - 1], *lines[at + 1 :]))


def test_after_any_edit_both_readers_read_the_same() -> None:
    outcomes = [(text, read_canonical(text.encode())) for text in edits(CASSETTE)]
    canonical = [(text, interactions) for text, interactions in outcomes if interactions]
    assert len(canonical) > 100
    for text, interactions in canonical:
        assert cassette_text(interactions, recorded_from(text.encode())) == text
        assert read_in_general(text) == interactions


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("{{tok.1}}", "{{tok.?}}"),
        ("{{tok.1}}", "{{tok.12345678}}"),
        ("version: 1", "version: '1'"),
        ("recorded_with: tokentape 0.1", "recorded_with: tokentape 0.2"),
        ("- request:\n    method: GET", "- {}\n- request:\n    method: GET"),
        ("    body: ''\n", "    body: null\n"),
        ("    body: ''\n", "    body: [\n"),
        ('          "error"', '         "error"'),
        ("  }\n- request", "  }\n\n- request"),
        ("string: |\n", "string: |-\n"),
        (CASSETTE[CASSETTE.rindex("string: |") :], "string: |\n        \n"),
        ("['{{req.1}}']", "['{{req.1}}', ]"),
        ("method: POST\n", "method: POST \n"),
    ],
)
def test_text_that_is_not_canonical_is_left_to_the_general_reader(old: str, new: str) -> None:
    assert old in CASSETTE
    text = CASSETTE.replace(old, new)
    interactions = read_canonical(text.encode())
    assert interactions is None or interactions == read_in_general(text)
    if interactions is not None:
        assert cassette_text(interactions, recorded_from(text.encode())) == text


def problems(interaction: Interaction) -> tuple[str, ...]:
    """Check an interaction with its numbers and without what was checked before."""
    return RedactionCheck(REDACTOR).problems(Interaction(interaction.texts, (), ()))


@given(traces(all_steps | odd_posts), answers, st.randoms(use_true_random=False), st.integers(0, 3))
def test_a_check_with_a_cache_finds_the_same_as_one_without(
    trace: Trace, answer: Answer, random: Random, times: int
) -> None:
    text = good = recorded(trace, answer)
    for _ in range(times):
        text = changed(text, random)
    try:
        interactions = read_in_general(text)
    except CassetteError:
        return
    check = RedactionCheck(REDACTOR)
    for interaction in read_in_general(good):
        check.problems(interaction)
    assert [check.problems(each) for each in interactions] == [*map(problems, interactions)]


def test_names_that_become_the_same_with_their_numbers_are_a_repeat() -> None:
    metadata = '"metadata": {"{{field.1}}": "", "{{field.%d}}": ""},'
    texts = [CASSETTE.replace('"metadata": {},', metadata % number) for number in (2, 3, 1)]
    check = RedactionCheck(REDACTOR)
    invalid = [[bool(check.problems(each)) for each in read_in_general(text)] for text in texts]
    assert invalid == [[False, False], [False, False], [True, False]]
