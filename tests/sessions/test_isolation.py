"""Each session has its cassette, mode, people and order, whatever others do at the same time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.processes import Workplace
from tests.sessions.conftest import Desk
from tests.wire import Client, card, person


@pytest.fixture
def people(workplace: Workplace) -> str:
    """A cassette with two people, of whom the first is asked for again, and an exhausted one."""
    with workplace.recorded("people", "--upstream", "mock") as url:
        client = Client(url)
        first = client.post(card(name="Ada Ohnesorg"))
        client.post(card(name="Grace Ohnesorg", exp_month="6"))
        client.get(first.id)
    return "people"


def test_two_sessions_on_one_cassette_bind_and_count_each_for_itself(
    desk: Desk, people: str
) -> None:
    session, neighbour = desk.open(people), desk.open(people, strict=True)
    assert session.client.url != neighbour.client.url
    ada = session.client.post(card(name="Ada Zq7Ohnesorg"))
    eve = neighbour.client.post(card(name="Eve Zq8Ohnesorg"))
    assert ada.json["card"]["name"] == "Ada Zq7Ohnesorg"
    assert eve.json["card"]["name"] == "Eve Zq8Ohnesorg"
    assert session.client.get(ada.id).json["card"]["name"] == "Ada Zq7Ohnesorg"
    assert desk.look(session)["replayed"] == 2
    assert desk.look(neighbour)["replayed"] == 1
    assert neighbour.client.get(eve.id).json["card"]["name"] == "Eve Zq8Ohnesorg"
    neighbour.client.post(card(name="Grace Zq8Ohnesorg", exp_month="6"))
    first, second = desk.close(session), desk.close(neighbour)
    assert (first["ok"], first["unused"]) == (True, [2])
    assert (second["ok"], second["unused"]) == (True, [])
    assert "Zq" not in str((first, second)) + desk.server.said


def test_strictness_and_what_follows_the_last_are_each_sessions_own(
    desk: Desk, people: str
) -> None:
    lenient = desk.open(people)
    strict = desk.open(people, strict=True)
    sparing = desk.open(people, on_exhausted="miss")
    for session in (lenient, strict, sparing):
        assert session.client.post(card(name="Ada")).status == 200
        session.client.post(card(name="Ada"))
        session.client.post(card(name="Eve"))
    assert desk.close(lenient)["replayed"] == 3
    assert (desk.close(strict)["replayed"], desk.close(sparing)["replayed"]) == (2, 1)


def test_modes_side_by_side(desk: Desk, workplace: Workplace, people: str) -> None:
    recording, replaying = desk.open("new", "record"), desk.open(people)
    carrying_on = desk.open("other", "auto")
    created = [
        session.client.post(card(name="Ada")) for session in (recording, replaying, carrying_on)
    ]
    assert [answer.result for answer in created] == ["recorded", "replayed", "recorded"]
    assert not workplace.path("new").exists()
    ended = desk.close(recording)
    assert (ended["recorded"], ended["saved"]) == (1, "cassettes/new.yaml")
    assert "saved cassettes/new.yaml" in ended["lines"]
    again = desk.open("new")
    assert again.client.post(card(name="Eve")).result == "replayed"
    assert desk.close(carrying_on)["recorded"] == 1
    carrying_on = desk.open("other", "auto")
    assert carrying_on.client.post(card(name="Eve")).result == "replayed"
    assert desk.close(carrying_on)["saved"] == ""


def test_the_embedded_upstream_of_each_recording_is_its_own(desk: Desk) -> None:
    session, neighbour = desk.open("one", "record"), desk.open("other", "record")
    created = session.client.post(card(), Idempotency_Key="the-same")
    assert neighbour.client.get(created.id).status == 404
    again = neighbour.client.post(person("Ada", "Ohnesorg"), Idempotency_Key="the-same")
    assert again.status == 200


def test_a_cassette_is_recorded_by_one_session_at_a_time(desk: Desk, workplace: Workplace) -> None:
    first = desk.open("one", "record")
    for mode in ("record", "auto"):
        refused = desk.post("one", mode)
        assert (refused.status, refused.error["code"]) == (409, "cassette_busy")
        assert refused.headers["stripe-should-retry"] == "false"
    first.client.post(card())
    assert desk.close(first)["ok"]
    reading, second = desk.open("one"), desk.open("one", "record")
    assert desk.close(second)["saved"] == ""
    assert desk.close(reading)["unused"] == [1]
    assert workplace.text("one").count("- request:") == 1


def test_another_process_may_record_it_too(desk: Desk, workplace: Workplace) -> None:
    with workplace.serving("record", "one"):
        assert desk.post("one", "auto").status == 409


def test_what_is_recorded_anew_is_what_the_next_session_has(desk: Desk) -> None:
    for month in ("6", "7", "6"):
        recording = desk.open("one", "record")
        recording.client.post(card(exp_month=month))
        desk.close(recording)
        for _ in range(2):
            session = desk.open("one")
            assert session.client.post(card(exp_month=month)).result == "replayed"
            assert desk.close(session)["ok"]


def test_many_at_once(desk: Desk, people: str) -> None:
    """A hundred sessions, opened, used and closed by eight clients at a time."""

    def play(number: int) -> bool:
        session = desk.open(people, strict=True)
        created = session.client.post(card(name=f"Person {number}"))
        neighbour = session.client.post(card(name=f"Other {number}", exp_month="6"))
        names = [
            answer.json["card"]["name"]
            for answer in (created, neighbour, session.client.get(created.id))
        ]
        assert names == [f"Person {number}", f"Other {number}", f"Person {number}"]
        ok: bool = desk.close(session)["ok"]
        return ok

    with ThreadPoolExecutor(8) as clients:
        assert all(clients.map(play, range(100)))
    assert desk.cassettes() == []
    assert desk.server.end() == 0
    assert "100 sessions, 0 failed" in desk.server.said
    assert "300 replayed, 0 missed" in desk.server.said
