from __future__ import annotations

import pytest
from tokentape.mock.api_errors import ApiError
from tokentape.mock.bank_accounts import bank_account
from tokentape.mock.parameters import Parameters

US = {"country": "US", "account_number": "000123456789", "routing_number": "110000000"}


def created(fields: dict[str, str], *, live: bool = False) -> dict[str, object]:
    parameters = Parameters({("bank_account", name): value for name, value in fields.items()})
    return bank_account(parameters, live=live)


def error_for(fields: dict[str, str]) -> ApiError:
    with pytest.raises(ApiError) as caught:
        created(fields)
    assert caught.value.status == 400
    return caught.value


def test_an_account_has_the_fields_that_were_sent() -> None:
    holder = {"account_holder_name": "Ada", "account_holder_type": "individual"}
    account = created(US | holder | {"account_type": "checking"})
    assert account["account_holder_name"] == account["name"] == "Ada"
    assert account["account_holder_type"] == "individual"
    assert account["account_type"] == "checking"
    assert (account["last4"], account["routing_number"]) == ("6789", "110000000")


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
def test_the_default_currency_is_that_of_the_country(
    country: str, sent: str, currency: str
) -> None:
    account = created(US | {"country": country} | ({"currency": sent} if sent else {}))
    assert (account["currency"], account["country"]) == (currency, country.upper())


def test_an_iban_needs_no_routing_number() -> None:
    account = created({"country": "DE", "account_number": "DE89 3704 0044 0532 0130 00"})
    assert (account["last4"], account["routing_number"]) == ("3000", None)


def test_a_us_account_needs_a_routing_number() -> None:
    error = error_for({"country": "US", "account_number": "000123456789"})
    assert (error.code, error.param) == ("parameter_missing", "bank_account[routing_number]")


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
def test_an_invalid_us_routing_number_is_an_error(number: str, message: str) -> None:
    error = error_for(US | {"routing_number": number})
    assert (error.code, error.message) == ("routing_number_invalid", message)
    assert error.param == "bank_account[routing_number]"


@pytest.mark.parametrize("number", ["123", "1" * 18, "12345x", "DE89370400440532013000"])
def test_an_invalid_us_account_number_is_an_error_in_test_mode_only(number: str) -> None:
    error = error_for(US | {"account_number": number})
    assert error.code == "account_number_invalid"
    assert error.param == "bank_account[account_number]"
    assert created(US | {"account_number": number}, live=True)["last4"] == number[-4:]
