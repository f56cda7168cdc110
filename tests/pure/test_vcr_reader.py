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
    asked: str = "body: a=b",
    answered: str = "status: {code: 200, message: OK}",
    body: str = "body: {string: ''}",
) -> str:
    return f"""
interactions:
- recorded_at: 2020-01-01T00:00:00
  request:
    method: post
    uri: {uri}
    headers: {{Accept: ['*/*', text/plain], Content-Encoding: gzip}}
    {asked}
  response:
    {answered}
    headers: {{Content-Encoding: [gzip]}}
    {body}
version: 1
"""


def read(**parts: str) -> tuple[Request, Response]:
    (exchange,) = read_vcr(cassette(**parts)).tokens
    return exchange


def test_what_a_request_holds() -> None:
    request, _ = read(uri="http://localhost:12111/v1/tokens/tok_1?expand[]=card")
    assert (request.method, request.target) == ("POST", "/v1/tokens/tok_1?expand[]=card")
    assert request.headers == (
        ("Accept", "*/*"),
        ("Accept", "text/plain"),
        ("Content-Encoding", "gzip"),
    )
    assert request.body == b"a=b"


@pytest.mark.parametrize("asked", ["body: null", "body:", "body: ''", "protocol: x"])
def test_a_request_without_a_body(asked: str) -> None:
    assert read(asked=asked)[0].body == b""


@pytest.mark.parametrize(
    "body",
    [
        "body: {string: '" + BODY.decode() + "'}",
        f"body: {{string: !!binary {ENCODED}}}",
        f"body: {{base64_string: {ENCODED}}}",
        "content: '" + BODY.decode() + "'",
    ],
)
def test_the_body_of_an_answer_as_versions_of_vcrpy_write_it(body: str) -> None:
    _, answer = read(body=body)
    assert answer.body == BODY
    assert answer.headers == ()


def test_a_compressed_body_stays_so() -> None:
    _, answer = read(body="body: {string: !!binary H4sIAAAA}")
    assert answer.header("content-encoding") == "gzip"
    assert answer.body.startswith(b"\x1f\x8b")


def test_the_status_as_old_versions_write_it_for_httpx() -> None:
    assert read(answered="status_code: 402")[1].status == 402


@pytest.mark.parametrize(
    "uri",
    ["https://api.stripe.com/v1/customers", "https://a/v1/tokens/a/b", "https://a/v1/tokens/.."],
)
def test_others_are_counted(uri: str) -> None:
    found = read_vcr(cassette(uri=uri))
    assert (found.tokens, found.others) == ((), 1)


@pytest.mark.parametrize(
    "text",
    [
        cassette(asked="body: !!python/object/apply:os.system [secret]"),
        cassette(asked="body: !!python/object/new:_io.BytesIO {state: [secret]}"),
        cassette(asked="body: &secret a") + "again: *secret\n",
        cassette(body="body: {string: !!binary '?'}"),
        cassette(answered="status: {code: secret}"),
        cassette(answered="status: {}"),
        cassette(uri="http://[secret/v1/tokens"),
        cassette(asked="body: '{{card:visa}}'"),
        cassette(asked="body: " + "[" * 20 + "]" * 20),
        "[secret]",
        "interactions: {secret: 1}",
        "secret: [",
        '{"secret": 1}',
        '{"secret": 1',
        '{"interactions": ' + "[" * 5000 + "]" * 5000 + "}",
        "",
    ],
)
def test_what_is_none_is_refused_without_a_word_of_it(text: str) -> None:
    with pytest.raises(CassetteError) as error:
        read_vcr(text)
    assert "secret" not in str(error.value)
