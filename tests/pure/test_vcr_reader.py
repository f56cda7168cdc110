from __future__ import annotations

import base64

import pytest
from tokentape.errors import CassetteError
from tokentape.pure.cassette.vcr_reader import read_vcr
from tokentape.pure.http.messages import Request, Response

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
    (exchange,) = read_vcr(cassette(**parts)).tokens
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


@pytest.mark.parametrize("request_line", ["body: null", "body:", "body: ''", "protocol: x"])
def test_a_request_without_a_body(request_line: str) -> None:
    assert read(request_line=request_line)[0].body == b""


@pytest.mark.parametrize(
    "body",
    [
        "body: {string: '" + BODY.decode() + "'}",
        f"body: {{string: !!binary {ENCODED}}}",
        f"body: {{base64_string: {ENCODED}}}",
        "content: '" + BODY.decode() + "'",
    ],
)
def test_the_body_of_a_response_is_read_in_each_format_of_vcrpy(body: str) -> None:
    _, response = read(body=body)
    assert response.body == BODY
    assert response.headers == ()


def test_a_compressed_body_stays_compressed() -> None:
    _, response = read(body="body: {string: !!binary H4sIAAAA}")
    assert response.header("content-encoding") == "gzip"
    assert response.body.startswith(b"\x1f\x8b")


def test_the_status_is_read_as_old_versions_write_it_for_httpx() -> None:
    assert read(response_line="status_code: 402")[1].status == 402


@pytest.mark.parametrize(
    "uri",
    ["https://api.stripe.com/v1/customers", "https://a/v1/tokens/a/b", "https://a/v1/tokens/.."],
)
def test_exchanges_with_other_apis_are_counted(uri: str) -> None:
    exchanges = read_vcr(cassette(uri=uri))
    assert (exchanges.tokens, exchanges.others) == ((), 1)


@pytest.mark.parametrize(
    "text",
    [
        cassette(request_line="body: !!python/object/apply:os.system [secret]"),
        cassette(request_line="body: !!python/object/new:_io.BytesIO {state: [secret]}"),
        cassette(request_line="body: &secret a") + "again: *secret\n",
        cassette(body="body: {string: !!binary '?'}"),
        cassette(response_line="status: {code: secret}"),
        cassette(response_line="status: {}"),
        cassette(uri="http://[secret/v1/tokens"),
        cassette(request_line="body: '{{card:visa}}'"),
        cassette(request_line="body: " + "[" * 20 + "]" * 20),
        "[secret]",
        "interactions: {secret: 1}",
        "secret: [",
        '{"secret": 1}',
        '{"secret": 1',
        '{"interactions": ' + "[" * 5000 + "]" * 5000 + "}",
        "",
    ],
)
def test_an_invalid_cassette_is_refused_without_quoting_it(text: str) -> None:
    with pytest.raises(CassetteError) as error:
        read_vcr(text)
    assert "secret" not in str(error.value)
