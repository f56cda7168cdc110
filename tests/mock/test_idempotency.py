from __future__ import annotations

from urllib.parse import urlencode

import pytest
from tokentape.mock import idempotency
from tokentape.mock.answers import Call
from tokentape.mock.idempotency import Idempotency
from tokentape.mock.keys import Key
from tokentape.mock.memory import Fingerprints
from tokentape.mock.parameters import Parameters
from tokentape.pure.http.messages import Headers, Request, Response

from tests.mock.client import PUBLISHABLE, SECRET, VISA, Client, document

ONCE: Headers = (("Idempotency-Key", "k1"),)


def test_a_retry_gets_the_first_answer_again(client: Client) -> None:
    first = client.post(VISA, headers=ONCE)
    again = client.post(dict(reversed(VISA.items())), headers=ONCE)
    assert (again.status, again.body) == (first.status, first.body)
    assert again.header("Idempotent-Replayed") == "true"
    assert first.header("Idempotent-Replayed") is None
    assert again.header("Original-Request") == first.header("Request-Id")
    assert again.header("Request-Id") not in (None, first.header("Request-Id"))


def test_a_refused_card_stays_refused(client: Client) -> None:
    wrong = VISA | {"card[number]": "4242424242424241"}
    first, again = (client.post(wrong, headers=ONCE) for _ in range(2))
    assert (again.status, again.body) == (402, first.body)
    assert again.header("Idempotent-Replayed") == "true"


@pytest.mark.parametrize("wrong", [{"foo": "1"}, {"card[cvc]": "123"}, {}])
def test_a_wrong_parameter_leaves_the_key_free(client: Client, wrong: dict[str, str]) -> None:
    assert client.post(wrong, headers=ONCE).status == 400
    answer = client.post(VISA, headers=ONCE)
    assert answer.status == 200
    assert answer.header("Idempotent-Replayed") is None


def test_a_wrong_key_leaves_it_free_too(client: Client) -> None:
    assert client.post(VISA, key="x", headers=ONCE).status == 401
    assert client.post(VISA, headers=ONCE).header("Idempotent-Replayed") is None


def test_other_parameters_are_refused_and_the_first_stand(client: Client) -> None:
    first = client.post(VISA, headers=ONCE)
    other = client.post(VISA | {"card[name]": "Ada"}, headers=ONCE)
    assert document(other)["error"]["type"] == "idempotency_error"
    assert client.post(VISA, headers=ONCE).body == first.body


def test_keys_are_an_accounts_own(client: Client) -> None:
    client.post(VISA, headers=ONCE)
    connected = (*ONCE, ("Stripe-Account", "acct_1"))
    assert client.post(VISA, headers=connected).header("Idempotent-Replayed") is None
    assert client.post(VISA, key=PUBLISHABLE, headers=ONCE).header("Idempotent-Replayed") is None


def test_without_a_key_every_post_counts(client: Client) -> None:
    assert client.post(VISA).body != client.post(VISA).body


def test_a_key_means_nothing_on_a_get(client: Client) -> None:
    token = client.token(VISA)
    for _ in range(2):
        answer = client.send("GET", f"/v1/tokens/{token['id']}", headers=ONCE)
        assert answer.header("Idempotent-Replayed") is None


def test_arrays_are_the_same_by_position(client: Client) -> None:
    for name in ("expand[]", "expand[0]"):
        body = urlencode(VISA | {name: "card.customer"}).encode()
        answer = client.send("POST", "/v1/tokens", headers=ONCE, body=body)
        assert answer.status == 200


def test_the_oldest_answers_are_forgotten() -> None:
    calls = [
        Call(
            Request("POST", "/v1/tokens", (("Idempotency-Key", str(number)),)),
            Key(SECRET, live=False, publishable=False),
            f"req_{number}",
            0,
        )
        for number in range(idempotency.MAX_ANSWERS + 1)
    ]
    answers = Idempotency(Fingerprints("a"))
    for call in calls:
        answers.once(call, Parameters({}), lambda: Response(200))
    assert answers.once(calls[1], Parameters({}), lambda: Response(201)).status == 200
    assert answers.once(calls[0], Parameters({}), lambda: Response(201)).status == 201
