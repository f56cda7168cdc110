"""A replay gives the live client what the upstream would have given, whoever the client is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from hypothesis import event, given
from hypothesis import strategies as st

from proxy.pure.messages import Request
from proxy.service import Policy
from tests.laws.comparison import Comparison
from tests.laws.pipeline import DOOR, SHAPE, Stage, replay, results, stripe
from tests.laws.play import exchanges, play
from tests.laws.traffic import Step, TokenOf, Trace, gets, posts, traces, uses
from tests.laws.worlds import Symbol, World

steps = st.integers(0, 2).flatmap(lambda dice: gets if dice == 0 else posts)


def kept(trace: Trace) -> Trace:
    """Return a trace without the steps that are not recorded."""
    answers = play(trace, World(0), Stage())
    left = [number for number, one in enumerate(results(answers)) if one == "recorded"]
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


def key(request: Request) -> str:
    asked = DOOR.request(request)
    return SHAPE.live(asked, Stage().service.session.variables)[0]


def in_order(trace: Trace, keys: Sequence[str], wanted: Sequence[int]) -> list[int]:
    """Return an order near the one wanted: tokens made before they are used, like before like."""
    last: dict[str, int] = {}
    before: dict[int, set[int]] = defaultdict(set)
    for number, step in enumerate(trace):
        before[number] |= uses(step)
        if keys[number] in last:
            pass
        last[keys[number]] = number
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
    sent = exchanges(trace, range(len(trace)), World(1), recording)
    expected = exchanges(trace, range(len(trace)), World(2), upstream)
    keys = [key(request) for request, _ in sent.values()]
    wanted = data.draw(st.permutations(range(len(trace))))
    order = in_order(trace, keys, wanted)

    live = replay(recording.cassette, policy=Policy(rebind=False))
    found = exchanges(trace, order, World(2), live)

    assert results([found[n][1] for n in range(len(trace))]) == ["replayed"] * len(trace)
    told = Comparison().of(found[n][1] for n in range(len(trace)))
    assert told == Comparison().of(answer for _, answer in expected.values())
