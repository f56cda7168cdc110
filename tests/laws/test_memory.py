"""The fast way and the slow one give the same bytes, counts and receipts for the same requests."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st
from tokentape.pure.http.messages import Request, Response
from tokentape.pure.watching.events import Event, Result
from tokentape.session.service import Policy

from tests.laws.api import Traffic
from tests.laws.pipeline import Stage, replay, stripe
from tests.laws.play import exchanges, play, recording_of
from tests.laws.test_replays import traffic
from tests.laws.traffic import Step, Trace
from tests.laws.worlds import Symbol, World

JSON = (("Content-Type", "application/json"),)

policies = st.builds(Policy, repeat=st.booleans(), strict=st.booleans())


Story = list[tuple[int, bool, int]]


@st.composite
def stories(draw: st.DrawFn) -> Story:
    """Draw what is asked, again and again.

    Which of a trace, whether its answer arrives, and with which Idempotency-Key: 0 for its own.
    """
    arrives = st.sampled_from((True, True, True, False))
    keys = st.integers(0, 5)
    return draw(st.lists(st.tuples(st.integers(0, 5), arrives, keys), max_size=40))


def keyed(request: Request, number: int) -> Request:
    """Return a request with another Idempotency-Key."""
    if not number:
        return request
    others = (line for line in request.headers if line[0] != "Idempotency-Key")
    return request._replace(headers=(*others, ("Idempotency-Key", f"key {number}")))


@given(traffic, policies, stories())
def test_with_a_memory_and_without_answers_are_the_same(
    traffic: Traffic, policy: Policy, story: Story
) -> None:
    trace, upstream = traffic
    recording = recording_of(trace, upstream(1))
    fast = replay(recording.cassette, policy=policy)
    slow = replay(recording.cassette, policy=policy, remembers=False)
    played = exchanges(trace, range(len(trace)), World(2), slow)
    for request, answer in played.values():
        assert fast.send(request) == answer
    asked = [request for request, _ in played.values()]
    assert_alike_in(story, asked, fast, slow)


@given(traffic, policies, stories())
def test_answers_are_the_same_where_requests_are_repeated_before_others_come(
    traffic: Traffic, policy: Policy, story: Story
) -> None:
    trace, upstream = traffic
    recording = recording_of(trace, upstream(1))
    guide = replay(recording.cassette, policy=policy, remembers=False)
    played = exchanges(trace, range(len(trace)), World(2), guide)
    fast = replay(recording.cassette, policy=policy)
    slow = replay(recording.cassette, policy=policy, remembers=False)
    asked = [request for request, _ in played.values()]
    assert_alike_in(story, asked, fast, slow)


def assert_alike_in(story: Story, asked: Sequence[Request], fast: Stage, slow: Stage) -> None:
    for number, taken, key in story:
        request = keyed(asked[number % len(asked)], key)
        assert fast.send(request, taken=taken) == slow.send(request, taken=taken)
    assert_alike(fast, slow)


def assert_alike(fast: Stage, slow: Stage) -> None:
    assert fast.receipt() == slow.receipt()
    assert fast.service.health() == slow.service.health()
    assert fast.notices == slow.notices
    assert replays_shown(fast) == replays_shown(slow) == fast.service.counts.replayed


def replays_shown(stage: Stage) -> int:
    """Return how many answers from the cassette the watcher was told of."""
    stage.service.tell_repeats()
    return sum(
        event.result is Result.REPLAYED and not event.is_retry
        if isinstance(event, Event)
        else sum(event.counts.values())
        for event in stage.events
    )


def people(numbers: st.SearchStrategy[int], size: int) -> st.SearchStrategy[Trace]:
    """Draw requests that differ in a name alone."""
    return st.lists(
        numbers.map(lambda number: Step(((("person", "last_name"), Symbol("name", number)),))),
        min_size=size,
        max_size=20,
    ).map(tuple)


@given(people(st.integers(0, 2), 2), people(st.integers(0, 4), 8), policies)
def test_answers_are_the_same_where_other_people_play_a_recording(
    recorded: Trace, asked: Trace, policy: Policy
) -> None:
    recording = recording_of(recorded, stripe(1))
    fast = replay(recording.cassette, policy=policy)
    slow = replay(recording.cassette, policy=policy, remembers=False)
    assert play(asked, World(2), fast) == play(asked, World(2), slow)
    assert fast.receipt() == slow.receipt()


def test_a_retry_is_answered_by_the_session_itself() -> None:
    recording = Stage(answer=stripe(1))
    recording.send(GRACE)
    stage = replay(recording.cassette)
    stage.send(keyed(GRACE, 1))
    (final,) = (answer.final for answer in stage.port.values())
    assert stage.service.repeated(final, "key 2")
    assert not stage.service.repeated(final, "key 2")
    assert stage.service.counts.replayed == 2


def test_who_comes_when_all_is_taken_is_remembered_from_the_second_time_on() -> None:
    recording = Stage(answer=stripe(1))
    recording.send(GRACE)
    stage = replay(recording.cassette)
    stage.send(GRACE)
    first = stage.send(EVE)
    assert len(stage.port) == 1
    assert stage.send(EVE) == first
    assert len(stage.port) == 2
    assert stage.send(EVE) == first
    assert stage.service.counts.replayed == 4


CARD = (("Authorization", "Bearer sk_test_" + "a" * 24),)
GRACE = Request("POST", "/v1/tokens", CARD, b"person[first_name]=Grace")
EVE = Request("POST", "/v1/tokens", CARD, b"person[first_name]=Eve")


def named(name: str) -> Request:
    return Request("POST", "/v1/tokens", CARD, f"card[name]={name}".encode())


def test_an_answer_that_shows_what_no_request_has_sent_yet_may_change() -> None:
    street = Request("POST", "/v1/tokens", CARD, b"card[address_line1]=1 Main")
    recording = Stage(answer=lambda _: Response(200, JSON, b'{"card": {"name": "Ada"}}'))
    recording.send(street)
    recording.send(named("Ada"))
    fast, slow = (replay(recording.cassette) for limit in (1_000, 0))
    for request in (street, street, named("Eve"), street, street):
        assert fast.send(request) == slow.send(request)
    assert b"Eve" in fast.send(street).body
