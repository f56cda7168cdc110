"""What the page reads: bounded answers of redacted text, for this machine's pages only."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

import pytest

from tests.processes import Session, Workplace, awaited
from tests.wire import Answer, Client, card

SECRET = "Zq7Ohnesorg"


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    place = Workplace(tmp_path_factory.mktemp("page"))
    with place.serving("record", "shop") as found:
        client = Client(found.url)
        for number in range(130):
            client.post(card(name=f"{SECRET} {number}", exp_month=str(1 + number % 12)))
        client.send("GET", f"/v1/{SECRET}?{SECRET}={SECRET}")
        yield found
        assert found.end() == 0


def get(session: Session, name: str, **headers: str) -> Answer:
    return Client(session.url).send("GET", f"/_tokentape/{name}", **headers)


@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("", "text/html; charset=utf-8"),
        ("page.js", "text/javascript; charset=utf-8"),
        ("page.css", "text/css; charset=utf-8"),
        ("events", "application/json"),
        ("interactions", "application/json"),
    ],
)
def test_all_of_it_is_protected(session: Session, name: str, media_type: str) -> None:
    answer = get(session, name)
    assert answer.status == 200
    assert answer.headers["content-type"] == media_type
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
    assert "unsafe" not in policy
    assert SECRET not in answer.body.decode()


@pytest.mark.parametrize("name", ["", "page.js", "events", "interactions"])
@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Origin": "https://evil.example"},
        {"Sec_Fetch_Site": "cross-site"},
    ],
    ids=str,
)
def test_pages_of_others_get_nothing(session: Session, name: str, headers: dict[str, str]) -> None:
    assert get(session, name, **headers).status == 403


def test_its_own_page_is_answered(session: Session) -> None:
    assert get(session, "events", Sec_Fetch_Site="same-origin").status == 200


@pytest.mark.parametrize("place", ["", "?after=", "?after=x", "?after=-1", "?after=1&after=2"])
def test_a_place_that_is_none_is_the_beginning(session: Session, place: str) -> None:
    answer = get(session, f"events{place}").json
    assert len(answer["events"]) <= 200
    assert answer["events"][0]["number"] == 1


def test_a_reader_goes_on_where_it_was(session: Session) -> None:
    answer = get(session, "events").json
    assert (answer["session"], answer["mode"], answer["interactions"]) == ("shop", "record", 130)
    after = get(session, f"events?after={answer['next']}").json
    assert after["events"] == []
    assert after["run"] == answer["run"]
    assert get(session, f"events?after={'9' * 200}").status == 200


def test_interactions_come_in_batches(session: Session) -> None:
    first = get(session, "interactions").json
    assert [each["number"] for each in first["interactions"]] == list(range(1, 101))
    second = get(session, f"interactions?from={first['next']}").json
    assert [each["number"] for each in second["interactions"]] == list(range(101, 131))
    assert second["next"] == 0
    assert get(session, "interactions?from=1000").json == {"interactions": [], "next": 0}
    assert all(each["used"] for each in first["interactions"])


def test_reading_does_not_keep_a_session_open(workplace: Workplace) -> None:
    token = "only-for-these-tests"
    options = ("--admin", "127.0.0.1:0", "--idle", "1")
    with Session(workplace.directory, "serve", *options, TOKENTAPE_ADMIN_TOKEN=token) as server:
        headers = {"Authorization": f"Bearer {token}", "Content_Type": "application/json"}
        admin, body = Client(server.url, ""), json.dumps({"cassette": "shop", "mode": "record"})
        opened = admin.send("POST", "/_tokentape/sessions", body.encode(), **headers).json
        until = time.monotonic() + 10

        def gone() -> bool | None:
            try:
                Client(opened["url"]).send("GET", "/_tokentape/events")
            except OSError:
                return True
            return None

        assert awaited(gone, "the end of the session")
        assert time.monotonic() < until
