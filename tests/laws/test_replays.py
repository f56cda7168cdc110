"""A replay gives the live client what the upstream would have given, whoever the client is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from hypothesis import event, given
from hypothesis import strategies as st
from tokentape.pure.cassette.model import Interaction
from tokentape.pure.http.messages import Response
from tokentape.pure.notation.placeholders import Variable
from tokentape.pure.replay.order import order_dependent
from tokentape.session.service import Policy

from tests.laws.api import Api, Traffic, api_traffic
from tests.laws.comparison import Likeness
from tests.laws.pipeline import RULES, Answer, Stage, replay, results, stripe
from tests.laws.play import exchanges, ids_in, play, recording_of
from tests.laws.traffic import IdOf, Step, Trace, Value, get, gets, mapped, posts, traces, uses
from tests.laws.worlds import Symbol, World

steps = st.integers(0, 2).flatmap(lambda dice: gets if dice == 0 else posts)
traffic = st.tuples(traces(steps), st.just(stripe)) | api_traffic | api_traffic


def all_recorded(trace: Trace, upstream: Callable[[int], Answer] = stripe) -> Trace:
    """Return a trace without what is not recorded, or would be answered as a retry."""
    trace = tuple(_once(step, number) for number, step in enumerate(trace))
    done = results(play(trace, World(0), Stage(answer=upstream(0))))
    return only([number for number, one in enumerate(done) if one == "recorded"], trace)


def only(places: Sequence[int], trace: Trace) -> Trace:
    """Return some steps of a trace; they name no id that another one made."""

    def moved(value: Value) -> Value:
        if isinstance(value, IdOf):
            is_left = value.step in places
            return replace(value, step=places.index(value.step)) if is_left else value.else_
        if isinstance(value, Symbol) and value.shape == "bytes":
            return replace(value, shape="")  # Stripe answers with question marks
        return value

    return tuple(mapped(trace[number], moved) for number in places)


def _once(step: Step, number: int) -> Step:
    """Give a step an Idempotency-Key of its own, if it has any; let it ask for no customer's card.

    Nobody sent the number of that one, so its last four digits are anyone's.
    """
    own = Symbol("text", 100 + number, "header")
    headers = ((name, own if name == "Idempotency-Key" else value) for name, value in step.headers)
    fields = step.fields
    if step.path == "/v1/tokens":
        fields = tuple(field for field in fields if field[0] != ("customer",))
    return replace(step, headers=tuple(headers), fields=fields)


def near(wanted: Sequence[int], trace: Trace, recorded: Sequence[Interaction]) -> list[int]:
    """Return an order near the one wanted.

    Objects are made before they are used and shown. What only its order tells apart keeps it:
    recording says of which interactions that is true. What only variables tell apart that other
    requests brought in comes after those; and in its order, if an answer shows several of them.
    """
    keys = [RULES.of_recorded(one)[0] for one in recorded]
    dependent = {keys[pair.first - 1] for pair in order_dependent(recorded, RULES)}
    before: dict[int, set[int]] = defaultdict(set)
    for number, step in enumerate(trace):
        before[number] |= uses(step)
        before[number] |= {one for one in shown_in(number, recorded) if one < number}
        same = recorded[number].texts.request()
        before[number] |= {n for n in range(number) if recorded[n].texts.request() == same}
        if keys[number] in dependent:
            before[number] |= {one for one in range(number) if keys[one] == keys[number]}
        alike = [one for one, key in zip(recorded, keys, strict=True) if key == keys[number]]
        if order_dependent(alike, RULES):
            before[number] |= {one for one in brought_in(alike, recorded) if one < number}
        if are_shown_together(alike, recorded):
            before[number] |= {one for one in range(number) if keys[one] == keys[number]}
    order: list[int] = []
    while len(order) < len(trace):
        order.append(next(n for n in wanted if n not in order and before[n] <= {*order}))
    return order


def shown_in(number: int, recorded: Sequence[Interaction]) -> set[int]:
    """Return the places where the variables of a response came in first."""
    shown = recorded[number].response_variables
    return {
        next(n for n, one in enumerate(recorded) if variable in one.variables) for variable in shown
    }


def are_shown_together(alike: Iterable[Interaction], recorded: Iterable[Interaction]) -> bool:
    """Tell whether one answer shows what several requests sent that are much alike."""
    sent = [{*one.request_variables} for one in alike]
    return any(
        sum(not each.isdisjoint(one.response_variables) for each in sent) > 1 for one in recorded
    )


def brought_in(ones: Iterable[Interaction], recorded: Sequence[Interaction]) -> set[int]:
    """Return the places where the variables of some requests came in first."""
    first: dict[Variable, int] = {}
    for number, one in enumerate(recorded):
        for variable in one.variables:
            first.setdefault(variable, number)
    return {first[variable] for one in ones for variable in one.request_variables}


@given(traffic, st.data())
def test_a_replay_in_any_order_gives_what_the_upstream_gave(
    traffic: Traffic, data: st.DataObject
) -> None:
    trace, upstream = traffic
    trace = all_recorded(trace, upstream)
    recording = recording_of(trace, upstream(1))
    wanted = data.draw(st.permutations(range(len(trace))))
    order = near(wanted, trace, recording.service.recorded)
    event("in another order" if order != sorted(order) else "in the same order")

    live = replay(recording.cassette, policy=Policy(strict=True))
    found = exchanges(trace, order, World(2), live)

    answers = [found[number][1] for number in sorted(order)]
    assert results(answers) == ["replayed"] * len(trace)
    assert_alike(answers, trace, World(2), upstream)


def test_a_list_shows_the_time_that_a_client_sent() -> None:
    listed = Step(path="/v1/file_links", method="GET")
    made = Step(((("expires_at",), Symbol("time", 0, "")),), path="/v1/file_links")
    trace = (listed, listed, made, listed)
    live = replay(recording_of(trace, Api(1)).cassette, policy=Policy(strict=True))
    assert_alike(play(trace, World(2), live), trace, World(2), Api)


def assert_alike(
    answers: Sequence[Response],
    trace: Trace,
    world: World,
    upstream: Callable[[int], Answer],
    *,
    apart: bool = False,
) -> None:
    """Fail for answers that are not what the upstream would have given in a world.

    `apart`: what is made up is compared in each answer alone, but for the ids that its request
    names: where a request was repeated, all people but the first get its last answer again.
    """
    one, other = (play(trace, world, Stage(answer=upstream(seed))) for seed in (2, 3))
    likeness = Likeness()
    for step, *each in zip(trace, one, other, answers, strict=True):
        named = {
            made: shown
            for number in uses(step)
            for made, shown in zip(ids_in(one[number]), ids_in(answers[number]), strict=True)
        }
        likeness = Likeness(named) if apart else likeness
        likeness.check(*each)


def test_an_id_may_play_the_part_of_one_that_the_same_request_made() -> None:
    """Only the second person was retrieved; in another order she is the first to come."""
    first, second = (Step(((("person", "last_name"), Symbol("name", n)),)) for n in (0, 1))
    recording = recording_of((first, second, get(IdOf(1))), stripe(1))

    live = replay(recording.cassette, policy=Policy(strict=True))
    answers = play((second, first, get(IdOf(0))), World(2), live)

    assert results(answers) == ["replayed"] * 3
    assert ids_in(answers[2]) == ids_in(answers[0])


def test_a_retry_uses_nothing_up() -> None:
    made = Step(((("person", "last_name"), Symbol("name", 0)),))
    recording = recording_of((made, made, get(IdOf(1))), stripe(1))

    live = replay(recording.cassette)
    keyed = replace(made, headers=(("Idempotency-Key", Symbol("text", 1, "header")),))
    answers = play((keyed, get(IdOf(0)), keyed), World(2), live)

    assert results(answers) == ["replayed"] * 3
    assert answers[2].header("idempotent-replayed") == "true"
    assert live.service.unused() == (2,)
