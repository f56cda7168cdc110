"""How fields are written does not matter, only what they say."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from tokentape.pure.notation.redacted import Redacted
from tokentape.session.service import Policy

from tests.laws.operations import ROUTES, odd_api_traces, operations
from tests.laws.parrot import parrot
from tests.laws.pipeline import REDACTOR, replay, results
from tests.laws.play import play, recording_of
from tests.laws.traffic import (
    Fields,
    Step,
    Trace,
    Wire,
    filled,
    odd_posts,
    request,
    traces,
    unknown_fields,
    wires,
)
from tests.laws.worlds import Symbol, World


def redacted(step: Step) -> tuple[object, ...]:
    """Return a redacted request, but for what tells the wire form, and the order of like fields."""
    world = World(1)
    asked = REDACTOR.request(request(step, lambda value: filled(value, world, {})))
    headers = tuple(line for line in asked.headers if line[0] != "Content-Type")
    query, body = (sorted(map(told, part)) for part in (asked.query, asked.body))
    return (asked.method, asked.path, query, headers, body, asked.live, asked.numbers)


def told(entry: Redacted) -> tuple[str, list[str]]:
    return entry.text, [secret.key for secret in entry.secrets]


def shuffled(fields: Fields, data: st.DataObject) -> Fields:
    """Return fields in another order.

    Members of an array keep theirs, and so do fields that look alike: see the last law.
    """
    order = data.draw(st.permutations(range(len(fields))))
    fixed = [
        n
        for n in order
        if any(isinstance(one, Symbol) or one in ("0", "1", "order_id") for one in fields[n][0])
    ]
    in_turn = iter(sorted(fixed))
    return tuple(fields[next(in_turn) if number in fixed else number] for number in order)


def rewritten(step: Step, wire: Wire, data: st.DataObject) -> Step:
    return replace(step, wire=wire, fields=shuffled(step.fields, data))


@given(odd_posts | operations(ROUTES), wires, st.data())
def test_all_wire_forms_of_the_same_fields_are_sealed_alike(
    step: Step, wire: Wire, data: st.DataObject
) -> None:
    assert redacted(rewritten(step, wire, data)) == redacted(step)


@given(traces(odd_posts) | odd_api_traces, st.lists(wires, min_size=9, max_size=9), st.data())
def test_what_was_recorded_in_one_wire_form_answers_in_any(
    trace: Trace, others: list[Wire], data: st.DataObject
) -> None:
    trace = tuple(replace(step, headers=()) for step in trace)
    recording = recording_of(trace, parrot(1, [200]))
    again = [rewritten(step, wire, data) for step, wire in zip(trace, others, strict=False)]

    live = replay(recording.cassette, policy=Policy(strict=True))

    assert set(results(play(again, World(2), live))) == {"replayed"}


@given(unknown_fields, st.data())
def test_fields_that_look_alike_are_told_apart_once_their_names_were_met(
    fields: Fields, data: st.DataObject
) -> None:
    again = tuple((name, Symbol("text", 7 + n)) for n, (name, _) in enumerate(fields))
    mixed = tuple(data.draw(st.permutations(again)))
    recording = recording_of((Step(fields), Step(again), Step(again)), parrot(1, [200]))

    live = replay(recording.cassette, policy=Policy(strict=True))

    assert set(results(play((Step(fields), Step(mixed), Step(again)), World(2), live))) == {
        "replayed"
    }
