"""auto: what the cassette knows is replayed, the rest recorded."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.processes import Workplace
from tests.upstreams import Upstream, stripe
from tests.wire import LIVE, Client, card, person


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with Upstream(stripe()) as found:
        yield found


def test_only_what_is_new_is_recorded_and_appended(
    workplace: Workplace, upstream: Upstream
) -> None:
    with workplace.recorded("take") as url:
        Client(url).get(Client(url).post(card(name="Ada")).id)
    before = workplace.text("take")

    options = ("--upstream", upstream.url, "--mix-upstreams")
    with workplace.serving("auto", "take", *options) as session:
        client = Client(session.url)
        known = client.post(card(name="Bea"))
        assert (known.result, known.json["card"]["name"]) == ("replayed", "Bea")
        assert client.get(known.id).result == "replayed"
        new = client.post(person("Bea", "Quast"))
        assert new.result == "recorded"
        assert client.get(new.id).result == "recorded"
        assert session.end() == 0
    assert [one.method for one in upstream.seen] == ["POST", "GET"]
    assert "2 recorded, 2 replayed, 0 missed, 0 refused, 0 unused" in session.said

    after = workplace.text("take")
    assert after.startswith(before.replace("recorded_from: mock", "recorded_from: other"))
    assert after.count("- request:") == 4
    with workplace.replayed("take", "--strict") as url:
        client = Client(url)
        assert client.get(client.post(card(name="Cleo")).id).status == 200
        made = client.post(person("Cleo", "Ohnesorg"))
        assert client.get(made.id).json == made.json


def test_a_name_is_another_variable_in_another_field(workplace: Workplace) -> None:
    with workplace.recorded("take") as url:
        Client(url).post(card(name="Ada"))
    with workplace.recorded("take", mode="auto") as url:
        Client(url).post(card(name="Bea"))
        Client(url).post(person("Bea", "Quast"))
    text = workplace.text("take")
    assert "person[first_name]={{name.2}}&person[last_name]={{name.3}}" in text


def test_with_no_cassette_it_records_one(workplace: Workplace) -> None:
    with workplace.recorded("take", mode="auto") as url:
        assert Client(url).post(card()).result == "recorded"
    with workplace.recorded("same") as url:
        Client(url).post(card())
    assert workplace.text("take") == workplace.text("same")


def test_what_it_has_recorded_itself_it_records_again(workplace: Workplace) -> None:
    """A payment that is read again after it was confirmed is not what it was before."""
    intent = b"amount=500&currency=eur&payment_method=pm_card_visa&payment_method_types[]=card"
    with workplace.recorded("take", mode="auto") as url:
        client, form = Client(url), {"Content_Type": "application/x-www-form-urlencoded"}
        made = client.send("POST", "/v1/payment_intents", intent, **form)
        path = f"/v1/payment_intents/{made.id}"
        before = client.send("GET", path)
        client.send("POST", f"{path}/confirm", b"", **form)
        after = client.send("GET", path)
    assert (before.result, after.result) == ("recorded", "recorded")
    assert before.json["status"] == "requires_confirmation"
    assert after.json["status"] == "succeeded"


def test_a_call_with_an_id_that_was_made_up_stops_and_says_what_to_do(
    workplace: Workplace, upstream: Upstream
) -> None:
    with workplace.recorded("take", "--upstream", upstream.url) as url:
        Client(url).post(card())
    upstream.seen.clear()
    before = workplace.text("take")
    with workplace.serving("auto", "take", "--upstream", upstream.url) as session:
        made = Client(session.url).post(card())
        missed = Client(session.url).get(made.id)
        assert (made.result, missed.result, missed.status) == ("replayed", "miss", 424)
        assert session.end() == 1
    assert upstream.seen == []
    assert workplace.text("take") == before
    assert "made up for this replay" in session.said
    assert "`tokentape record take --upstream" in session.said


def test_what_comes_again_repeats_or_is_recorded_again(workplace: Workplace) -> None:
    def results(*options: str) -> list[str]:
        with workplace.serving("auto", "take", *options) as session:
            found = [Client(session.url).post(card()).result for _ in range(3)]
            assert session.end() == 0
        return found

    assert results() == ["recorded"] * 3
    assert results("--on-exhausted", "miss") == ["replayed"] * 3
    workplace.path("take").unlink()
    with workplace.recorded("take") as url:
        Client(url).post(card())
    assert results() == ["replayed"] * 3
    assert results("--on-exhausted", "miss") == ["replayed", "recorded", "recorded"]
    assert results("--on-exhausted", "miss") == ["replayed"] * 3
    with workplace.replayed("take", "--strict") as url:
        assert len({Client(url).post(card()).id for _ in range(3)}) == 3


def test_two_people_of_one_first_session_are_two(workplace: Workplace) -> None:
    with workplace.recorded("take", mode="auto") as url:
        made = [Client(url).post(card(name=name)) for name in ("Ada", "Bea", "Ada")]
    assert [one.result for one in made] == ["recorded"] * 3
    assert len({one.id for one in made}) == 3
    with workplace.replayed("take", "--strict") as url:
        ids = {Client(url).post(card(name=name)).id for name in ("Cleo", "Dora", "Cleo")}
    assert len(ids) == 3


def test_what_was_recorded_just_now_is_not_played_for_other_people(
    workplace: Workplace,
) -> None:
    with workplace.recorded("take") as url:
        Client(url).post(card(name="Cleo"))
    dollar = {"currency": "usd"}
    asked = [card(name=name, **more) for name in ("Ada", "Bea") for more in ({}, dollar)]
    with workplace.recorded("take", mode="auto") as url:
        made = [Client(url).post(one) for one in asked]
    assert [one.result for one in made] == ["replayed", "recorded", "replayed", "recorded"]
    assert len({one.id for one in made}) == 4
    assert_that_people_are_told_apart(workplace, asked)


def test_what_was_loaded_is_played_for_the_people_of_this_session(workplace: Workplace) -> None:
    euro, dollar = {"currency": "eur"}, {"currency": "usd"}
    with workplace.recorded("take") as url:
        for name, more in (("Cleo", {}), ("Dora", {}), ("Dora", euro)):
            Client(url).post(card(name=name, **more))
    asked = [card(name="Ada", **more) for more in ({}, dollar, euro)]
    asked += [card(name="Bea", **more) for more in ({}, dollar)]
    with workplace.recorded("take", mode="auto") as url:
        made = [Client(url).post(one) for one in asked]
    replayed, recorded = "replayed", "recorded"
    assert [one.result for one in made] == [replayed, recorded, replayed, replayed, recorded]
    assert_that_people_are_told_apart(workplace, asked)


def assert_that_people_are_told_apart(workplace: Workplace, asked: list[dict[str, str]]) -> None:
    with workplace.replayed("take") as url:
        made = [Client(url).post(one) for one in asked]
    assert {one.result for one in made} == {"replayed"}
    assert len({one.id for one in made}) == len(asked)


def test_a_live_key_reaches_no_upstream_but_what_is_known_is_served(
    workplace: Workplace, upstream: Upstream
) -> None:
    with workplace.recorded("take", "--upstream", upstream.url) as url:
        Client(url).post(card())
    upstream.seen.clear()
    with workplace.serving("auto", "take", "--upstream", upstream.url) as session:
        assert Client(session.url, LIVE).post(card(name="Ada")).status == 403
        assert session.end() == 0
    assert upstream.seen == []


def test_a_damaged_cassette_is_not_overwritten(workplace: Workplace) -> None:
    with workplace.recorded("take") as url:
        Client(url).post(card())
    path = workplace.path("take")
    damaged = path.read_text() + "  oops\n"
    path.write_text(damaged)
    refused = workplace.run("auto", "take", "--listen", "127.0.0.1:0")
    assert refused.returncode == 2
    assert "take.yaml" in refused.stderr
    assert path.read_text() == damaged
    path.unlink()


def test_after_the_highest_number_nothing_is_recorded_that_would_not_load(
    workplace: Workplace,
) -> None:
    with workplace.recorded("take") as url:
        Client(url).post(card(name="Ada"))
    path = workplace.directory / "cassettes/take.yaml"
    path.write_text(path.read_text().replace("{{name.1}}", "{{name.9999999}}"))
    with workplace.serving("auto", "take") as session:
        assert Client(session.url).post(person("Bea", "Quast")).result == "forwarded"
        assert session.end() == 1
    assert "`tokentape fmt` renumbers them" in session.said
    assert workplace.run("fmt", "take").returncode == 0
    with workplace.recorded("take", mode="auto") as url:
        assert Client(url).post(person("Bea", "Quast")).result == "recorded"
    with workplace.replayed("take", "--strict") as url:
        Client(url).post(card(name="Ada"))
        assert Client(url).post(person("Bea", "Quast")).result == "replayed"
