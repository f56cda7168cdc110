"""Many people replay one recording at once, and nobody reads another's value."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from hypothesis import assume, given
from hypothesis import strategies as st
from tokentape.errors import CassetteError
from tokentape.pure.cassette.rewriting import rewritten
from tokentape.pure.cassette.writing import cassette_text
from tokentape.pure.http.messages import Request, Response
from tokentape.pure.replay.order import order_dependent
from tokentape.pure.stripe.kinds import ID_PREFIXES
from tokentape.session.service import Policy

from tests.laws.api import Traffic
from tests.laws.comparison import Comparison
from tests.laws.pipeline import REDACTOR, RULES, Stage, Take, loaded, replay, results, stripe
from tests.laws.play import called, ids_in, play, recording_of
from tests.laws.test_replays import all_recorded, assert_alike, only, traffic
from tests.laws.traffic import IdOf, Step, Trace, Value, filled, get, mapped, request
from tests.laws.worlds import Symbol, World

PEOPLE = 3


def interleaved(trace: Trace, turns: list[int], live: Stage) -> dict[int, list[Response]]:
    """Let people take turns, each through the whole trace, in a world of their own."""
    ids: dict[int, dict[int, Sequence[str]]] = {person: {} for person in turns}
    answers: dict[int, list[Response]] = {person: [] for person in turns}
    worlds = {person: World(2 + person) for person in turns}
    for person in turns:
        number = len(answers[person])
        _, answer, made = called(trace[number], worlds[person], ids[person], live)
        answers[person].append(answer)
        ids[person][number] = made
    return answers


def own(trace: Trace) -> Trace:
    """Return a trace without what is not known to be a person's own.

    Lists show what everybody made; `test_checkout` has one of a customer's own. And an id that
    nobody made, of the client's own, tells of a story only in a request that sends nothing new
    beside it (see `pure.replay.instances`, 4): so each step has others of these.
    """
    places = [number for number, step in enumerate(trace) if not lists(step)]

    def apart(value: Value, number: int) -> Value:
        if isinstance(value, IdOf):
            return replace(value, else_=replace(value.else_, number=1000 + number))
        is_id = isinstance(value, Symbol) and value.kind in (*ID_PREFIXES, "object_id")
        return replace(value, number=value.number + 10 * number) if is_id else value

    steps = enumerate(only(places, trace))
    return tuple(mapped(step, partial(apart, number=number)) for number, step in steps)


def lists(step: Step) -> bool:
    match = REDACTOR.match(Request(str(step.method), step.path.format(*("x" for _ in step.ids))))
    return match is not None and ":" in match.route.answer


@given(traffic, st.data())
def test_each_of_many_gets_what_the_upstream_would_have_given(
    traffic: Traffic, data: st.DataObject
) -> None:
    trace, upstream = traffic
    trace = own(all_recorded(trace, upstream))
    recording = recording_of(trace, upstream(1))
    assume(not order_dependent(recording.service.recorded, RULES))
    turns = data.draw(st.permutations(sorted([*range(PEOPLE)] * len(trace))))

    live = replay(recording.cassette)
    answers = interleaved(trace, turns, live)

    for person in range(PEOPLE if trace else 0):
        assert results(answers[person]) == ["replayed"] * len(trace)
        assert_alike(answers[person], trace, World(2 + person), upstream, apart=True)


def named(number: int) -> Step:
    """Return a request that differs from others like it in a name only."""
    return Step((*CARD, (("card", "name"), name(number))))


def name(number: int) -> Symbol:
    return Symbol("name", number)


CARD = (
    (("card", "number"), "4242424242424242"),
    (("card", "exp_month"), "5"),
    (("card", "exp_year"), "2050"),
)


def test_a_thousand_people_at_once_read_their_own_names() -> None:
    recording = recording_of((named(0), get(IdOf(0))), stripe(1))
    live, world = replay(recording.cassette), World(2)

    tokens = [ids_in(play((named(number),), world, live)[0]) for number in range(1_000)]
    assert len({token for token, *_ in tokens}) == 1_000
    for number, token in enumerate(tokens):
        retrieve = get(IdOf(0))
        answer = live.send(request(retrieve, partial(filled, world=world, ids={0: token})))
        assert answer.status == 200
        assert answer.body.count(quoted(world(name(number)))) == 1
    assert live.service.counts.further == 999


def test_under_strict_the_second_person_misses() -> None:
    recording = recording_of((named(0),), stripe(1))
    live = replay(recording.cassette, policy=Policy(strict=True))

    assert results(play((named(1), named(2), named(1)), World(2), live)) == [
        "replayed",
        "miss",
        "replayed",
    ]


def quoted(text: str) -> bytes:
    return json.dumps(text).encode()


def test_whether_two_values_are_spelt_alike_decides_nothing() -> None:
    def living(city: Symbol, state: Symbol) -> Step:
        fields = ((("card", "address_city"), city), (("card", "address_state"), state))
        return Step((*named(0).fields, *fields))

    one, other = (Symbol("address", number) for number in (0, 1))
    recording = recording_of((living(one, one),), stripe(1))

    answer = play((living(one, other),), World(2), live := replay(recording.cassette))[0]
    assert answer.status == 200
    assert answer.body == play((living(one, other),), World(2), live)[0].body
    card = Comparison().of([answer])[0][2]["card"]  # type: ignore[index]
    assert (card["address_city"], card["address_state"]) == (World(2)(one), World(2)(other))


def test_what_is_not_written_leaves_no_gap_in_the_numbers() -> None:
    class Full(Take):
        """A take on a disk that is full for the first interaction."""

        full = True

        def append(self, chunk: bytes) -> None:
            if self.full:
                self.full = False
                raise CassetteError("the disk is full")
            super().append(chunk)

    stage = Stage(answer=stripe(1))
    assert stage.service.recorder is not None
    stage.take = Full()
    stage.service.recorder = replace(stage.service.recorder, take=stage.take)

    assert results(play((named(0), named(1)), World(1), stage)) == ["forwarded", "recorded"]
    assert "{{name.1}}" in stage.cassette
    assert cassette_text(rewritten(loaded(stage.cassette))) == stage.cassette
