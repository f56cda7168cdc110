"""What a person sends comes back to that person in later steps, and to nobody else."""

from __future__ import annotations

from itertools import permutations

import pytest
from tokentape.session.service import Policy

from tests.laws.pipeline import Stage, replay, results
from tests.laws.shop import Shop, get, post, shown


@pytest.fixture
def recorded() -> Stage:
    """Return a recording of one person: made, updated, retrieved."""
    stage = Stage(answer=Shop())
    token = shown(stage.send(post(name="Rec")))["id"]
    stage.send(post(token, address_line1="Rec street", address_city="Rome"))
    stage.send(post(token, address_city="Rome", address_postal_code="999"))
    stage.send(get(token))
    return stage


@pytest.mark.parametrize("order", [*permutations("ABC")], ids="".join)
def test_each_of_three_reads_what_it_sent_before(recorded: Stage, order: tuple[str, ...]) -> None:
    live = replay(recorded.cassette)
    tokens = {name: shown(live.send(post(name=name)))["id"] for name in "ABC"}
    for name in order:
        live.send(post(tokens[name], address_line1=f"{name} street", address_city="Berlin"))
    for name in reversed(order):
        live.send(post(tokens[name], address_city="Berlin", address_postal_code=f"{name} zip"))
    for name, token in tokens.items():
        assert shown(live.send(get(token))) == {
            "id": token,
            "name": name,
            "address_line1": f"{name} street",
            "address_city": "Berlin",
            "address_postal_code": f"{name} zip",
        }


def test_a_later_step_of_a_further_person_is_nothing_to_the_first(recorded: Stage) -> None:
    live = replay(recorded.cassette)
    ada, bob = (shown(live.send(post(name=name)))["id"] for name in ("Ada", "Bob"))
    live.send(post(bob, address_line1="1 Bob street", address_city="Bobtown"))
    for token in (ada, bob):
        view = shown(live.send(get(token)))
        assert ("1 Bob street" in view.values()) == (token == bob)


def test_recorded_people_in_another_order_read_their_own_values() -> None:
    stage = Stage(answer=Shop())
    tokens = {name: shown(stage.send(post(name=name)))["id"] for name in "abc"}
    for name in "bc":
        stage.send(post(tokens[name], address_line1=f"{name} street"))
    for name in "bc":
        stage.send(get(tokens[name]))

    for order in permutations("abc"):
        live = replay(stage.cassette)
        tokens = {name: shown(live.send(post(name=f"{name}'")))["id"] for name in order}
        for name in "bc":
            live.send(post(tokens[name], address_line1=f"{name}' street"))
        for name in "bc":
            view = shown(live.send(get(tokens[name])))
            assert view == {
                "id": tokens[name],
                "name": f"{name}'",
                "address_line1": f"{name}' street",
            }


def test_an_id_that_is_shown_without_being_named_is_not_anothers() -> None:
    stage = Stage(answer=Shop())
    token = shown(stage.send(post(name="Rec")))["id"]
    stage.send(get(token))
    live = replay(stage.cassette, policy=Policy(strict=True))
    ada = shown(live.send(post(name="Ada")))["id"]
    assert results([live.send(post(name="Bob")), live.send(get("tok_1"))]) == ["miss", "miss"]
    assert shown(live.send(get(ada)))["name"] == "Ada"


def test_a_chain_of_ids_loads_in_linear_time() -> None:
    stage = Stage(answer=Shop())
    token = shown(stage.send(post(name="Rec")))["id"]
    for _ in range(60):  # twice as many took four times as long, and two ids for each doubled it
        token = shown(stage.send(post(name=token, customer=token)))["id"]
    live = replay(stage.cassette)
    assert live.service.receipt().exit_status == 0


def test_an_answer_that_got_lost_is_given_again_whoever_got_it_before() -> None:
    stage = Stage(answer=Shop())
    for _ in range(2):
        stage.send(post(name="Rec"))
    live = replay(stage.cassette)
    for _ in range(2):
        live.send(post(name="Ada"))
    lost = shown(live.send(post(name="Bob"), taken=False))["id"]
    assert shown(live.send(post(name="Bob")))["id"] == lost
    assert live.service.counts.further == 1
