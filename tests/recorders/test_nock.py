"""Recordings of nock: bodies as JSON, text, or hexadecimal."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest
from tokentape.errors import CassetteError
from tokentape.pure.http.messages import Request, Response
from tokentape.pure.recorders.forms import read_recording


def read(**parts: Any) -> tuple[Request, Response]:
    item = {"scope": "https://api.stripe.com:443", "method": "post", "path": "/v1/tokens?a=b"}
    (call,) = read_recording(json.dumps([item | {"status": 200} | parts])).calls
    exchange = call.exchange()
    assert exchange
    return exchange


def test_the_path_has_the_query() -> None:
    request, response = read()
    assert (request.method, request.target) == ("POST", "/v1/tokens?a=b")
    assert (request.body, response.body) == (b"", b"")


@pytest.mark.parametrize("body", [{"a": [1, True, None, "é"]}, [1]])
def test_a_request_in_json_is_json_whether_headers_were_recorded_or_not(body: Any) -> None:
    request, _ = read(body=body)
    assert json.loads(request.body) == body
    assert request.header("content-type") == "application/json"
    request, _ = read(body=body, reqheaders={"content-type": "application/vnd+json"})
    assert request.headers == (("content-type", "application/vnd+json"),)


def test_a_form_is_a_text() -> None:
    request, _ = read(body="a=b")
    assert (request.body, request.headers) == (b"a=b", ())


def test_answers() -> None:
    packed = gzip.compress(b"{}").hex()
    encoded = ["Content-Encoding", "gzip"]
    assert read(response={"a": 1})[1].body == b'{"a": 1}'
    assert read(response=[1, 2])[1].body == b"[1, 2]"
    assert read(response="text")[1].body == b"text"
    assert read(response="7b7d", responseIsBinary=True)[1].body == b"{}"
    chunks = [packed[:10], packed[10:]]
    assert gzip.decompress(read(response=chunks, rawHeaders=encoded)[1].body) == b"{}"
    assert gzip.decompress(read(response=chunks, headers={"content-encoding": "gzip"})[1].body)


def test_headers_of_answers() -> None:
    lines = (("A", "1"), ("B", "2"))
    assert read(rawHeaders=["A", "1", "B", "2"])[1].headers == lines
    assert read(rawHeaders={"A": "1", "B": ["2"]})[1].headers == lines
    assert read(headers={"A": "1", "B": "2"})[1].headers == lines


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"status": "secret"}, "[0].status is not the HTTP status"),
        ({"response": "secret", "responseIsBinary": True}, "[0].response is not hexadecimal"),
        (
            {"response": ["7b", "secret"], "rawHeaders": ["content-encoding", "gzip"]},
            "[0].response[1] is not hexadecimal",
        ),
    ],
)
def test_an_error_names_the_field(parts: dict[str, Any], message: str) -> None:
    with pytest.raises(CassetteError) as error:
        read(**parts)
    assert error.value.message.startswith(message)
