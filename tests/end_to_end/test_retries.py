"""Idempotent retries, in both modes."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from tokentape.pure.http.messages import Request, Response

from tests.processes import Session, Workplace
from tests.upstreams import Upstream, in_turn, saying, stripe
from tests.wire import Client, card, person

KEY = "retry-of-a-client-7Qx"


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with Upstream(stripe()) as found:
        yield found


def both(workplace: Workplace, upstream: Upstream) -> Iterator[Session]:
    """Record, then replay; nothing may be recorded twice, and nothing missed."""
    recording = ("record", "retries", "--upstream", upstream.url)
    for words in (recording, ("replay", "retries", "--strict")):
        with workplace.serving(*words) as session:
            yield session
            assert session.end() == 0, session.said


def test_a_retry_gets_the_same_answer_and_uses_nothing_up(
    workplace: Workplace, upstream: Upstream
) -> None:
    for session in both(workplace, upstream):
        client = Client(session.url)
        first = client.post(card(name="Ada"), Idempotency_Key=KEY)
        again = client.post(card(name="Ada"), Idempotency_Key=KEY)
        other = client.post(card(name="Ada"), Idempotency_Key=KEY + "2")
        assert again.body == first.body
        assert again.headers["idempotent-replayed"] == "true"
        assert "idempotent-replayed" not in first.headers
        assert first.headers["idempotency-key"] == KEY
        assert other.id != first.id
    assert len(upstream.seen) == 2
    assert workplace.text("retries").count("- request:") == 2


def test_a_key_with_other_parameters_is_refused_as_stripe_does(
    workplace: Workplace, upstream: Upstream
) -> None:
    for session in both(workplace, upstream):
        client = Client(session.url)
        client.post(card(name="Ada"), Idempotency_Key=KEY)
        for other in (card(name="Bea"), card(name="Ada", cvc="987"), person("Ada", "Quast")):
            refused = client.post(other, Idempotency_Key=KEY)
            assert (refused.status, refused.error["type"]) == (400, "idempotency_error")
            assert refused.headers["stripe-should-retry"] == "false"
            assert KEY in refused.error["message"]
        assert KEY not in session.said
    assert len(upstream.seen) == 1
    assert KEY not in workplace.text("retries")


def test_a_card_error_stands_and_a_wrong_parameter_does_not(
    workplace: Workplace, upstream: Upstream
) -> None:
    for session in both(workplace, upstream):
        client = Client(session.url)
        wrong = client.post(card(exp_month="13"), Idempotency_Key=KEY)
        assert (wrong.status, wrong.error["code"]) == (402, "invalid_expiry_month")
        again = client.post(card(exp_month="13"), Idempotency_Key=KEY)
        assert again.headers["idempotent-replayed"] == "true"
        assert client.post(card(color="red"), Idempotency_Key=KEY + "2").status == 400
        assert client.post(card(), Idempotency_Key=KEY + "2").status == 200


def test_a_storm_of_retries_is_one_interaction(workplace: Workplace) -> None:
    gate, answer = threading.Event(), stripe()

    def slow(request: Request) -> Response:
        gate.wait(0.2)
        return answer(request)

    with Upstream(slow) as upstream, ThreadPoolExecutor(8) as threads:
        for session in both(workplace, upstream):
            client = Client(session.url)
            sent = [threads.submit(client.post, card(), Idempotency_Key=KEY) for _ in range(8)]
            assert len({one.result().id for one in sent}) == 1
    assert len(upstream.seen) == 1
    assert workplace.text("retries").count("- request:") == 1


def test_after_a_failure_the_retry_is_carried_out(workplace: Workplace) -> None:
    with (
        Upstream(in_turn(saying(503), saying(429), stripe())) as upstream,
        workplace.serving("record", "retries", "--upstream", upstream.url) as session,
    ):
        client = Client(session.url)
        sent = [client.post(card(), Idempotency_Key=KEY) for _ in range(4)]
        assert session.end() == 0
    assert [one.status for one in sent] == [503, 429, 200, 200]
    assert [one.result for one in sent[:3]] == ["forwarded", "forwarded", "recorded"]
    assert "1 recorded" in session.said
