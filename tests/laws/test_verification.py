"""What nothing changed in verifies, whatever was recorded; what changed is told, and no more."""

from __future__ import annotations

from hypothesis import assume, given
from hypothesis import strategies as st
from tokentape.pure.cassette.differences import Difference, differences
from tokentape.pure.cassette.model import Interaction, Numbering
from tokentape.pure.cassette.rewriting import Renaming, rewritten
from tokentape.pure.replay.resending import Refilling, ambiguous, key_classes, request
from tokentape.pure.stripe.times import Times
from tokentape.session.recorder import Recorder

from tests.laws.pipeline import PUBLISHED, REDACTOR, Answer, Take, loaded, stripe
from tests.laws.play import recording_of
from tests.laws.test_replays import all_recorded, steps
from tests.laws.traffic import Trace, traces
from tests.laws.worlds import Symbol


def recorded(trace: Trace) -> tuple[Interaction, ...]:
    stage = recording_of(trace, stripe(1))
    return rewritten(loaded(stage.cassette))


def verified(cassette: tuple[Interaction, ...], answer: Answer) -> list[tuple[Difference, ...]]:
    keys = {one: f"{one}_{'x' * 24}" for one in key_classes(cassette)} | {"unknown": "x" * 24}
    numbering, names = Numbering(), Renaming(ambiguous(cassette))
    recorder = Recorder(REDACTOR, Take(), numbering)
    fill = Refilling(names, numbering, PUBLISHED, "tape", Times(0))
    found = []
    for one in cassette:
        sent = request(one, fill, keys)
        now = recorder.record(REDACTOR.request(sent), answer(sent))
        assert isinstance(now, Interaction)
        found.append(differences(one, now, names))
    return found


def refused(value: object) -> bool:
    """Tell a value that is refused for what it is: nothing kept tells it from a good one."""
    return isinstance(value, Symbol) and (value.kind, value.shape) == ("routing_number", "invalid")


@given(traces(steps), st.integers(0, 99))
def test_nothing_differs_where_nothing_changed(trace: Trace, seed: int) -> None:
    trace = all_recorded(trace)
    assume(not any(refused(value) for step in trace for _, value in step.fields))
    cassette = recorded(trace)
    assert verified(cassette, stripe(seed)) == [()] * len(cassette)
