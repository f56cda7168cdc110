from __future__ import annotations

import pytest
from tokentape.mock.bank_accounts import bank_account
from tokentape.mock.parameters import Parameters
from tokentape.mock.refusals import Refusal

US = {"country": "US", "account_number": "000123456789", "routing_number": "110000000"}


def made(fields: dict[str, str], *, live: bool = False) -> dict[str, object]:
    asked = Parameters({("bank_account", name): value for name, value in fields.items()})
    return bank_account(asked, live=live)


def refusal(fields: dict[str, str]) -> Refusal:
    with pytest.raises(Refusal) as caught:
        made(fields)
    assert caught.value.status == 400
    return caught.value


def test_what_was_sent_comes_back() -> None:
    holder = {"account_holder_name": "Ada", "account_holder_type": "individual"}
    found = made(US | holder | {"account_type": "checking"})
    assert found["account_holder_name"] == found["name"] == "Ada"
    assert found["account_holder_type"] == "individual"
    assert found["account_type"] == "checking"
    assert (found["last4"], found["routing_number"]) == ("6789", "110000000")


@pytest.mark.parametrize(
    ("country", "sent", "currency"),
    [
        ("US", "", "usd"),
        ("us", "", "usd"),
        ("GB", "", "gbp"),
        ("DE", "", "eur"),
        ("DE", "CHF", "chf"),
    ],
)
def test_the_currency_is_the_countrys_own_if_none_was_sent(
    country: str, sent: str, currency: str
) -> None:
    found = made(US | {"country": country} | ({"currency": sent} if sent else {}))
    assert (found["currency"], found["country"]) == (currency, country.upper())


def test_an_iban_needs_no_routing_number() -> None:
    found = made({"country": "DE", "account_number": "DE89 3704 0044 0532 0130 00"})
    assert (found["last4"], found["routing_number"]) == ("3000", None)


def test_a_us_account_needs_one() -> None:
    refused = refusal({"country": "US", "account_number": "000123456789"})
    assert (refused.code, refused.param) == ("parameter_missing", "bank_account[routing_number]")


@pytest.mark.parametrize(
    ("number", "message"),
    [
        ("11000000", "Routing number must have 9 digits"),
        ("1100000000", "Routing number must have 9 digits"),
        ("11000000x", "Routing number must have 9 digits"),
        ("\u0661" * 9, "Routing number must have 9 digits"),
        ("110000001", "We couldn't find the bank for that routing number"),
    ],
)
def test_a_us_routing_number_that_is_none(number: str, message: str) -> None:
    refused = refusal(US | {"routing_number": number})
    assert (refused.code, refused.message) == ("routing_number_invalid", message)
    assert refused.param == "bank_account[routing_number]"


@pytest.mark.parametrize("number", ["123", "1" * 18, "12345x", "DE89370400440532013000"])
def test_a_us_account_number_that_is_none_in_test_mode(number: str) -> None:
    refused = refusal(US | {"account_number": number})
    assert refused.code == "account_number_invalid"
    assert refused.param == "bank_account[account_number]"
    assert made(US | {"account_number": number}, live=True)["last4"] == number[-4:]
