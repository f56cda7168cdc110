"""The commands of requests to the admin port."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tokentape.pure import own_routes
from tokentape.pure.http.messages import Headers, Request, Response
from tokentape.pure.own_routes import Close, List, Open, Show, Token, read_command
from tokentape.pure.replay.decide import Mode
from tokentape.pure.replay.order import OrderDependent
from tokentape.pure.replay.receipt import Counts, Receipt

TEXT = "admin-token-of-these-tests"
TOKEN = Token(TEXT)
SESSIONS = "/_tokentape/sessions"
ADMITTED = (("Authorization", f"Bearer {TEXT}"),)
JSON = (*ADMITTED, ("Content-Type", "application/json"))
SECRET = "Zq7Ohnesorg"


def command(method: str, path: str = "", headers: Headers = ADMITTED, body: bytes = b"") -> Any:
    return read_command(Request(method, SESSIONS + path, headers, body), TOKEN)


def posted(content: object, *headers: tuple[str, str]) -> Any:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    return command("POST", headers=(*JSON, *headers), body=body)


def test_each_route_is_a_command() -> None:
    assert command("GET") == command("HEAD") == List()
    assert command("GET", "/0af1") == command("HEAD", "/0af1?x=y") == Show("0af1")
    assert command("DELETE", "/0af1") == Close("0af1")


def test_the_command_to_open_a_session_has_its_fields() -> None:
    assert posted({"cassette": "a"}) == Open("a")
    assert posted({"cassette": "a", "mode": None, "strict": None}) == Open("a")
    full = {"cassette": "a/b", "mode": "record", "strict": False, "on_exhausted": "miss"}
    assert posted(full) == Open("a/b", Mode.RECORD, strict=False, on_exhausted="miss")


def test_the_media_type_may_have_parameters() -> None:
    headers = (*ADMITTED, ("content-type", "Application/JSON; charset=utf-8"))
    assert command("POST", headers=headers, body=b'{"cassette": "a"}') == Open("a")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({}, "cassette is missing"),
        ({"cassette": None}, "cassette is missing"),
        ({"cassette": 5}, "cassette: allowed: the name"),
        ({"cassette": [SECRET]}, "cassette: allowed: the name"),
        ({"cassette": "a", "mode": SECRET}, "mode: allowed: record, replay or auto."),
        ({"cassette": "a", "mode": [SECRET]}, "mode: allowed:"),
        ({"cassette": "a", "mode": "REPLAY"}, "mode: allowed:"),
        ({"cassette": "a", "strict": "true"}, "strict: allowed: true or false."),
        ({"cassette": "a", "strict": 1}, "strict: allowed:"),
        ({"cassette": "a", "on_exhausted": SECRET}, "on_exhausted: allowed: repeat or miss."),
        (
            {"cassette": "a", SECRET: SECRET},
            "mode, strict, on_exhausted, faults.",
        ),
    ],
)
def test_an_invalid_field_is_named_and_its_value_is_not_quoted(content: Any, message: str) -> None:
    refused = posted(content)
    assert refused.status == 422
    assert message in json.loads(refused.body)["error"]["message"]
    assert SECRET not in refused.body.decode()


def test_all_invalid_fields_are_named_at_once() -> None:
    message = json.loads(posted({"mode": 1, "strict": 2}).body)["error"]["message"]
    assert all(name in message for name in ("cassette", "mode", "strict"))


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"a"', b"[" * 100_000, b"\xff", b"NaN"])
def test_a_body_that_is_no_json_object_is_malformed(body: bytes) -> None:
    assert posted(body) is own_routes.MALFORMED


@pytest.mark.parametrize(
    "media", ["", "text/plain", "application/x-www-form-urlencoded", "application/jsonp"]
)
def test_json_with_another_media_type_is_refused(media: str) -> None:
    headers = (*ADMITTED, ("Content-Type", media))
    body = b'{"cassette": "a"}'
    assert command("POST", headers=headers, body=body) is own_routes.NOT_JSON
    assert command("POST", headers=ADMITTED, body=body) is own_routes.NOT_JSON


@pytest.mark.parametrize(
    "sent",
    [
        *("", TEXT, f"Basic {TEXT}", "Bearer", "Bearer ", f"Bearer  {TEXT}", f"Bearer {TEXT} "),
        *(f"Bearer {TEXT}x", f"Bearer {TEXT[:-1]}", f"Bearer {TEXT.upper()}", "Bearer \udcff"),
    ],
)
def test_a_request_without_the_token_is_unauthorised(sent: str) -> None:
    headers = (("Authorization", sent),)
    for method, path in (("GET", ""), ("POST", ""), ("DELETE", "/0a"), ("PUT", "/" + SECRET)):
        refused = command(method, path, headers)
        assert refused is own_routes.UNAUTHORISED
    assert refused.header("WWW-Authenticate") == 'Bearer realm="tokentape"'


def test_the_case_of_the_scheme_does_not_matter() -> None:
    assert command("GET", headers=(("authorization", f"bearer {TEXT}"),)) == List()


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        *((method, "", "GET, POST") for method in ("PUT", "DELETE", "PATCH", "OPTIONS")),
        *((method, "/0a", "GET, DELETE") for method in ("PUT", "POST", "PATCH", "OPTIONS")),
    ],
)
def test_another_method_is_refused_with_the_allowed_methods(
    method: str, path: str, allow: str
) -> None:
    refused = command(method, path)
    assert refused.status == 405
    assert refused.header("Allow") == allow


@pytest.mark.parametrize("path", ["/", "/0A", "/x", "/0a/", "/0a/0b", "/" + "0" * 33, "s", "/%30"])
def test_other_routes_are_unknown(path: str) -> None:
    assert command("GET", path) is own_routes.NO_ROUTE


def test_the_summary_has_the_counts_and_the_lines_of_the_receipt() -> None:
    pairs = (OrderDependent(1, 3),)
    receipt = Receipt(Counts(replayed=2, missed=1), (2, 4), pairs)
    summary = own_routes.session_summary(
        receipt, "c/a.yaml", "too late", ["miss: so", "saved c/a.yaml"]
    )
    assert not summary["ok"]
    assert (summary["replayed"], summary["missed"], summary["recorded"]) == (2, 1, 0)
    assert (summary["unused"], summary["order_dependent"]) == ((2, 4), [(1, 3)])
    assert summary["lines"] == ["miss: so", "saved c/a.yaml", "too late", *receipt.lines()]


@pytest.mark.parametrize(
    ("receipt", "trouble", "ok"),
    [
        (Receipt(Counts(replayed=1)), "", True),
        (Receipt(Counts()), "the disk is full", False),
        (Receipt(Counts(unwritten=1)), "", False),
        (Receipt(Counts(), (1,)), "", True),
        (Receipt(Counts(), (1,), strict=True), "", False),
    ],
)
def test_a_session_is_ok_if_its_exit_status_is_0(receipt: Receipt, trouble: str, ok: bool) -> None:
    assert own_routes.session_summary(receipt, "", trouble, ())["ok"] is ok


def test_no_repr_or_refusal_shows_the_token() -> None:
    assert TEXT not in f"{TOKEN} {TOKEN!r} {[TOKEN]}"
    refused = [value for value in vars(own_routes).values() if isinstance(value, Response)]
    assert len(refused) > 5
    assert not any(TEXT in response.body.decode() for response in refused)
