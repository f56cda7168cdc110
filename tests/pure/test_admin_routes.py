"""What requests to the admin port ask for."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tokentape.pure.http.messages import Headers, Request, Response
from tokentape.pure.own_routes import admin as admin_routes
from tokentape.pure.own_routes.admin import Close, List, Look, Open, Token, wish
from tokentape.pure.replay.decide import Mode
from tokentape.pure.replay.order import OrderDependent
from tokentape.pure.replay.receipt import Counts, Receipt

TEXT = "admin-token-of-these-tests"
TOKEN = Token(TEXT)
SESSIONS = "/_tokentape/sessions"
OWN = (("Host", "127.0.0.1:1"),)
ADMITTED = (*OWN, ("Authorization", f"Bearer {TEXT}"))
JSON = (*ADMITTED, ("Content-Type", "application/json"))
SECRET = "Zq7Ohnesorg"


def asked(method: str, path: str = "", headers: Headers = ADMITTED, body: bytes = b"") -> Any:
    return wish(Request(method, SESSIONS + path, headers, body), "127.0.0.1", TOKEN)


def posted(said: object, *headers: tuple[str, str]) -> Any:
    body = said if isinstance(said, bytes) else json.dumps(said).encode()
    return asked("POST", headers=(*JSON, *headers), body=body)


def test_each_route_is_one_wish() -> None:
    assert asked("GET") == asked("HEAD") == List()
    assert asked("GET", "/0af1") == asked("HEAD", "/0af1?x=y") == Look("0af1")
    assert asked("DELETE", "/0af1") == Close("0af1")


def test_a_session_is_opened_as_it_is_asked_for() -> None:
    assert posted({"cassette": "a"}) == Open("a")
    assert posted({"cassette": "a", "mode": None, "strict": None}) == Open("a")
    full = {"cassette": "a/b", "mode": "record", "strict": False, "on_exhausted": "miss"}
    assert posted(full) == Open("a/b", Mode.RECORD, strict=False, on_exhausted="miss")


def test_the_media_type_may_have_parameters() -> None:
    headers = (*ADMITTED, ("content-type", "Application/JSON; charset=utf-8"))
    assert asked("POST", headers=headers, body=b'{"cassette": "a"}') == Open("a")


@pytest.mark.parametrize(
    ("said", "told"),
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
        ({"cassette": "a", SECRET: SECRET}, "allowed: cassette, mode, strict, on_exhausted."),
    ],
)
def test_what_cannot_be_opened_is_told_by_the_names_of_known_fields(said: Any, told: str) -> None:
    refused = posted(said)
    assert refused.status == 422
    assert told in json.loads(refused.body)["error"]["message"]
    assert SECRET not in refused.body.decode()


def test_all_that_is_wrong_is_told_at_once() -> None:
    message = json.loads(posted({"mode": 1, "strict": 2}).body)["error"]["message"]
    assert all(name in message for name in ("cassette", "mode", "strict"))


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"a"', b"[" * 100_000, b"\xff", b"NaN"])
def test_what_is_no_object_is_malformed(body: bytes) -> None:
    assert posted(body) is admin_routes.MALFORMED


@pytest.mark.parametrize(
    "media", ["", "text/plain", "application/x-www-form-urlencoded", "application/jsonp"]
)
def test_another_media_type_is_none_even_for_json(media: str) -> None:
    headers = (*ADMITTED, ("Content-Type", media))
    body = b'{"cassette": "a"}'
    assert asked("POST", headers=headers, body=body) is admin_routes.NOT_JSON
    assert asked("POST", headers=ADMITTED, body=body) is admin_routes.NOT_JSON


@pytest.mark.parametrize(
    "sent",
    [
        *("", TEXT, f"Basic {TEXT}", "Bearer", "Bearer ", f"Bearer  {TEXT}", f"Bearer {TEXT} "),
        *(f"Bearer {TEXT}x", f"Bearer {TEXT[:-1]}", f"Bearer {TEXT.upper()}", "Bearer \udcff"),
    ],
)
def test_without_the_token_nothing_is_told(sent: str) -> None:
    headers = (*OWN, ("Authorization", sent))
    for method, path in (("GET", ""), ("POST", ""), ("DELETE", "/0a"), ("PUT", "/" + SECRET)):
        refused = asked(method, path, headers)
        assert refused is admin_routes.UNAUTHORISED
    assert refused.header("WWW-Authenticate") == 'Bearer realm="tokentape"'


def test_the_scheme_may_be_written_in_any_case() -> None:
    assert asked("GET", headers=(*OWN, ("authorization", f"bearer {TEXT}"))) == List()


@pytest.mark.parametrize(
    "headers",
    [
        (("Host", "evil.example"), *ADMITTED[1:]),
        ADMITTED[1:],
        (*ADMITTED, ("Origin", "http://127.0.0.1:1")),
        (*ADMITTED, ("Origin", "null")),
        (*ADMITTED, ("Sec-Fetch-Site", "same-origin")),
    ],
)
def test_a_web_page_is_refused_with_the_token_too(headers: Headers) -> None:
    assert asked("GET", headers=headers).status == 403


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        *((method, "", "GET, POST") for method in ("PUT", "DELETE", "PATCH", "OPTIONS")),
        *((method, "/0a", "GET, DELETE") for method in ("PUT", "POST", "PATCH", "OPTIONS")),
    ],
)
def test_another_method_is_refused_with_those_there_are(method: str, path: str, allow: str) -> None:
    refused = asked(method, path)
    assert refused.status == 405
    assert refused.header("Allow") == allow


@pytest.mark.parametrize("path", ["/", "/0A", "/x", "/0a/", "/0a/0b", "/" + "0" * 33, "s", "/%30"])
def test_other_routes_are_none(path: str) -> None:
    assert asked("GET", path) is admin_routes.NO_ROUTE


def test_a_receipt_for_programs_says_what_one_for_people_does() -> None:
    pairs = (OrderDependent(1, 3),)
    receipt = Receipt(Counts(replayed=2, missed=1), (2, 4), pairs)
    told = admin_routes.account(receipt, "c/a.yaml", "", ["miss: so"])
    assert not told["ok"]
    assert (told["replayed"], told["missed"], told["recorded"]) == (2, 1, 0)
    assert (told["unused"], told["order_dependent"]) == ((2, 4), [(1, 3)])
    assert told["lines"] == ["miss: so", "saved c/a.yaml", *receipt.lines()]


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
def test_a_session_is_ok_where_its_exit_status_would_be_0(
    receipt: Receipt, trouble: str, ok: bool
) -> None:
    assert admin_routes.account(receipt, "", trouble, ())["ok"] is ok


def test_the_token_is_shown_nowhere() -> None:
    assert TEXT not in f"{TOKEN} {TOKEN!r} {[TOKEN]}"
    refused = [value for value in vars(admin_routes).values() if isinstance(value, Response)]
    assert len(refused) > 5
    assert not any(TEXT in one.body.decode() for one in refused)
