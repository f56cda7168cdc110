from __future__ import annotations

from urllib.parse import urlencode

import pytest
from tokentape.mock.keys import Key
from tokentape.mock.memory import MAX_RESPONSES, Fingerprints, Idempotency
from tokentape.mock.responses import Call
from tokentape.pure.http.messages import Headers, Request, Response

from tests.mock.client import PUBLISHABLE, SECRET, VISA, Client, document

ONCE: Headers = (("Idempotency-Key", "k1"),)


def test_a_retry_gets_the_first_response(client: Client) -> None:
    first = client.post(VISA, headers=ONCE)
    second = client.post(dict(reversed(VISA.items())), headers=ONCE)
    assert (second.status, second.body) == (first.status, first.body)
    assert second.header("Idempotent-Replayed") == "true"
    assert first.header("Idempotent-Replayed") is None
    assert second.header("Original-Request") == first.header("Request-Id")
    assert second.header("Request-Id") not in (None, first.header("Request-Id"))


def test_the_error_for_a_card_is_repeated(client: Client) -> None:
    wrong = VISA | {"card[number]": "4242424242424241"}
    first, second = (client.post(wrong, headers=ONCE) for _ in range(2))
    assert (second.status, second.body) == (402, first.body)
    assert second.header("Idempotent-Replayed") == "true"


@pytest.mark.parametrize("wrong", [{"foo": "1"}, {"card[cvc]": "123"}, {}])
def test_a_wrong_parameter_leaves_the_idempotency_key_free(
    client: Client, wrong: dict[str, str]
) -> None:
    assert client.post(wrong, headers=ONCE).status == 400
    answer = client.post(VISA, headers=ONCE)
    assert answer.status == 200
    assert answer.header("Idempotent-Replayed") is None


def test_a_wrong_api_key_leaves_the_idempotency_key_free(client: Client) -> None:
    assert client.post(VISA, key="x", headers=ONCE).status == 401
    assert client.post(VISA, headers=ONCE).header("Idempotent-Replayed") is None


def test_other_parameters_are_an_error_and_the_first_response_stays(client: Client) -> None:
    first = client.post(VISA, headers=ONCE)
    other = client.post(VISA | {"card[name]": "Ada"}, headers=ONCE)
    assert document(other)["error"]["type"] == "idempotency_error"
    assert client.post(VISA, headers=ONCE).body == first.body


def test_an_idempotency_key_belongs_to_one_account_and_api_key(client: Client) -> None:
    client.post(VISA, headers=ONCE)
    connected = (*ONCE, ("Stripe-Account", "acct_1"))
    assert client.post(VISA, headers=connected).header("Idempotent-Replayed") is None
    assert client.post(VISA, key=PUBLISHABLE, headers=ONCE).header("Idempotent-Replayed") is None


def test_posts_without_an_idempotency_key_each_create_a_token(client: Client) -> None:
    assert client.post(VISA).body != client.post(VISA).body


def test_a_get_ignores_its_idempotency_key(client: Client) -> None:
    token = client.token(VISA)
    for _ in range(2):
        answer = client.send("GET", f"/v1/tokens/{token['id']}", headers=ONCE)
        assert answer.header("Idempotent-Replayed") is None


def test_expand_with_and_without_a_position_are_the_same_parameters(client: Client) -> None:
    for name in ("expand[]", "expand[0]"):
        body = urlencode(VISA | {name: "card.customer"}).encode()
        answer = client.send("POST", "/v1/tokens", headers=ONCE, body=body)
        assert answer.status == 200


def test_the_oldest_responses_are_forgotten() -> None:
    calls = [
        Call(
            Request("POST", "/v1/tokens", (("Idempotency-Key", str(number)),)),
            Key(SECRET, live=False, publishable=False),
            f"req_{number}",
            0,
        )
        for number in range(MAX_RESPONSES + 1)
    ]
    answers = Idempotency(Fingerprints("a"))
    for call in calls:
        answers.answer_once(call, {}, lambda: Response(200))
    assert answers.answer_once(calls[1], {}, lambda: Response(201)).status == 200
    assert answers.answer_once(calls[0], {}, lambda: Response(201)).status == 201
