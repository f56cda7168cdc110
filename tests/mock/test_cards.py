from __future__ import annotations

import csv
from datetime import date

import pytest
from tokentape.mock.cards import card, check_cvc
from tokentape.mock.parameters import Parameters
from tokentape.mock.published import read_published
from tokentape.mock.refusals import Refusal

from tests.mock.client import PUBLISHED
from tests.wire import numbered

TODAY = date(2025, 10, 13)
CARDS = read_published(PUBLISHED).cards


def made(**fields: str) -> dict[str, object]:
    whole = {"number": "4242424242424242", "exp_month": "6", "exp_year": "2050", **fields}
    asked = Parameters({("card", *name.split("__")): value for name, value in whole.items()})
    return card(asked, TODAY, CARDS)


def code(**fields: str) -> str:
    with pytest.raises(Refusal) as caught:
        made(**fields)
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
def test_a_number_tells_brand_funding_country_and_its_end(
    number: str, brand: str, funding: str, country: str, last4: str
) -> None:
    found = made(number=number)
    assert [found[name] for name in ("brand", "funding", "country", "last4")] == [
        brand,
        funding,
        country,
        last4,
    ]


def test_every_published_card_is_taken_but_the_two_with_a_wrong_check_digit() -> None:
    refused = set()
    for row in csv.DictReader(PUBLISHED.splitlines()):
        if row["kind"] == "card":
            try:
                assert made(number=row["value"])["brand"] == row["brand"]
            except Refusal:
                refused.add(row["name"])
    assert refused == {"incorrect_number", "visa_credit_ae"}


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
def test_a_number_that_no_card_has(number: str) -> None:
    assert code(number=number) == "incorrect_number"


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
def test_an_expiry_is_numbers(month: str, year: str, expiry: tuple[int, int]) -> None:
    found = made(exp_month=month, exp_year=year)
    assert (found["exp_month"], found["exp_year"]) == expiry


@pytest.mark.parametrize("month", ["0", "13", "-1", "x", "006", "\u0666", "1.0"])
def test_a_month_that_is_none(month: str) -> None:
    assert code(exp_month=month) == "invalid_expiry_month"


@pytest.mark.parametrize(
    "year", ["2024", "24", "0", "x", "202", "20500", "-2050", "\u0662\u0660\u0665\u0660"]
)
def test_a_year_that_is_past_or_none(year: str) -> None:
    assert code(exp_year=year) == "invalid_expiry_year"


def test_a_month_of_this_year_that_is_past() -> None:
    assert code(exp_month="9", exp_year="2025") == "invalid_expiry_month"


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
def test_a_cvc_is_as_long_as_its_brand_has_it(number: str, cvc: str, *, right: bool) -> None:
    if right:
        assert made(number=number, cvc=cvc)["cvc_check"] == "unchecked"
    else:
        assert code(number=number, cvc=cvc) == "invalid_cvc"


def test_a_cvc_alone_may_be_of_any_card() -> None:
    check_cvc("123")
    check_cvc("1234")
    with pytest.raises(Refusal):
        check_cvc("12")


def test_only_what_was_given_can_be_checked() -> None:
    found = made()
    checks = ("cvc_check", "address_line1_check", "address_zip_check")
    assert [found[name] for name in checks] == [None, None, None]
    found = made(cvc="123", address_line1="a", address_zip="b")
    assert [found[name] for name in checks] == ["unchecked"] * 3


def test_what_was_sent_comes_back() -> None:
    sent = {f"address_{part}": part for part in ("city", "country", "line1", "line2", "state")}
    found = made(name="Ada", currency="EUR", networks__preferred="visa", address_zip="1", **sent)
    assert found["name"] == "Ada"
    assert found["currency"] == "eur"
    assert found["networks"] == {"preferred": "visa"}
    assert {name: found[name] for name in sent} == sent


def test_a_currency_that_was_not_sent_is_left_out() -> None:
    assert "currency" not in made()
