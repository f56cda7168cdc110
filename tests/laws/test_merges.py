"""Two branches that record into one cassette, merged: what either answers, the merge answers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import assume, event, given
from hypothesis import strategies as st
from tokentape.pure.cassette.merging import merged
from tokentape.pure.cassette.rewriting import rewritten
from tokentape.pure.cassette.writing import cassette_text
from tokentape.pure.notation.placeholders import Placeholder, substitute
from tokentape.pure.replay.order import order_dependent

from tests.laws.comparison import Comparison
from tests.laws.parrot import parrot
from tests.laws.pipeline import RULES, Answer, Stage, loaded, replay, results, stripe
from tests.laws.play import play, recording_of
from tests.laws.test_replays import all_recorded, steps
from tests.laws.traffic import IdOf, Trace, all_steps, mapped, odd_posts, traces
from tests.laws.worlds import World


def recorded(trace: Trace, answer: Answer) -> str:
    stage = recording_of(trace, answer)
    return cassette_text(loaded(stage.cassette))


recordings = st.builds(
    recorded,
    traces(all_steps | odd_posts),
    st.builds(parrot, st.integers(0, 99), st.just([200, 402])) | st.integers(0, 99).map(stripe),
)


@given(recordings)
def test_formatting_keeps_the_match_keys_and_changes_nothing_the_second_time(cassette: str) -> None:
    formatted = rewritten(loaded(cassette))
    event("changed" if cassette_text(formatted) != cassette else "as it was")
    assert rewritten(formatted) == formatted
    assert [RULES.of_recorded(each)[0] for each in formatted] == [
        RULES.of_recorded(each)[0] for each in loaded(cassette)
    ]


@given(traces(steps), st.integers(0, 99))
def test_a_recorded_cassette_is_in_canonical_form(trace: Trace, seed: int) -> None:
    stage = Stage(answer=stripe(seed))
    if set(results(play(trace, World(1), stage))) == {"recorded"}:
        assert cassette_text(rewritten(loaded(stage.cassette))) == stage.cassette


@given(recordings, st.integers(1, 50))
def test_formatting_gives_the_same_whatever_the_numbers_of_variables(
    cassette: str, step: int
) -> None:
    def moved(placeholder: Placeholder) -> str:
        number = placeholder.number and str(int(placeholder.number) * 7 % 997 + step * 1000)
        return str(replace(placeholder, number=number))

    renumbered = loaded(substitute(cassette, moved))
    assert rewritten(renumbered) == rewritten(loaded(cassette))


@given(traces(steps, 3), traces(steps, 3), traces(steps, 3), st.integers(0, 9))
def test_a_merged_cassette_answers_the_requests_of_both_branches(
    common: Trace, ours: Trace, theirs: Trace, seed: int
) -> None:
    common = all_recorded(common)
    branches = [all_recorded((*common, *_moved(own, len(common)))) for own in (ours, theirs)]
    merge = merged(
        *(loaded(recorded(trace, stripe(seed + place))) for place, trace in enumerate(branches)),
        RULES,
    )
    assume(not order_dependent(merge, RULES))
    assert rewritten(merge) == merge

    for trace in branches:
        answers = play(trace, World(2), replay(cassette_text(merge)))
        assert results(answers) == ["replayed"] * len(trace)
        wanted = play(trace, World(2), Stage(answer=stripe(seed)))
        assert Comparison().of(answers) == Comparison().of(wanted)
    one_after_the_other = (*branches[0], *_moved(branches[1], len(branches[0]), len(common)))
    done = results(play(one_after_the_other, World(3), replay(cassette_text(merge))))
    assert "miss" not in done


def _moved(trace: Trace, to: int, start: int = 0) -> Trace:
    """Return the steps of a trace from a start, to follow `to` others than those before."""

    def later(value: Any) -> Any:
        moved = isinstance(value, IdOf) and value.step >= start
        return replace(value, step=value.step - start + to) if moved else value

    return tuple(mapped(step, later) for step in trace[start:])
