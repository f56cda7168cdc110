from __future__ import annotations

import pytest
from tokentape.mock.api_errors import unknown_parameters, unrecognized_url

CONTACT = "Please see https://stripe.com/docs or we can help at https://support.stripe.com/."


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (("foo",), "Received unknown parameter: foo"),
        (("foo", "bar"), "Received unknown parameters: foo, bar"),
    ],
)
def test_unknown_parameters_are_counted_and_the_first_is_named(
    names: tuple[str, ...], message: str
) -> None:
    error = unknown_parameters(names)
    assert (error.message, error.param) == (message, "foo")


def test_an_unknown_url_is_named() -> None:
    error = unrecognized_url("POST", "/v1/foo")
    assert error.message == f"Unrecognized request URL (POST: /v1/foo). {CONTACT}"
    assert (error.status, error.code) == (404, "")


def test_a_trailing_slash_gets_a_hint() -> None:
    assert unrecognized_url("GET", "/v1/tokens/").message == (
        "Unrecognized request URL (GET: /v1/tokens/). If you are trying to list objects, remove "
        "the trailing slash. If you are trying to retrieve an object, make sure you passed a "
        f"valid (non-empty) identifier in your code. {CONTACT}"
    )
