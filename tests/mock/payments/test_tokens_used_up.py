"""A token is used up once: by a customer, a charge or a payment method."""

from __future__ import annotations

import pytest

from tests.mock.client import US_BANK, VISA, Client

USES = {
    "a customer": ("POST /v1/customers", {}, "source"),
    "a charge": ("POST /v1/charges", {"amount": 500, "currency": "usd"}, "source"),
    "a payment method": ("POST /v1/payment_methods", {"type": "card"}, "card[token]"),
}


@pytest.mark.parametrize("use", USES)
def test_a_token_is_used_once(client: Client, use: str) -> None:
    operation, fields, parameter = USES[use]
    token = client.token(VISA)["id"]
    client.call(operation, {**fields, parameter: token})
    assert client.call(f"GET /v1/tokens/{token}")["used"] is True
    for again, more, name in USES.values():
        error = client.call(again, {**more, name: token}, status=400)
        assert error["code"] == "token_already_used"
        assert error["message"] == f"You cannot use a Stripe token more than once: {token}."


@pytest.mark.parametrize("use", USES)
def test_a_published_token_is_used_any_number_of_times(client: Client, use: str) -> None:
    operation, fields, parameter = USES[use]
    ids = {client.call(operation, {**fields, parameter: "tok_visa"})["id"] for _ in range(3)}
    assert len(ids) == 3


@pytest.mark.parametrize("use", USES)
def test_an_unknown_token_is_an_error(client: Client, use: str) -> None:
    operation, fields, parameter = USES[use]
    error = client.call(operation, {**fields, parameter: "tok_1"}, status=400)
    assert (error["code"], error["param"]) == ("resource_missing", parameter)
    assert error["message"] == "No such token: 'tok_1'"


def test_a_customer_that_cannot_be_made_uses_no_token_up(client: Client) -> None:
    token = client.token(VISA | {"card[number]": "4000000000000002"})["id"]
    client.call("POST /v1/customers", {"source": token}, status=402)
    assert client.call(f"GET /v1/tokens/{token}")["used"] is False


def test_a_token_is_made_of_a_customers_card(client: Client) -> None:
    customer = client.call("POST /v1/customers", {"source": "tok_amex"})
    token = client.token({"customer": customer["id"]})
    assert (token["card"]["brand"], token["card"]["customer"]) == (
        "American Express",
        customer["id"],
    )
    assert token["card"]["id"] != customer["default_source"]
    error = client.error({"customer": customer["id"], "card": "card_1"})
    assert error["message"] == "No such source: 'card_1'"


def test_a_bank_account_is_refused_with_the_place_to_record_it_from(client: Client) -> None:
    token = client.token(US_BANK)["id"]
    error = client.call("POST /v1/customers", {"source": token}, status=501)
    assert "--upstream https://api.stripe.com" in error["message"]


def test_no_response_shows_what_the_mock_alone_knows_of_a_card(client: Client) -> None:
    token = client.token(VISA)
    assert "published name" not in token["card"]
    assert "published name" not in client.call(f"GET /v1/tokens/{token['id']}")["card"]
    method = client.call("POST /v1/payment_methods", {"type": "card", "card[token]": token["id"]})
    assert not {"card behind it", "used"} & set(method)
