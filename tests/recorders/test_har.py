"""HAR files, and those of Polly.js."""

from __future__ import annotations

import base64
import gzip
import json
from typing import Any

import pytest
from tokentape.errors import CassetteError
from tokentape.pure.http.messages import Request, Response
from tokentape.pure.recorders.forms import read_recording

ENCODED = [{"name": "Content-Encoding", "value": "gzip"}]


def exchange(request: dict[str, Any], response: dict[str, Any]) -> tuple[Request, Response] | None:
    url = {"method": "POST", "url": "https://api.stripe.com/v1/tokens?a=b#c"}
    entry = {"request": url | request, "response": {"status": 200} | response}
    (call,) = read_recording(json.dumps({"log": {"entries": [entry]}})).calls
    assert call.target == "/v1/tokens?a=b"
    return call.exchange()


def request(**parts: Any) -> Request:
    read = exchange(parts, {})
    assert read
    return read[0]


def response(content: dict[str, Any], **parts: Any) -> Response:
    read = exchange({}, {"content": content, **parts})
    assert read
    return read[1]


def test_a_posted_form() -> None:
    posted = {"mimeType": "application/x-www-form-urlencoded", "text": "a=b"}
    assert request(postData=posted).body == b"a=b"
    assert request(postData=posted).header("content-type") == posted["mimeType"]
    params = [{"name": "card[name]", "value": "Ada & Co"}, {"name": "blank"}]
    assert request(postData={"params": params}).body == b"card%5Bname%5D=Ada+%26+Co&blank="
    assert request().body == b""


def test_the_content_of_an_answer() -> None:
    packed = gzip.compress(b"{}")
    in_base64 = base64.b64encode(packed).decode()
    assert response({"text": "{}"}).body == b"{}"
    assert response({"text": "{}"}, headers=ENCODED).headers == ()
    assert response({"text": "e30=", "encoding": "base64"}).body == b"{}"
    for content in (
        {"text": in_base64, "encoding": "base64"},
        {"text": json.dumps([in_base64]), "encoding": "base64"},
        {"text": packed.hex(), "encoding": "hex"},
        {"text": packed.hex(), "_isBinary": True},
        {"text": json.dumps([packed.hex()[:20], packed.hex()[20:]]), "_isBinary": True},
        {"text": json.dumps([packed.hex()])},
    ):
        read = response(content, headers=ENCODED)
        assert read.body == packed, content
        assert read.header("content-encoding") == "gzip"
    assert response({"text": "[1]"}).body == b"[1]"
    assert response({}).body == b""


@pytest.mark.parametrize("parts", [{"status": 0}, {"content": {"size": 9, "mimeType": "x"}}])
def test_an_answer_that_was_not_kept_is_none(parts: dict[str, Any]) -> None:
    assert exchange({}, parts) is None


def test_an_empty_answer_is_an_answer() -> None:
    assert response({"size": 0, "mimeType": "x"}, status=204).status == 204


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"text": "secret!", "encoding": "base64"}, "content.text is not base64"),
        ({"text": "[secret", "encoding": "base64"}, "content.text is not a JSON list of chunks"),
        ({"text": "secret", "_isBinary": True}, "content.text is not hexadecimal"),
    ],
)
def test_an_error_names_the_field(content: dict[str, Any], message: str) -> None:
    with pytest.raises(CassetteError) as error:
        response(content)
    assert error.value.message == f"log.entries[0].response.{message}"
