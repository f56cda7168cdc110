from __future__ import annotations

import csv
from datetime import date

import pytest
from tokentape.mock.api_errors import ApiError
from tokentape.mock.cards import card, check_cvc
from tokentape.mock.parameters import Parameters
from tokentape.mock.published import read_published_numbers

from tests.mock.client import PUBLISHED
from tests.wire import numbered

TODAY = date(2025, 10, 13)
CARDS = read_published_numbers(PUBLISHED).cards


def created(**fields: str) -> dict[str, object]:
    complete = {"number": "4242424242424242", "exp_month": "6", "exp_year": "2050", **fields}
    parameters = Parameters(
        {("card", *name.split("__")): value for name, value in complete.items()}
    )
    return card(parameters, TODAY, CARDS)


def error_code(**fields: str) -> str:
    with pytest.raises(ApiError) as caught:
        created(**fields)
    assert caught.value.status == 402
    return caught.value.code


@pytest.mark.parametrize(
    ("number", "brand", "funding", "country", "last4"),
    [
        ("4000056655665556", "Visa", "debit", "US", "5556"),
        ("5105105105105100", "MasterCard", "prepaid", "US", "5100"),
        ("4000000760000002", "Visa", "credit", "BR", "0002"),
        ("378282246310005", "American Express", "credit", "US", "0005"),
        ("36227206271667", "Diners Club", "credit", "US", "1667"),
        ("6205500000000000004", "UnionPay", "credit", "US", "0004"),
        ("4111-1111 1111-1111", "Visa", "credit", "US", "1111"),
        ("3530111333300000", "JCB", "credit", "JP", "0000"),
        (numbered("601100000000000"), "Discover", "credit", "US", "0004"),
    ],
)
def test_a_card_has_brand_funding_country_and_last4_of_its_number(
    number: str, brand: str, funding: str, country: str, last4: str
) -> None:
    card_object = created(number=number)
    assert [card_object[name] for name in ("brand", "funding", "country", "last4")] == [
        brand,
        funding,
        country,
        last4,
    ]


def test_every_published_card_is_accepted_except_two_with_a_wrong_check_digit() -> None:
    declined = set()
    for row in csv.DictReader(PUBLISHED.splitlines()):
        if row["kind"] == "card":
            try:
                assert created(number=row["value"])["brand"] == row["brand"]
            except ApiError:
                declined.add(row["name"])
    assert declined == {"incorrect_number", "visa_credit_ae"}


@pytest.mark.parametrize(
    "number",
    [
        "4242424242424241",
        "42424242424242",
        "424242424242424",
        "3782822463100050",
        "4242x42424242424242",
        "\u0664\u0662" * 8,
        "tok_visa",
        " ",
    ],
)
def test_an_invalid_number_is_an_error(number: str) -> None:
    assert error_code(number=number) == "incorrect_number"


@pytest.mark.parametrize(
    ("month", "year", "expiry"),
    [
        ("6", "2050", (6, 2050)),
        ("06", "50", (6, 2050)),
        ("10", "2025", (10, 2025)),
        ("12", "25", (12, 2025)),
        (" 1 ", " 26 ", (1, 2026)),
    ],
)
def test_an_expiry_is_read_as_two_numbers(month: str, year: str, expiry: tuple[int, int]) -> None:
    card_object = created(exp_month=month, exp_year=year)
    assert (card_object["exp_month"], card_object["exp_year"]) == expiry


@pytest.mark.parametrize("month", ["0", "13", "-1", "x", "006", "\u0666", "1.0"])
def test_an_invalid_month_is_an_error(month: str) -> None:
    assert error_code(exp_month=month) == "invalid_expiry_month"


@pytest.mark.parametrize(
    "year", ["2024", "24", "0", "x", "202", "20500", "-2050", "\u0662\u0660\u0665\u0660"]
)
def test_a_past_or_invalid_year_is_an_error(year: str) -> None:
    assert error_code(exp_year=year) == "invalid_expiry_year"


def test_a_past_month_of_this_year_is_an_error() -> None:
    assert error_code(exp_month="9", exp_year="2025") == "invalid_expiry_month"


@pytest.mark.parametrize(
    ("number", "cvc", "right"),
    [
        ("4242424242424242", "123", True),
        ("4242424242424242", "1234", False),
        ("378282246310005", "123", True),
        ("378282246310005", "1234", True),
        ("378282246310005", "12345", False),
        ("4242424242424242", "99", False),
        ("4242424242424242", "12x", False),
    ],
)
def test_the_length_of_a_cvc_depends_on_the_brand(number: str, cvc: str, *, right: bool) -> None:
    if right:
        assert created(number=number, cvc=cvc)["cvc_check"] == "unchecked"
    else:
        assert error_code(number=number, cvc=cvc) == "invalid_cvc"


def test_a_cvc_without_a_card_may_have_three_or_four_digits() -> None:
    check_cvc("123")
    check_cvc("1234")
    with pytest.raises(ApiError):
        check_cvc("12")


def test_only_fields_that_were_sent_are_unchecked() -> None:
    card_object = created()
    checks = ("cvc_check", "address_line1_check", "address_zip_check")
    assert [card_object[name] for name in checks] == [None, None, None]
    card_object = created(cvc="123", address_line1="a", address_zip="b")
    assert [card_object[name] for name in checks] == ["unchecked"] * 3


def test_a_card_has_the_fields_that_were_sent() -> None:
    sent = {f"address_{part}": part for part in ("city", "country", "line1", "line2", "state")}
    card_object = created(
        name="Ada", currency="EUR", networks__preferred="visa", address_zip="1", **sent
    )
    assert card_object["name"] == "Ada"
    assert card_object["currency"] == "eur"
    assert card_object["networks"] == {"preferred": "visa"}
    assert {name: card_object[name] for name in sent} == sent


def test_a_currency_that_was_not_sent_is_left_out() -> None:
    assert "currency" not in created()
