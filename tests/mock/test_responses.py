from __future__ import annotations

import pytest
from tokentape.mock.api_errors import ApiError, card_error, invalid_request
from tokentape.mock.keys import Key
from tokentape.mock.responses import LATEST_VERSION, Call, failure, replayed, success, unauthorized
from tokentape.pure.http.messages import Headers, Request

from tests.mock.client import SECRET, Client

KEY = Key(SECRET, live=False, publishable=False)


def call(method: str = "POST", *headers: tuple[str, str], at: int = 1) -> Call:
    return Call(Request(method, "/v1/tokens", headers), KEY, "req_y7W3xzvY8wvmxd", at)


@pytest.mark.parametrize(
    ("error", "at", "length"),
    [
        (card_error("invalid_cvc"), 1722391781, 312),
        (card_error("invalid_expiry_year"), 1721428483, 335),
    ],
)
def test_an_error_has_the_recorded_length(error: ApiError, at: int, length: int) -> None:
    assert len(failure(call(at=at), error).body) == length


def test_a_401_has_the_recorded_length() -> None:
    error = invalid_request("Invalid API Key provided: not_a_va********asdf", status=401)
    assert len(unauthorized(error).body) == 122


def test_an_object_is_written_in_stripes_order_and_as_utf_8() -> None:
    answer = success(call(), {"type": "x", "object": "token", "card": {"b": "é", "a": {}}, "id": 1})
    assert answer.body.decode() == (
        '{\n  "id": 1,\n  "object": "token",\n  "card": {\n    "a": {},\n    "b": "é"\n  },\n'
        '  "type": "x"\n}\n'
    )


COMMON_HEADERS = {
    "Content-Type": "application/json",
    "Access-Control-Allow-Credentials": "true",
    "Access-Control-Allow-Methods": "GET, HEAD, PUT, PATCH, POST, DELETE",
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": (
        "Request-Id, Stripe-Manage-Version, Stripe-Should-Retry, "
        "X-Stripe-External-Auth-Required, X-Stripe-Privileged-Session-Required"
    ),
    "Access-Control-Max-Age": "300",
    "Cache-Control": "no-cache, no-store",
    "Strict-Transport-Security": "max-age=63072000; includeSubDomains; preload",
    "Vary": "Origin",
}


def test_the_headers_of_a_post() -> None:
    request_call = call("POST", ("idempotency-key", "k1"), ("stripe-version", "2020-08-27"))
    assert as_dict(success(request_call, {}).headers) == COMMON_HEADERS | {
        "Idempotency-Key": "k1",
        "Original-Request": "req_y7W3xzvY8wvmxd",
        "Request-Id": "req_y7W3xzvY8wvmxd",
        "Stripe-Should-Retry": "false",
        "Stripe-Version": "2020-08-27",
    }


def test_the_headers_of_a_get() -> None:
    request_call = call("GET", ("Stripe-Account", "acct_1"), ("Idempotency-Key", "k1"))
    assert as_dict(success(request_call, {}).headers) == COMMON_HEADERS | {
        "Request-Id": "req_y7W3xzvY8wvmxd",
        "Stripe-Account": "acct_1",
        "Stripe-Version": LATEST_VERSION,
    }


def test_the_headers_of_an_error() -> None:
    answer = failure(call("GET"), card_error("invalid_cvc"))
    assert as_dict(answer.headers) == COMMON_HEADERS | {
        "Content-Language": "en-us",
        "Request-Id": "req_y7W3xzvY8wvmxd",
        "Stripe-Version": LATEST_VERSION,
        "X-Content-Type-Options": "nosniff",
    }


def test_a_401_has_no_headers_of_an_account() -> None:
    answer = unauthorized(invalid_request("Invalid API Key provided: x", status=401))
    assert as_dict(answer.headers) == COMMON_HEADERS | {"Www-Authenticate": 'Bearer realm="Stripe"'}


@pytest.mark.parametrize("odd", ["", "latest", "2020-08-27; x", "2026-13", "2020-08-27.UP"])
def test_a_malformed_version_is_replaced_by_the_latest(odd: str) -> None:
    answer = success(call("GET", ("Stripe-Version", odd)), {})
    assert answer.header("Stripe-Version") == LATEST_VERSION


def test_a_replayed_response_differs_only_in_its_request_id() -> None:
    first = success(call(), {"id": "tok_1"})
    again = replayed(Call(Request("POST", "/v1/tokens"), KEY, "req_2", 2), first)
    assert (again.status, again.body) == (first.status, first.body)
    assert as_dict(again.headers) == as_dict(first.headers) | {
        "Request-Id": "req_2",
        "Idempotent-Replayed": "true",
    }


def test_broken_utf_8_does_not_break_the_answer(client: Client) -> None:
    answer = client.send("GET", "/v1/tokens/tok_%FF")
    assert answer.status == 404
    assert b"No such token: 'tok_?'" in answer.body


def as_dict(headers: Headers) -> dict[str, str]:
    by_name = dict(headers)
    assert len(by_name) == len(headers)
    return by_name
