"""Recordings with a request and a response side by side, however they are written."""

from __future__ import annotations

import base64

import pytest
from tokentape.errors import CassetteError
from tokentape.pure.http.messages import Request, Response
from tokentape.pure.recorders.forms import read_recording

from tests.recorders.conftest import is_served

BODY = b'{"object": "token"}'
ENCODED = base64.b64encode(BODY).decode()


def cassette(
    uri: str = "https://api.stripe.com/v1/tokens",
    request_line: str = "body: a=b",
    response_line: str = "status: {code: 200, message: OK}",
    body: str = "body: {string: ''}",
) -> str:
    return f"""
interactions:
- recorded_at: 2020-01-01T00:00:00
  request:
    method: post
    uri: {uri}
    headers: {{Accept: ['*/*', text/plain], Content-Encoding: gzip}}
    {request_line}
  response:
    {response_line}
    headers: {{Content-Encoding: [gzip]}}
    {body}
version: 1
"""


def read(**parts: str) -> tuple[Request, Response]:
    (call,) = read_recording(cassette(**parts)).calls
    exchange = call.exchange()
    assert exchange
    return exchange


def test_a_request_has_method_target_headers_and_body() -> None:
    request, _ = read(uri="http://localhost:12111/v1/tokens/tok_1?expand[]=card")
    assert (request.method, request.target) == ("POST", "/v1/tokens/tok_1?expand[]=card")
    assert request.headers == (
        ("Accept", "*/*"),
        ("Accept", "text/plain"),
        ("Content-Encoding", "gzip"),
    )
    assert request.body == b"a=b"


def test_the_user_in_a_uri_is_the_key() -> None:
    """Ruby VCR writes it there, if the client uses Basic authentication."""
    request, _ = read(uri="https://sk_test_4%3A2:@api.stripe.com/v1/tokens")
    encoded = base64.b64encode(b"sk_test_4:2:").decode()
    assert request.header("authorization") == f"Basic {encoded}"
    assert (
        read_recording(cassette(uri="https://a:@api.stripe.com/"))
        .calls[0]
        .goes_to_stripe(is_served)
    )


@pytest.mark.parametrize("request_line", ["body: null", "body:", "body: ''", "protocol: x"])
def test_a_request_without_a_body(request_line: str) -> None:
    assert read(request_line=request_line)[0].body == b""


@pytest.mark.parametrize(
    "body",
    [
        "body: {string: '" + BODY.decode() + "'}",
        f"body: {{string: !!binary {ENCODED}}}",
        f"body: {{string: !binary {ENCODED}, encoding: ASCII-8BIT}}",
        f"body: {{base64_string: {ENCODED}}}",
        "body: '" + BODY.decode() + "'",
        "content: '" + BODY.decode() + "'",
        "body: !ruby/string:Faraday::Body\n      str: '" + BODY.decode() + "'",
        f"{{binary: true, body: {ENCODED}}}"[1:-1].replace(", ", "\n    "),
    ],
)
def test_the_body_of_a_response_is_read_in_each_spelling(body: str) -> None:
    _, response = read(body=body)
    assert response.body == BODY
    assert response.headers == ()


def test_a_compressed_body_stays_compressed() -> None:
    _, response = read(body="body: {string: !!binary H4sIAAAA}")
    assert response.header("content-encoding") == "gzip"
    assert response.body.startswith(b"\x1f\x8b")


@pytest.mark.parametrize(
    "line", ["status_code: 402", "code: 402", "status: 402", "status: 402 Payment Required",
             "status: {code: '402'}", "status: {status_code: 402}"]
)  # fmt: skip
def test_the_status_is_read_in_each_spelling(line: str) -> None:
    assert read(response_line=line)[1].status == 402


def test_a_failure_to_connect_is_no_answer() -> None:
    (call,) = read_recording(cassette(response_line="type: error")).calls
    assert call.exchange() is None


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"body": "body: {string: !!binary '?'}"}, "response.body.string is not base64"),
        ({"body": "body: {base64_string: secret}"}, "response.body.base64_string is not base64"),
        (
            {"response_line": "status: {code: secret}"},
            "response.status.code is not the HTTP status",
        ),
        ({"response_line": "status: {}"}, "response.status has no `code` or `status_code`"),
        ({"response_line": "statuses: 200"}, "response has no `status`"),
        ({"request_line": "body: [secret]"}, "request.body is not a single value"),
    ],
)
def test_an_exchange_that_cannot_be_read_names_line_and_field(
    parts: dict[str, str], message: str
) -> None:
    with pytest.raises(CassetteError) as error:
        read(**parts)
    assert error.value.message.startswith(f"interactions[0].{message}")
    assert error.value.line > 5


def test_calls_elsewhere_are_not_read() -> None:
    (call,) = read_recording(cassette(uri="https://a.com", response_line="status: {}")).calls
    assert not call.goes_to_stripe(is_served)
