"""Customers with a source, charges of them, and refunds."""

from __future__ import annotations

import csv

import pytest

from tests.mock.client import DATA, LIVE, PUBLISHABLE, VISA, Client
from tests.wire import numbered

CHARGE = {"amount": 500, "currency": "usd"}
OUTCOMES = [
    row
    for row in csv.DictReader((DATA / "mock_outcomes.csv").read_text("utf-8").splitlines())
    if row["code"] and row["name"] != "test_mode_live_card"
]


def customer(client: Client, **fields: object) -> str:
    return str(client.call("POST /v1/customers", {"source": "tok_visa", **fields})["id"])


def test_a_customer_has_what_was_sent_and_null_for_the_rest(client: Client) -> None:
    fields = {"email": "ada@example.com", "metadata[order]": "7", "address[city]": "Bonn"}
    made = client.call("POST /v1/customers", {**fields, "name": "", "source": "tok_amex"})
    assert (made["email"], made["name"]) == ("ada@example.com", None)
    assert made["metadata"] == {"order": "7"}
    assert made["address"]["city"] == "Bonn"
    assert made["address"]["line1"] is None
    assert made["default_source"].startswith("card_")
    assert client.call(f"GET /v1/customers/{made['id']}") == made


def test_the_sources_of_a_customer_are_there_when_expanded(client: Client) -> None:
    expand = {"expand[]": "sources"}
    sources = client.call(f"GET /v1/customers/{customer(client)}", expand)["sources"]
    assert [card["brand"] for card in sources["data"]] == ["Visa"]
    assert sources["url"].endswith("/sources")


@pytest.mark.parametrize("source", ["tok_mastercard", "customer"])
def test_a_charge_succeeds(client: Client, source: str) -> None:
    payer = {"customer": customer(client)} if source == "customer" else {"source": source}
    charge = client.call("POST /v1/charges", {**CHARGE, **payer, "description": "Tea"})
    assert (charge["status"], charge["paid"], charge["captured"]) == ("succeeded", True, True)
    assert (charge["amount_captured"], charge["amount_refunded"]) == (500, 0)
    assert charge["outcome"]["seller_message"] == "Payment complete."
    brand = "visa" if source == "customer" else "mastercard"
    assert charge["payment_method_details"]["card"]["brand"] == brand
    assert client.call(f"GET /v1/charges/{charge['id']}") == charge


def test_a_charge_that_is_not_captured_waits(client: Client) -> None:
    charge = client.call("POST /v1/charges", {**CHARGE, "source": "tok_visa", "capture": "false"})
    assert (charge["captured"], charge["amount_captured"]) == (False, 0)
    assert charge["balance_transaction"] is None


@pytest.mark.parametrize("row", OUTCOMES, ids=lambda row: row["name"])
def test_a_published_card_is_declined_as_documented(client: Client, row: dict[str, str]) -> None:
    token = next(
        t for t in (f"tok_{row['name']}", f"tok_visa_{row['name']}") if client.get(t).status == 200
    )
    error = client.call("POST /v1/charges", {**CHARGE, "source": token}, status=402)
    assert error["type"] == "card_error"
    assert (error["code"], error["decline_code"]) == (row["code"], row["decline_code"])
    assert error["message"] == row["message"]
    assert error.get("param", "") == row["param"]
    failed = client.call(f"GET /v1/charges/{error['charge']}")
    assert (failed["status"], failed["paid"]) == ("failed", False)
    assert (failed["failure_code"], failed["failure_message"]) == (row["code"], row["message"])
    assert failed["outcome"]["type"] == row["type"]

    attached = 402 if row["attach"] else 200
    client.call("POST /v1/customers", {"source": token}, status=attached)


def test_a_card_that_stripe_has_not_published_is_declined(client: Client) -> None:
    token = client.token(VISA | {"card[number]": numbered("424242424242001")})["id"]
    error = client.call("POST /v1/charges", {**CHARGE, "source": token}, status=402)
    assert error["decline_code"] == "test_mode_live_card"


@pytest.mark.parametrize("token", ["tok_createDispute", "tok_threeDSecure2Required"])
def test_a_card_of_which_the_mock_cannot_tell_is_refused(client: Client, token: str) -> None:
    error = client.call("POST /v1/charges", {**CHARGE, "source": token}, status=501)
    assert token.removeprefix("tok_") in error["message"]
    assert "--upstream https://api.stripe.com" in error["message"]
    assert "doc_url" not in error


def test_checks_of_a_card_are_made_when_it_is_used(client: Client) -> None:
    for number, result in (("4242424242424242", "pass"), ("4000000000000101", "fail")):
        token = client.token(VISA | {"card[number]": number, "card[cvc]": "314"})["id"]
        charge = client.call("POST /v1/charges", {**CHARGE, "source": token})
        checks = charge["payment_method_details"]["card"]["checks"]
        assert checks["cvc_check"] == charge["source"]["cvc_check"] == result
        assert checks["address_line1_check"] is None


@pytest.mark.parametrize(
    ("fields", "code", "message"),
    [
        (CHARGE, "parameter_missing", "Must provide source or customer."),
        ({"currency": "usd"}, "parameter_missing", "Missing required param: amount."),
        ({"amount": 0, "currency": "usd"}, "parameter_invalid_integer", "Invalid positive integer"),
        (
            {"amount": 49, "currency": "usd"},
            "amount_too_small",
            "Amount must be at least $0.50 usd",
        ),
        ({"amount": "5.0", "currency": "usd"}, "parameter_invalid_integer", "Invalid integer: 5.0"),
        ({**CHARGE, "source": ""}, "parameter_invalid_empty", "You passed an empty string"),
        ({**CHARGE, "receipt_email": "x"}, "email_invalid", "Invalid email address: x"),
        ({**CHARGE, "customer": "cus_1"}, "resource_missing", "No such customer: 'cus_1'"),
    ],
)
def test_a_wrong_parameter_is_an_error(
    client: Client, fields: dict[str, object], code: str, message: str
) -> None:
    error = client.call("POST /v1/charges", fields, status=400)
    assert error["code"] == code
    assert error["message"].startswith(message)


def test_a_parameter_that_the_mock_does_not_know_is_refused(client: Client) -> None:
    fields = {**CHARGE, "source": "tok_visa", "transfer_data[destination]": "acct_1"}
    error = client.call("POST /v1/charges", fields, status=501)
    assert "the parameter transfer_data of POST /v1/charges" in error["message"]
    fields = {**CHARGE, "shipping[name]": "Ada", "shipping[address][planet]": "Mars"}
    error = client.call("POST /v1/charges", fields, status=400)
    assert error["message"] == "Received unknown parameter: shipping[address][planet]"


def test_a_customer_without_a_card_cannot_be_charged(client: Client) -> None:
    payer = {"customer": client.call("POST /v1/customers")["id"]}
    error = client.call("POST /v1/charges", {**CHARGE, **payer}, status=402)
    assert error["message"] == "Cannot charge a customer that has no active card"


def test_a_charge_is_refunded_in_parts(client: Client) -> None:
    charge = client.call("POST /v1/charges", {**CHARGE, "source": "tok_visa"})["id"]
    refund = client.call("POST /v1/refunds", {"charge": charge, "amount": 200})
    assert (refund["amount"], refund["status"], refund["charge"]) == (200, "succeeded", charge)
    too_much = client.call("POST /v1/refunds", {"charge": charge, "amount": 400}, status=400)
    assert "($4.00) is greater than unrefunded amount on charge ($3.00)" in too_much["message"]
    assert client.call("POST /v1/refunds", {"charge": charge})["amount"] == 300
    shown = client.call(f"GET /v1/charges/{charge}")
    assert (shown["amount_refunded"], shown["refunded"]) == (500, True)
    again = client.call("POST /v1/refunds", {"charge": charge}, status=400)
    assert again["code"] == "charge_already_refunded"


def test_lists_are_pages_with_the_newest_first(client: Client) -> None:
    payer = customer(client)
    ids = [client.call("POST /v1/charges", {**CHARGE, "customer": payer})["id"] for _ in range(3)]
    client.call("POST /v1/charges", {**CHARGE, "source": "tok_visa"})
    page = client.call("GET /v1/charges", {"customer": payer, "limit": 2})
    assert [charge["id"] for charge in page["data"]] == [ids[2], ids[1]]
    assert (page["object"], page["has_more"], page["url"]) == ("list", True, "/v1/charges")
    after = client.call("GET /v1/charges", {"customer": payer, "starting_after": ids[1]})
    assert [charge["id"] for charge in after["data"]] == [ids[0]]
    before = client.call("GET /v1/charges", {"customer": payer, "ending_before": ids[1]})
    assert [charge["id"] for charge in before["data"]] == [ids[2]]
    whole = client.call("GET /v1/charges", {"expand[]": "data.customer", "limit": 100})
    assert whole["data"][1]["customer"]["id"] == payer
    client.call("GET /v1/charges", {"limit": 101}, status=400)


def test_ids_that_are_not_there(client: Client) -> None:
    for operation, name in (
        ("GET /v1/charges/ch_1", "No such charge: 'ch_1'"),
        ("GET /v1/customers/cus_1", "No such customer: 'cus_1'"),
        ("GET /v1/payment_intents/pi_1", "No such payment_intent: 'pi_1'"),
        ("GET /v1/payment_methods/pm_1", "No such PaymentMethod: 'pm_1'"),
    ):
        error = client.call(operation, status=404)
        assert (error["code"], error["message"]) == ("resource_missing", name)


def test_a_publishable_key_sees_no_customers(client: Client) -> None:
    error = client.call("GET /v1/customers", status=401, key=PUBLISHABLE)
    assert error["code"] == "secret_key_required"


def test_live_mode_and_test_mode_do_not_know_each_other(client: Client) -> None:
    client.call(f"GET /v1/customers/{customer(client)}", status=404, key=LIVE)


def test_a_retry_gets_the_first_answer_and_another_endpoint_an_error(client: Client) -> None:
    once = (("Idempotency-Key", "k1"),)
    fields = {**CHARGE, "source": "tok_chargeDeclined"}
    first, second = (
        client.call("POST /v1/charges", fields, status=402, headers=once) for _ in range(2)
    )
    assert first == second
    error = client.call("POST /v1/customers", {}, status=400, headers=once)
    assert error["type"] == "idempotency_error"
    assert "same endpoint they were first used for ('/v1/charges')" in error["message"]
