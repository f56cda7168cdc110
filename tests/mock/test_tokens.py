from __future__ import annotations

import re

import pytest
from tokentape.mock.published import read_published_numbers

from tests.mock.client import LIVE, PUBLISHABLE, PUBLISHED, SECRET, US_BANK, VISA, Client, document
from tests.wire import numbered

KINDS: dict[str, tuple[dict[str, str], str]] = {
    "card": (VISA, "tok"),
    "bank_account": (US_BANK, "btok"),
    "cvc_update": ({"cvc_update[cvc]": "1234"}, "cvctok"),
    "person": ({"person[first_name]": "Ada"}, "cpt"),
    "pii": ({"pii[id_number]": "000000000"}, "pii"),
    "account": ({"account[tos_shown_and_accepted]": "true"}, "ct"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_token_of_each_kind_can_be_retrieved(client: Client, kind: str) -> None:
    fields, prefix = KINDS[kind]
    token = client.token(fields)
    assert token["type"] == kind
    assert re.fullmatch(prefix + "_[0-9A-Za-z]{24}", token["id"])
    assert document(client.get(token["id"])) == token


def test_every_token_and_card_has_a_new_id(client: Client) -> None:
    first, second = client.token(VISA), client.token(VISA)
    assert first["id"] != second["id"]
    assert first["card"]["id"] != second["card"]["id"]


def test_tokens_of_test_mode_and_live_mode_are_separate(client: Client) -> None:
    pii = KINDS["pii"][0]
    test, live = client.token(pii), client.token(pii, key=LIVE)
    assert (test["livemode"], live["livemode"]) == (False, True)
    assert client.get(test["id"], key=LIVE).status == 404
    assert client.get(live["id"]).status == 404


def test_a_card_that_is_not_published_is_accepted_in_live_mode(client: Client) -> None:
    assert client.token(VISA | {"card[number]": numbered("411111111111111")}, key=LIVE)["livemode"]


def test_the_same_card_has_the_same_fingerprint(client: Client) -> None:
    spaced = VISA | {"card[number]": "4242-4242 4242-4242", "card[exp_month]": "7"}
    second = VISA | {"card[number]": "4000056655665556"}
    first, same, another = (client.token(f)["card"]["fingerprint"] for f in (VISA, spaced, second))
    assert first == same != another
    assert len(first) == 16


def test_two_upstreams_have_different_fingerprints() -> None:
    first, second = (Client(salt=salt).token(VISA)["card"]["fingerprint"] for salt in (1, 100))
    assert first != second


def test_an_account_has_a_fingerprint_of_country_bank_and_number(client: Client) -> None:
    second = US_BANK | {"bank_account[routing_number]": "021000021"}
    first, same, another = (
        client.token(fields)["bank_account"]["fingerprint"] for fields in (US_BANK, US_BANK, second)
    )
    assert first == same != another


@pytest.mark.parametrize(
    ("token", "brand", "last4"),
    [("tok_visa", "Visa", "4242"), ("tok_amex", "American Express", "0005")],
)
def test_a_published_id_is_a_fresh_token_of_its_card(
    client: Client, token: str, brand: str, last4: str
) -> None:
    copy = document(client.get(token))
    assert (copy["card"]["brand"], copy["card"]["last4"]) == (brand, last4)
    assert (copy["card"]["exp_month"], copy["card"]["exp_year"]) == (12, 2050)
    assert re.fullmatch("tok_[0-9A-Za-z]{24}", copy["id"])
    assert document(client.get(copy["id"])) == copy


def test_every_published_id_can_be_retrieved(client: Client) -> None:
    published = read_published_numbers(PUBLISHED)
    ids = [*published.card_tokens, *published.bank_tokens]
    assert [first for first in ids if client.get(first).status != 200] == []


def test_a_published_bank_token_is_a_verified_account(client: Client) -> None:
    copy = document(client.get("btok_us_verified"))
    assert copy["type"] == "bank_account"
    assert copy["bank_account"]["status"] == "verified"
    assert copy["bank_account"]["last4"] == "6789"


def test_published_ids_are_unknown_in_live_mode(client: Client) -> None:
    assert client.get("tok_visa", key=LIVE).status == 404


@pytest.mark.parametrize(
    ("fields", "kind", "last4"),
    [
        ({"card": "card_1", "customer": "cus_1"}, "card", "4242"),
        ({"card": "src_1", "customer": "cus_1"}, "card", "4242"),
        ({"customer": "cus_1"}, "card", "4242"),
        ({"bank_account": "ba_1", "customer": "cus_1"}, "bank_account", "6789"),
    ],
)
@pytest.mark.parametrize("key", [SECRET, LIVE])
def test_the_card_or_account_of_a_customer_can_be_cloned(
    client: Client, fields: dict[str, str], kind: str, last4: str, key: str
) -> None:
    token = client.token(fields, key=key)
    assert token["type"] == kind
    assert token[kind]["customer"] == "cus_1"
    assert token[kind]["last4"] == last4


def test_a_token_can_be_copied(client: Client) -> None:
    first = client.token(VISA | {"card[name]": "Ada"})
    copy = client.token({"card": first["id"]})
    assert copy["id"] != first["id"]
    assert copy["card"]["id"] != first["card"]["id"]
    assert copy["card"] == first["card"] | {"id": copy["card"]["id"]}
    assert client.token({"card": "tok_mastercard"})["card"]["brand"] == "MasterCard"


@pytest.mark.parametrize(
    ("fields", "message", "param"),
    [
        ({"card": "card_1"}, "No such token: 'card_1'", "card"),
        ({"card": "btok_us_verified"}, "No such token: 'btok_us_verified'", "card"),
        ({"bank_account": "tok_visa"}, "No such token: 'tok_visa'", "bank_account"),
        ({"card": "card_1", "customer": "x"}, "No such customer: 'x'", "customer"),
    ],
)
def test_an_unknown_id_is_an_error(
    client: Client, fields: dict[str, str], message: str, param: str
) -> None:
    error = client.error(fields)
    assert (error["code"], error["message"], error["param"]) == ("resource_missing", message, param)


def test_a_request_for_two_kinds_is_an_error(client: Client) -> None:
    error = client.error(VISA | {"pii[id_number]": "000000000"})
    assert error["message"] == "You must supply exactly one kind of token to create."


def test_the_cvc_of_an_update_is_checked(client: Client) -> None:
    assert client.error({"cvc_update[cvc]": "12"})["code"] == "invalid_cvc"


def test_equal_parameters_give_equal_cards(client: Client) -> None:
    first = client.token(VISA, key=PUBLISHABLE)["card"]
    second = client.token(VISA, key=PUBLISHABLE)["card"]
    assert first | {"id": ""} == second | {"id": ""}
