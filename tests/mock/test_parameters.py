from __future__ import annotations

from urllib.parse import urlencode

import pytest
from tokentape.mock.api_errors import ApiError
from tokentape.mock.parameters import Parameters, read_parameters
from tokentape.pure.http.messages import Request

from tests.mock.client import CATALOG, VISA


def read(fields: dict[str, str], query: str = "") -> Parameters:
    request = Request("POST", f"/v1/tokens{query}", body=urlencode(fields).encode())
    return read_parameters(request, CATALOG, "POST /v1/tokens")


def error_for(fields: dict[str, str]) -> ApiError:
    with pytest.raises(ApiError) as caught:
        read(fields)
    assert caught.value.status == 400
    return caught.value


def test_values_are_found_by_path() -> None:
    parameters = read(VISA | {"expand[]": "card.customer"}, "?customer=cus_1")
    assert parameters.text("card", "exp_month") == "6"
    assert parameters.text("card", "cvc") is None
    assert parameters.text("customer") == "cus_1"
    assert parameters.expand() == {"card.customer"}
    assert parameters.has("card")
    assert not parameters.has("customer")


def test_a_blank_field_is_an_absent_one() -> None:
    parameters = read(VISA | {"card[name]": "", "expand": "", "customer": ""})
    assert parameters.text("card", "name") is None
    assert parameters.text("customer") is None
    assert parameters.expand() == frozenset()


@pytest.mark.parametrize(
    ("fields", "names"),
    [
        ({"foo": "1"}, "foo"),
        ({"foo": ""}, "foo"),
        ({"card[metadata][a]": "1"}, "card[metadata]"),
        ({"card[number][x]": "1"}, "card[number][x]"),
        ({"b[x]": "1", "a": "1", "b[y]": "2"}, "b, a"),
        ({"person[metadata[a]]": "1"}, "person[metadata[a]]"),
    ],
)
def test_unknown_parameters_are_named_up_to_their_first_unknown_segment(
    fields: dict[str, str], names: str
) -> None:
    error = error_for(fields)
    plural = "s" if ", " in names else ""
    assert error.message == f"Received unknown parameter{plural}: {names}"
    assert error.param == names.partition(", ")[0]
    assert error.code == "parameter_unknown"


@pytest.mark.parametrize(
    "fields",
    [
        {"person[metadata][any key]": "1"},
        {"person[metadata]": ""},
        {"person[dob]": ""},
        {"account[individual][metadata][a]": "1"},
        {"person[documents][visa][files][]": "file_1"},
        {"person[full_name_aliases][0]": "Ada"},
        {"pii[id_number]": "000000000", "muid": "1", "_stripe_version": "2020-08-27"},
    ],
)
def test_parameters_of_the_api_are_accepted(fields: dict[str, str]) -> None:
    assert len(read(fields).values) == len(fields)


@pytest.mark.parametrize(
    ("fields", "param", "message"),
    [
        ({"person[dob]": "1901-01-01"}, "person[dob]", "Invalid object"),
        ({"pii": "x"}, "pii", "Invalid object"),
        ({"card[networks]": "visa"}, "card[networks]", "Invalid object"),
        ({"expand": "card"}, "expand", "Invalid array"),
        ({"person[full_name_aliases]": "x"}, "person[full_name_aliases]", "Invalid array"),
    ],
)
def test_a_plain_value_for_an_object_or_array_is_an_error(
    fields: dict[str, str], param: str, message: str
) -> None:
    error = error_for(fields)
    assert (error.param, error.message) == (param, message)


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"card[cvc]": "123"}, "card[exp_month]"),
        ({"card[exp_month]": "1"}, "card[exp_year]"),
        ({"card[exp_month]": "1", "card[exp_year]": "2050"}, "card[number]"),
        (VISA | {"card[number]": ""}, "card[number]"),
        ({"bank_account[country]": "US"}, "bank_account[account_number]"),
        ({"bank_account[account_number]": "1"}, "bank_account[country]"),
        ({"person[dob][year]": "1901"}, "person[dob][day]"),
        (
            {"account[individual][dob][day]": "1", "account[individual][dob][year]": "1901"},
            "account[individual][dob][month]",
        ),
    ],
)
def test_a_missing_required_parameter_is_an_error(fields: dict[str, str], param: str) -> None:
    error = error_for(fields)
    assert (error.code, error.param) == ("parameter_missing", param)
    assert error.message == f"Missing required param: {param}."


def test_an_unknown_expansion_is_an_error() -> None:
    error = error_for(VISA | {"expand[0]": "card.customer", "expand[1]": "card.bank"})
    assert error.message == "This property cannot be expanded (card.bank)."
    assert (error.code, error.param) == ("", None)


@pytest.mark.parametrize(
    ("media", "body"),
    [
        ("text/plain", b"x"),
        ("application/json", b"{"),
        ("multipart/form-data; boundary=x", b"--y"),
        ("application/x-www-form-urlencoded", b"\x1f\x8b damaged"),
    ],
)
def test_an_unreadable_body_is_an_error(media: str, body: bytes) -> None:
    request = Request("POST", "/v1/tokens", (("Content-Type", media),), body)
    with pytest.raises(ApiError) as caught:
        read_parameters(request, CATALOG, "POST /v1/tokens")
    assert caught.value.status == 400
    assert caught.value.message.startswith("Invalid request (check that your POST content type")
