"""A replay gives the live client what the upstream would have given, whoever the client is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from hypothesis import event, given
from hypothesis import strategies as st

from proxy.pure.cassette import Interaction
from proxy.pure.order import order_dependent
from proxy.service import Policy
from tests.laws.comparison import Comparison
from tests.laws.pipeline import SHAPE, Stage, replay, results, stripe
from tests.laws.play import exchanges, play
from tests.laws.traffic import TokenOf, Trace, gets, posts, traces, uses
from tests.laws.worlds import Symbol, World

steps = st.integers(0, 2).flatmap(lambda dice: gets if dice == 0 else posts)


def kept(trace: Trace) -> Trace:
    """Return a trace without the steps that are not recorded."""
    answers = play(trace, World(0), Stage())
    left = [
        number
        for number, one in enumerate(answers)
        if one.header("tokentape-result") == "recorded" and not one.header("idempotent-replayed")
    ]
    places = {number: place for place, number in enumerate(left)}

    def moved(value: object) -> object:
        if isinstance(value, TokenOf):
            return TokenOf(places[value.step]) if value.step in places else value.else_
        if isinstance(value, Symbol) and value.shape == "bytes":
            return replace(value, shape="")  # it comes back as question marks
        return value

    return tuple(
        replace(
            trace[number],
            token=moved(trace[number].token),
            fields=tuple((name, moved(value)) for name, value in trace[number].fields),
        )
        for number in left
    )


def in_order(
    trace: Trace, recorded: Sequence[Interaction], wanted: Sequence[int]
) -> list[int]:
    """Return an order near the one wanted.

    Tokens are made before they are used; what only its order tells apart, as `order_dependent`
    says it does, keeps it.
    """
    keys = [SHAPE.recorded(one)[0] for one in recorded]
    dependent = {keys[pair.first - 1] for pair in order_dependent(recorded, SHAPE)}
    before: dict[int, set[int]] = defaultdict(set)
    for number, step in enumerate(trace):
        before[number] |= uses(step)
        if keys[number] in dependent:
            before[number] |= {one for one in range(number) if keys[one] == keys[number]}
    order: list[int] = []
    while len(order) < len(trace):
        order.append(next(n for n in wanted if n not in order and before[n] <= {*order}))
    return order


@given(traces(steps), st.data())
def test_a_replay_in_any_order_gives_what_the_upstream_gave(
    trace: Trace, data: st.DataObject
) -> None:
    trace = kept(trace)
    recording, upstream = Stage(answer=stripe(1)), Stage(answer=stripe(2))
    play(trace, World(1), recording)
    expected = exchanges(trace, range(len(trace)), World(2), upstream)
    wanted = data.draw(st.permutations(range(len(trace))))
    order = in_order(trace, recording.service.recorded, wanted)
    event("in another order" if order != sorted(order) else "in the same order")

    live = replay(recording.cassette, policy=Policy(rebind=False))
    found = exchanges(trace, order, World(2), live)

    assert results([found[n][1] for n in range(len(trace))]) == ["replayed"] * len(trace)
    told = Comparison().of(found[n][1] for n in range(len(trace)))
    assert told == Comparison().of(answer for _, answer in expected.values())
