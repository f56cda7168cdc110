"""A cassette held against an upstream of today."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from tokentape.pure.http.messages import Request, Response

from tests.end_to_end.traffic import Person, act
from tests.processes import Workplace
from tests.upstreams import Upstream, saying, stripe
from tests.wire import LIVE, SECRET, Client, card, numbered

SAME = "interactions are answered as they were recorded"


@pytest.fixture
def recorded(workplace: Workplace) -> Workplace:
    with workplace.recorded("a") as url:
        client = Client(url)
        made = client.post(card(name="Ada"))
        client.get(made.id)
        client.post(card("4242424242424241", name="Bob"))
        client.post(card(numbered("411111111111112"), name="Ada"))
    return workplace


def changed(change: Callable[[dict[str, Any]], object]) -> Callable[[Request], Response]:
    """Answer as ever, but for what a change makes of each card."""
    answer = stripe()

    def answered(request: Request) -> Response:
        before = answer(request)
        document = json.loads(before.body)
        if "card" in document:
            change(document["card"])
        return Response(before.status, before.headers, json.dumps(document).encode())

    return answered


def verify(place: Workplace, url: str, *words: str, key: str = SECRET) -> tuple[int, str, str]:
    ran = place.run("verify", "a", "--upstream", url, "--mix-upstreams", *words, STRIPE_API_KEY=key)
    assert not key or key not in ran.stdout + ran.stderr
    return ran.returncode, ran.stdout, ran.stderr


def test_nothing_changed(recorded: Workplace) -> None:
    before = recorded.text("a")
    with Upstream(stripe()) as upstream:
        assert verify(recorded, upstream.url) == (0, f"4 {SAME}\n", "")
        assert all(one.header("authorization") == f"Bearer {SECRET}" for one in upstream.seen)
    assert verify(recorded, "mock", key="")[:2] == (0, f"4 {SAME}\n")
    assert recorded.text("a") == before


def test_everything_there_is_to_keep_secret(workplace: Workplace) -> None:
    with workplace.recorded("a") as url:
        act(url, Person(1))
    status, said, _ = verify(workplace, "mock", key="")
    assert (status, SAME in said) == (0, True), said


def test_a_token_is_retrieved_by_the_id_that_it_has_today(recorded: Workplace) -> None:
    with Upstream(stripe()) as upstream:
        verify(recorded, upstream.url)
    made, got = upstream.seen[:2]
    assert (made.method, got.method) == ("POST", "GET")
    assert got.target.removeprefix("/v1/tokens/").startswith("tok_")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda card: card.update(funding="debit"), 'changed  card.funding: "credit" → "debit"'),
        (lambda card: card.pop("wallet"), "removed  card.wallet: null"),
        (lambda card: card.update(account="acct_1"), 'added    card.account: "{{acct}}"'),
        (lambda card: card.update(unknown="x"), 'added    card.{{field}}: "{{text}}"'),
        (lambda card: card.update(last4="1881"), 'card.last4: "{{card:visa.last4}}" → "{{last4}}"'),
        (lambda card: card.update(networks=[]), "changed  card.networks: {…} → []"),
    ],
)
def test_what_changed_is_told_by_its_place(
    recorded: Workplace, change: Callable[[dict[str, Any]], object], told: str
) -> None:
    with Upstream(changed(change)) as upstream:
        status, said, _ = verify(recorded, upstream.url)
    assert status == 1
    assert told in said
    assert f"`tokentape record a --upstream {upstream.url}`" in said
    assert "3 of 4 interactions are answered in another way" in said
    assert "(with stand-ins for {{name.1}})" in said
    assert "Ada" not in said
    assert "1881" not in said


def test_one_value_where_there_were_two_is_a_change(recorded: Workplace) -> None:
    with Upstream(changed(lambda card: card.update(fingerprint="always"))) as upstream:
        status, said, _ = verify(recorded, upstream.url)
    assert status == 1
    assert 'card.fingerprint: "{{fingerprint.2}}" → "{{fingerprint.1}}"' in said


def test_recording_again_shows_the_same_and_then_it_verifies(recorded: Workplace) -> None:
    before = recorded.text("a").replace("recorded_from: mock", "recorded_from: other")
    with Upstream(changed(lambda card: card.update(funding="debit"))) as upstream:
        assert verify(recorded, upstream.url)[0] == 1
        with recorded.recorded("a", "--upstream", upstream.url) as url:
            client = Client(url)
            client.get(client.post(card(name="Grace")).id)
            client.post(card("4242424242424241", name="Hal"))
            client.post(card(numbered("453211111111111"), name="Grace"))
        assert recorded.text("a") == before.replace('"funding": "credit"', '"funding": "debit"')
        assert verify(recorded, upstream.url)[0] == 0


@pytest.mark.parametrize(
    ("key", "told"),
    [
        ("", "STRIPE_API_KEY is not set; the cassette was recorded with a key of class sk_test"),
        (LIVE, "STRIPE_API_KEY holds a key of class sk_live; the cassette was recorded with"),
        ("nonsense", "STRIPE_API_KEY holds a key of class unknown; the cassette was recorded"),
    ],
)
def test_a_key_that_will_not_do_is_told_before_anything_is_sent(
    recorded: Workplace, key: str, told: str
) -> None:
    with Upstream(stripe()) as upstream:
        status, said, error = verify(recorded, upstream.url, key=key)
        assert (status, said, upstream.seen) == (2, "", [])
    assert told in error


def test_a_live_key_is_sent_if_allowed_alone(workplace: Workplace) -> None:
    with Upstream(stripe()) as upstream:
        with workplace.recorded("a", "--upstream", upstream.url, "--allow-live") as url:
            Client(url, LIVE).post(card())
        assert verify(workplace, upstream.url, key=LIVE)[0] == 2
        assert verify(workplace, upstream.url, "--allow-live", key=LIVE)[0] == 0
        assert len(upstream.seen) == 2


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (saying(429), "the upstream answers interaction 1 with 429: try again later"),
        (saying(503), "the upstream answers interaction 1 with 503: try again later"),
    ],
)
def test_an_upstream_in_trouble_is_no_change(
    recorded: Workplace, answer: Callable[[Request], Response], told: str
) -> None:
    with Upstream(answer) as upstream:
        status, said, error = verify(recorded, upstream.url)
    assert (status, said) == (2, "")
    assert told in error
    status, said, error = verify(recorded, upstream.url)  # it is gone
    assert (status, said) == (2, "")
    assert "no answer to interaction 1: no connection could be made with it" in error


def test_an_answer_that_is_no_json_is_a_change(recorded: Workplace) -> None:
    with Upstream(saying(200, b"<html>")) as upstream:
        status, said, _ = verify(recorded, upstream.url)
    assert status == 1
    assert "cannot be compared: the answer is no JSON" in said
