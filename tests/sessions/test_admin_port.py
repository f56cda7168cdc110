"""The admin port does what whoever has its token asks, and tells everyone else nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.processes import Session, Workplace
from tests.sessions.conftest import SESSIONS, TOKEN, Desk
from tests.wire import Client, card, numbered

SECRET = "Zq7Ohnesorg"


@pytest.fixture(scope="module")
def workplace(tmp_path_factory: pytest.TempPathFactory) -> Workplace:
    return Workplace(tmp_path_factory.mktemp("admin"))


@pytest.fixture(scope="module")
def desk(workplace: Workplace) -> Iterator[Desk]:
    words = ("serve", "--admin", "127.0.0.1:0")
    with Session(workplace.directory, *words, TOKENTAPE_ADMIN_TOKEN=TOKEN) as server:
        yield Desk(server)
        assert TOKEN not in server.said + server.printed
        assert SECRET not in server.said + server.printed


def test_a_session_from_its_opening_to_its_end(desk: Desk) -> None:
    answer = desk.post("mine", "record")
    session = answer.json
    assert answer.status == 201
    assert set(session) == {"id", "url", "cassette", "mode"}
    assert (session["cassette"], session["mode"]) == ("mine", "record")
    assert answer.headers["location"] == f"{SESSIONS}/{session['id']}"
    assert answer.headers["cache-control"] == "no-store"
    assert desk.send("GET").json == {"sessions": [session]}

    client = Client(session["url"])
    client.post(card())
    assert client.send("GET", "/_tokentape/health").json["recorded"] == 1
    looked = desk.send("GET", f"/{session['id']}").json
    assert session.items() <= looked.items()
    assert (looked["open"], looked["recorded"], looked["saved"]) == (True, 1, "")

    closed = desk.send("DELETE", f"/{session['id']}")
    assert closed.status == 200
    assert closed.json["saved"] == "cassettes/mine.yaml"
    assert (closed.json["open"], closed.json["expired"], closed.json["ok"]) == (False, False, True)
    with pytest.raises(ConnectionRefusedError):
        client.post(card())
    assert desk.send("GET").json == {"sessions": []}
    for method in ("DELETE", "GET"):  # whoever lost the answer may ask again
        assert desk.send(method, f"/{session['id']}").json == closed.json


def test_a_miss_is_in_the_receipt_by_its_redacted_form(desk: Desk) -> None:
    recording = desk.open("missed", "record")
    recording.client.post(card())
    desk.close(recording)
    session = desk.open("missed")
    unknown = numbered("411111000000012")
    missed = session.client.post(card(unknown, name=SECRET, **{SECRET: SECRET}))
    assert missed.status == 424
    receipt = desk.close(session)
    assert not receipt["ok"]
    assert receipt["missed"] == 1
    assert receipt["unused"] == [1]
    assert receipt["lines"][0].startswith("miss: No interaction of cassette missed answers POST")
    assert "Interaction 1 is close: " in receipt["lines"][0]
    for value in (SECRET, unknown, unknown[-4:], session.client.key):
        assert value not in json.dumps(receipt) + desk.server.said


@pytest.mark.parametrize("token", ["", "x", TOKEN[:-1], TOKEN + "x", SECRET])
def test_without_the_token_nothing_happens(desk: Desk, token: str) -> None:
    before = desk.cassettes()
    stranger = Desk(desk.server, token)
    for answer in (
        stranger.post("stolen", "record"),
        stranger.send("GET"),
        stranger.send("DELETE", "/0a"),
        stranger.send("POST", "/nowhere", {SECRET: SECRET}),
    ):
        assert answer.status == 401
        assert answer.headers["www-authenticate"] == 'Bearer realm="tokentape"'
        assert SECRET not in answer.body.decode()
    assert desk.cassettes() == before


@pytest.mark.parametrize(
    "header",
    [
        {"Host": "evil.example"},
        {"Host": "evil.example:127.0.0.1"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
    ],
    ids=str,
)
def test_a_foreign_web_page_is_refused_with_the_token_too(
    desk: Desk, header: dict[str, str]
) -> None:
    for method, path in (("POST", ""), ("GET", ""), ("DELETE", "/0a"), ("OPTIONS", "")):
        body = {"cassette": "framed", "mode": "record"} if method == "POST" else None
        answer = desk.send(method, path, body, **header)
        assert answer.status == 403
        assert "access-control-allow-origin" not in answer.headers
    assert "framed" not in desk.cassettes()


@pytest.mark.parametrize(
    ("name", "message"),
    [
        *((name, "a name has segments") for name in ("../x", "/x", "", "a//b", ".x", "x y")),
        *((name, "a name has segments") for name in (SECRET + "\n", SECRET + "é", "x" * 201)),
        ("never/recorded", "there is no such cassette: `tokentape record never/recorded` makes it"),
        ("named.yaml", "there is no such cassette: `tokentape record named` makes it"),
        ("torn", "cassettes/torn.yaml"),
    ],
)
def test_a_cassette_that_cannot_be_used(
    desk: Desk, workplace: Workplace, name: str, message: str
) -> None:
    (workplace.directory / "cassettes").mkdir(exist_ok=True)
    (workplace.directory / "cassettes" / "torn.yaml").write_text(f"{SECRET}: &a {SECRET}\n")
    answer = desk.post(name)
    assert answer.status == 422
    assert message in answer.error["message"]
    assert SECRET not in answer.body.decode()
    (workplace.directory / "cassettes" / "torn.yaml").unlink()


def test_what_is_not_known_is_not_there(desk: Desk) -> None:
    for method in ("GET", "DELETE"):
        answer = desk.send(method, "/0123456789abcdef")
        assert (answer.status, answer.error["code"]) == (404, "unknown_session")
    assert desk.send("GET", "/" + SECRET).error["code"] == "unknown_route"
    assert Client(desk.server.url, TOKEN).post(card()).status == 404
    assert desk.send("PUT").status == 405


def test_a_session_s_own_port_opens_no_sessions(desk: Desk) -> None:
    session = desk.open("own", "record")
    answer = Client(session.client.url, TOKEN).send("GET", SESSIONS)
    assert (answer.status, answer.error["code"]) == (404, "unknown_route")
    desk.close(session)
