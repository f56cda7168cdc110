"""A replay gives the live client what the upstream would have given, whoever the client is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace

from hypothesis import event, given
from hypothesis import strategies as st
from tokentape.pure.cassette.model import Interaction
from tokentape.pure.http.messages import Response
from tokentape.pure.notation.placeholders import Variable
from tokentape.pure.replay.order import order_dependent
from tokentape.session.service import Policy

from tests.laws.comparison import Comparison
from tests.laws.pipeline import RULES, Stage, replay, results, stripe
from tests.laws.play import exchanges, play, recording_of, token_id
from tests.laws.traffic import Step, TokenOf, Trace, Value, get, gets, posts, traces, uses
from tests.laws.worlds import Symbol, World

steps = st.integers(0, 2).flatmap(lambda dice: gets if dice == 0 else posts)


def all_recorded(trace: Trace) -> Trace:
    """Return a trace without what is not recorded, or would be answered as a retry."""
    trace = tuple(_once(step, number) for number, step in enumerate(trace))
    done = results(play(trace, World(0), Stage()))
    places = [number for number, one in enumerate(done) if one == "recorded"]

    def moved(value: Value) -> Value:
        if isinstance(value, TokenOf):
            return TokenOf(places.index(value.step)) if value.step in places else value.else_
        if isinstance(value, Symbol) and value.shape == "bytes":
            return replace(value, shape="")  # Stripe answers with question marks
        return value

    def kept(step: Step) -> Step:
        fields = tuple((name, moved(value)) for name, value in step.fields)
        return replace(step, fields=fields, token=step.token and moved(step.token))

    return tuple(kept(trace[number]) for number in places)


def _once(step: Step, number: int) -> Step:
    """Give a step an Idempotency-Key of its own, if it has any; let it ask for no customer's card.

    Nobody sent the number of that one, so its last four digits are anyone's.
    """
    own = Symbol("text", 100 + number, "header")
    headers = ((name, own if name == "Idempotency-Key" else value) for name, value in step.headers)
    fields = (field for field in step.fields if field[0] != ("customer",))
    return replace(step, headers=tuple(headers), fields=tuple(fields))


def near(wanted: Sequence[int], trace: Trace, recorded: Sequence[Interaction]) -> list[int]:
    """Return an order near the one wanted.

    Tokens are made before they are used. What only its order tells apart keeps it: recording says
    of which interactions that is true. What only variables tell apart that other requests brought
    in comes after those.
    """
    keys = [RULES.of_recorded(one)[0] for one in recorded]
    dependent = {keys[pair.first - 1] for pair in order_dependent(recorded, RULES)}
    before: dict[int, set[int]] = defaultdict(set)
    for number, step in enumerate(trace):
        before[number] |= uses(step)
        same = recorded[number].texts.request()
        before[number] |= {n for n in range(number) if recorded[n].texts.request() == same}
        if keys[number] in dependent:
            before[number] |= {one for one in range(number) if keys[one] == keys[number]}
        alike = [one for one, key in zip(recorded, keys, strict=True) if key == keys[number]]
        if order_dependent(alike, RULES):
            before[number] |= {one for one in brought_in(alike, recorded) if one < number}
    order: list[int] = []
    while len(order) < len(trace):
        order.append(next(n for n in wanted if n not in order and before[n] <= {*order}))
    return order


def brought_in(ones: Iterable[Interaction], recorded: Sequence[Interaction]) -> set[int]:
    """Return the places where the variables of some requests came in first."""
    first: dict[Variable, int] = {}
    for number, one in enumerate(recorded):
        for variable in one.variables:
            first.setdefault(variable, number)
    return {first[variable] for one in ones for variable in one.request_variables}


def comparable(answers: Sequence[Response], trace: Trace) -> object:
    """Return what each answer shows, and which of them show the id that was asked for.

    Ids of different answers are not compared: where a recorded request was repeated, all people but
    the first get its last answer again, ids and all.
    """
    ids = [token_id(answer) for answer in answers]
    retrieved = [
        isinstance(step.token, TokenOf) and ids[step.token.step] == ids[number]
        for number, step in enumerate(trace)
    ]
    return [Comparison(request_ids=False).of([answer]) for answer in answers], retrieved


@given(traces(steps), st.data())
def test_a_replay_in_any_order_gives_what_the_upstream_gave(
    trace: Trace, data: st.DataObject
) -> None:
    trace = all_recorded(trace)
    recording = recording_of(trace, stripe(1))
    wanted = data.draw(st.permutations(range(len(trace))))
    order = near(wanted, trace, recording.service.recorded)
    event("in another order" if order != sorted(order) else "in the same order")

    live = replay(recording.cassette, policy=Policy(strict=True))
    found = exchanges(trace, order, World(2), live)
    expected = exchanges(trace, sorted(order), World(2), Stage(answer=stripe(2)))

    answers = [found[number][1] for number in sorted(order)]
    assert results(answers) == ["replayed"] * len(trace)
    upstream = [answer for _, answer in expected.values()]
    assert comparable(answers, trace) == comparable(upstream, trace)


def test_an_id_may_play_the_part_of_one_that_the_same_request_made() -> None:
    """Only the second person was retrieved; in another order she is the first to come."""
    first, second = (Step(((("person", "last_name"), Symbol("name", n)),)) for n in (0, 1))
    recording = recording_of((first, second, get(TokenOf(1))), stripe(1))

    live = replay(recording.cassette, policy=Policy(strict=True))
    answers = play((second, first, get(TokenOf(0))), World(2), live)

    assert results(answers) == ["replayed"] * 3
    assert token_id(answers[2]) == token_id(answers[0])


def test_a_retry_uses_nothing_up() -> None:
    made = Step(((("person", "last_name"), Symbol("name", 0)),))
    recording = recording_of((made, made, get(TokenOf(1))), stripe(1))

    live = replay(recording.cassette)
    keyed = replace(made, headers=(("Idempotency-Key", Symbol("text", 1, "header")),))
    answers = play((keyed, get(TokenOf(0)), keyed), World(2), live)

    assert results(answers) == ["replayed"] * 3
    assert answers[2].header("idempotent-replayed") == "true"
    assert live.service.unused() == (2,)
