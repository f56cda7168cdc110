"""The fast way and the slow one give the same bytes, counts and receipts for the same requests."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from proxy.edges.server.memory import Memory
from proxy.memo import Memo
from proxy.pure.messages import Request
from proxy.pure.recent import Recent
from proxy.service import Policy
from tests.laws.pipeline import DOOR, Stage, replay, stripe
from tests.laws.play import exchanges, play
from tests.laws.traffic import Step, Trace, gets, posts, traces
from tests.laws.worlds import Symbol, World

steps = st.integers(0, 2).flatmap(lambda dice: gets if dice == 0 else posts)
limits = st.sampled_from((0, 2, 8, 1_000))
policies = st.builds(Policy, repeat=st.booleans(), rebind=st.booleans())


@st.composite
def sequels(draw: st.DrawFn) -> list[tuple[int, bool, bool]]:
    """Draw what is asked again: which, whether as the very object, whether its answer arrives."""
    one = st.tuples(st.integers(0, 5), st.booleans(), st.sampled_from((True, True, True, False)))
    return draw(st.lists(one, max_size=25))


@given(traces(steps), policies, limits, sequels())
def test_with_a_memo_and_without_answers_are_the_same(
    trace: Trace, policy: Policy, limit: int, sequel: list[tuple[int, bool, bool]]
) -> None:
    recording = Stage(answer=stripe(1))
    play(trace, World(1), recording)
    fast = replay(recording.cassette, policy=policy, remembered=limit)
    slow = replay(recording.cassette, policy=policy, remembered=0)
    played = exchanges(trace, range(len(trace)), World(2), slow)
    for request, answer in played.values():
        assert fast.send(request) == answer
    for number, same, taken in sequel:
        request = played[number % len(trace)][0]
        again = request if same else replace(request)
        assert fast.send(again, taken=taken) == slow.send(request, taken=taken)
    assert fast.receipt() == slow.receipt()
    assert fast.service.health() == slow.service.health()
    assert fast.notices == slow.notices


def people(numbers: st.SearchStrategy[int], size: int) -> st.SearchStrategy[Trace]:
    """Draw requests that differ in a name alone."""
    return st.lists(
        numbers.map(lambda number: Step(((("person", "last_name"), Symbol("name", number)),))),
        min_size=size,
        max_size=20,
    ).map(tuple)


@given(people(st.integers(0, 2), 2), people(st.integers(0, 4), 8), policies)
def test_so_they_are_where_variables_are_bound_anew(
    recorded: Trace, asked: Trace, policy: Policy
) -> None:
    recording = Stage(answer=stripe(1))
    play(recorded, World(1), recording)
    fast = replay(recording.cassette, policy=policy)
    slow = replay(recording.cassette, policy=policy, remembered=0)
    assert play(asked, World(2), fast) == play(asked, World(2), slow)
    assert fast.receipt() == slow.receipt()


@given(st.integers(2, 9), st.lists(st.integers(0, 20), min_size=30))
def test_a_memory_is_bounded_and_keeps_what_came_last(limit: int, keys: list[int]) -> None:
    recent: Recent[int, int] = Recent(limit)
    for key in keys:
        if recent.get(key) is None:
            recent.put(key, key)
        assert len(recent) <= limit
    last = list(dict.fromkeys(reversed(keys)))[: limit // 2]
    assert [recent.get(key) for key in reversed(last)] == list(reversed(last))


def test_what_is_one_of_its_kind_is_not_remembered() -> None:
    memory = Memory(100)
    for name, kept in (("Idempotency-Key", False), ("Stripe-Account", True)):
        request = Request("POST", "/v1/tokens", ((name, "a"),))
        memory.keep_request(memory.mark(name.encode()), request)
        assert (memory.request(memory.mark(name.encode())) is request) == kept


def test_long_requests_are_not_remembered() -> None:
    memo = Memo(DOOR, 100)
    for name, kept in (("Ada", True), ("Ada" * 2_000, False)):
        request = Request("POST", "/v1/tokens", (), f"card[name]={name}".encode())
        first = memo.meet(request).known
        assert (memo.meet(request).known is first) == kept
        assert (memo.meet(replace(request)).known is first) == kept
