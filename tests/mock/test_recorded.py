"""Stripe's real responses, copied from its public recordings and examples.

Ids, client addresses and times are those of this upstream.
"""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.mock.client import NOW, PUBLISHABLE, SECRET, Client, document

CARD = {
    "id": "tok_*",
    "object": "token",
    "card": {
        "id": "card_*",
        "object": "card",
        "address_city": "New York",
        "address_country": "USA",
        "address_line1": "123 Fake Street",
        "address_line1_check": "unchecked",
        "address_line2": "Apartment 4",
        "address_state": "NY",
        "address_zip": "10002",
        "address_zip_check": "unchecked",
        "brand": "Visa",
        "country": "US",
        "currency": "usd",
        "cvc_check": None,
        "dynamic_last4": None,
        "email": None,
        "exp_month": 6,
        "exp_year": 2050,
        "funding": "credit",
        "last4": "4242",
        "name": None,
        "networks": {"preferred": None},
        "phone": None,
        "regulated_status": "unregulated",
        "tokenization_method": None,
        "wallet": None,
    },
    "client_ip": "127.0.0.1",
    "created": NOW,
    "livemode": False,
    "type": "card",
    "used": False,
}
BANK_ACCOUNT = {
    "id": "btok_*",
    "object": "token",
    "bank_account": {
        "id": "ba_*",
        "object": "bank_account",
        "account_holder_name": "Jimmy bob",
        "account_holder_type": "company",
        "account_type": None,
        "bank_name": "STRIPE TEST BANK",
        "country": "US",
        "currency": "usd",
        "last4": "6789",
        "name": "Jimmy bob",
        "routing_number": "110000000",
        "status": "new",
    },
    "client_ip": "127.0.0.1",
    "created": NOW,
    "livemode": False,
    "type": "bank_account",
    "used": False,
}


def token_without_content(kind: str, prefix: str, **more: object) -> dict[str, object]:
    return {
        "id": f"{prefix}_*",
        "object": "token",
        "client_ip": "127.0.0.1",
        "created": NOW,
        "livemode": False,
        **more,
        "type": kind,
        "used": False,
    }


TOKENS: dict[str, tuple[dict[str, str], dict[str, object]]] = {
    "card": (
        {
            "card[number]": "4242 4242 4242 4242",
            "card[exp_month]": "6",
            "card[exp_year]": "2050",
            "card[currency]": "usd",
            "card[address_line1]": "123 Fake Street",
            "card[address_line2]": "Apartment 4",
            "card[address_city]": "New York",
            "card[address_state]": "NY",
            "card[address_country]": "USA",
            "card[address_zip]": "10002",
            "guid": "anything",
            "payment_user_agent": "anything",
        },
        CARD,
    ),
    "bank_account": (
        {
            "bank_account[account_number]": "000123456789",
            "bank_account[routing_number]": "110000000",
            "bank_account[country]": "US",
            "bank_account[account_holder_name]": "Jimmy bob",
            "bank_account[account_holder_type]": "company",
        },
        BANK_ACCOUNT,
    ),
    "cvc_update": ({"cvc_update[cvc]": "123"}, token_without_content("cvc_update", "cvctok")),
    "pii": ({"pii[ssn_last_4]": "1234"}, token_without_content("pii", "pii")),
    "person": (
        {"person[first_name]": "Jane"},
        token_without_content("person", "cpt", redaction=None),
    ),
    "account": (
        {"account[business_type]": "company"},
        token_without_content("account", "ct", redaction=None),
    ),
}


@pytest.mark.parametrize("kind", TOKENS)
def test_a_token_has_the_recorded_fields_in_stripes_order(client: Client, kind: str) -> None:
    fields, recorded = TOKENS[kind]
    token = client.token(fields, key=PUBLISHABLE)
    assert in_order(with_starred_ids(token)) == in_order(recorded)


def with_starred_ids(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: with_starred_ids(inner) for name, inner in value.items()}
    text = str(value)
    return re.sub(r"_[0-9A-Za-z]{24}$", "_*", text) if isinstance(value, str) else value


def in_order(value: object) -> object:
    """Turn objects into lists of members, so that their order counts."""
    if isinstance(value, dict):
        return [(name, in_order(inner)) for name, inner in value.items()]
    return value


def card(**fields: str) -> dict[str, str]:
    complete = {"number": "4242424242424242", "exp_month": "6", "exp_year": "2050", **fields}
    return {f"card[{name}]": value for name, value in complete.items()}


DOCS = "https://stripe.com/docs/error-codes/"

ERRORS: dict[str, tuple[dict[str, str], int, dict[str, str]]] = {
    "incorrect_number": (
        card(number="4242424242424241"),
        402,
        {
            "code": "incorrect_number",
            "doc_url": DOCS + "incorrect-number",
            "message": "Your card number is incorrect.",
            "param": "number",
            "type": "card_error",
        },
    ),
    "invalid_cvc": (
        {"cvc_update[cvc]": "1"},
        402,
        {
            "code": "invalid_cvc",
            "doc_url": DOCS + "invalid-cvc",
            "message": "Your card's security code is invalid.",
            "param": "cvc",
            "type": "card_error",
        },
    ),
    "invalid_expiry_year": (
        card(exp_year="2006"),
        402,
        {
            "code": "invalid_expiry_year",
            "doc_url": DOCS + "invalid-expiry-year",
            "message": "Your card's expiration year is invalid.",
            "param": "exp_year",
            "type": "card_error",
        },
    ),
    "invalid_expiry_month": (
        card(exp_month="13"),
        402,
        {
            "code": "invalid_expiry_month",
            "doc_url": DOCS + "invalid-expiry-month",
            "message": "Your card's expiration month is invalid.",
            "param": "exp_month",
            "type": "card_error",
        },
    ),
    "no kind": (
        {},
        400,
        {
            "message": (
                "You must supply either a card, customer, or bank account to create a token."
            ),
            "type": "invalid_request_error",
        },
    ),
    "parameter_unknown": (
        {"billing_details[name]": "x", "type": "card"},
        400,
        {
            "code": "parameter_unknown",
            "doc_url": DOCS + "parameter-unknown",
            "message": "Received unknown parameters: billing_details, type",
            "param": "billing_details",
            "type": "invalid_request_error",
        },
    ),
    "parameter_missing": (
        {"card[number]": "4242424242424242", "card[exp_year]": "2050"},
        400,
        {
            "code": "parameter_missing",
            "doc_url": DOCS + "parameter-missing",
            "message": "Missing required param: card[exp_month].",
            "param": "card[exp_month]",
            "type": "invalid_request_error",
        },
    ),
    "account_number_invalid": (
        {
            "bank_account[country]": "US",
            "bank_account[account_number]": "abc",
            "bank_account[routing_number]": "110000000",
        },
        400,
        {
            "code": "account_number_invalid",
            "doc_url": DOCS + "account-number-invalid",
            "message": (
                "You must use a test bank account number in test mode. Try 000123456789 or see "
                "more options at https://stripe.com/docs/connect/testing#account-numbers."
            ),
            "param": "bank_account[account_number]",
            "type": "invalid_request_error",
        },
    ),
}


@pytest.mark.parametrize("name", ERRORS)
def test_an_error_has_the_recorded_fields(client: Client, name: str) -> None:
    fields, status, recorded = ERRORS[name]
    answer = client.post(fields)
    error = document(answer)["error"]
    log = error.pop("request_log_url")
    assert (answer.status, in_order(error)) == (status, in_order(recorded))
    request_id = answer.header("Request-Id")
    assert log == f"https://dashboard.stripe.com/test/logs/{request_id}?t={NOW}"


def test_the_error_for_an_unknown_token(client: Client) -> None:
    answer = client.get("tok_nope")
    request_id = answer.header("request-id")
    assert answer.status == 404
    assert document(answer)["error"] == {
        "code": "resource_missing",
        "doc_url": DOCS + "resource-missing",
        "message": "No such token: 'tok_nope'",
        "param": "token",
        "request_log_url": f"https://dashboard.stripe.com/test/logs/{request_id}?t={NOW}",
        "type": "invalid_request_error",
    }


def test_the_error_for_a_test_card_in_live_mode(client: Client) -> None:
    answer = client.post(card(), key=SECRET.replace("test", "live"))
    request_id = answer.header("request-id")
    assert answer.status == 402
    assert in_order(document(answer)["error"]) == [
        ("code", "card_declined"),
        ("decline_code", "live_mode_test_card"),
        ("doc_url", DOCS + "card-declined"),
        (
            "message",
            "Your card was declined. Your request was in live mode, but used a known test card.",
        ),
        ("param", ""),
        ("request_log_url", f"https://dashboard.stripe.com/logs/{request_id}?t={NOW}"),
        ("type", "card_error"),
    ]


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("not_a_valid_key_asdf", "Invalid API Key provided: not_a_va********asdf"),
        (
            "",
            (
                "You did not provide an API key. You need to provide your API key in the "
                "Authorization header, using Bearer auth (e.g. 'Authorization: Bearer "
                "YOUR_SECRET_KEY'). See https://stripe.com/docs/api#authentication for details, "
                "or we can help at https://support.stripe.com/."
            ),
        ),
    ],
)
def test_the_error_for_a_missing_or_malformed_key(client: Client, key: str, message: str) -> None:
    answer = client.post(card(), key=key)
    assert answer.status == 401
    assert document(answer) == {"error": {"message": message, "type": "invalid_request_error"}}


def test_the_error_for_an_idempotency_key_with_other_parameters(client: Client) -> None:
    headers = (("Idempotency-Key", "bad-idempotent-key-0"),)
    client.post(card(), headers=headers)
    answer = client.post(card(name="Ada"), headers=headers)
    error = document(answer)["error"]
    assert answer.status == 400
    assert error["type"] == "idempotency_error"
    assert error["message"] == (
        "Keys for idempotent requests can only be used with the same parameters they were first "
        "used with. Try using a key other than 'bad-idempotent-key-0' if you meant to execute a "
        "different request."
    )
    assert "code" not in error
