"""Requests that differ in unpublished values alone: order, and one server for several runs."""

from __future__ import annotations

import pytest

from tests.processes import Workplace
from tests.wire import Client, card, numbered, person

NAMES = (("Ada", "Ohnesorg"), ("Grete", "Quast"))
OTHERS = (("Zoe", "Immerda"), ("Yara", "Neuhaus"))


@pytest.fixture
def two(workplace: Workplace) -> Workplace:
    """Two persons, each retrieved in the other order, and a card that bears their first names."""
    with workplace.recorded("people") as url:
        client = Client(url)
        tokens = [client.post(person(*name)).id for name in NAMES]
        for token in reversed(tokens):
            client.get(token)
        for first, _ in NAMES:
            client.post(card(name=first))
    return workplace


def run(client: Client, names: tuple[tuple[str, str], ...]) -> list[str]:
    """Do again what was recorded; return the ids of the two persons."""
    tokens = [client.post(person(*name)).id for name in names]
    assert [client.get(token).id for token in reversed(tokens)] == tokens[::-1]
    for first, _ in names:
        assert client.post(card(name=first)).json["card"]["name"] == first
    return tokens


@pytest.mark.parametrize("names", [NAMES, OTHERS])
def test_two_persons_get_their_own_answers_in_the_recorded_order(
    two: Workplace, names: tuple[tuple[str, str], ...]
) -> None:
    with two.replayed("people", "--strict") as url:
        tokens = run(Client(url), names)
    assert len(set(tokens)) == 2
    assert all(token.startswith("cpt_") for token in tokens)


def test_who_is_known_by_now_is_known_by_name_and_not_by_order(two: Workplace) -> None:
    with two.replayed("people", "--strict") as url:
        client = Client(url)
        tokens = [client.post(person(*name)).id for name in NAMES]
        for token in reversed(tokens):
            client.get(token)
        for first, _ in reversed(NAMES):
            assert client.post(card(name=first)).json["card"]["name"] == first
        assert [client.post(person(*name)).id for name in reversed(NAMES)] == tokens[::-1]


def test_a_value_is_the_same_only_in_the_same_field(two: Workplace) -> None:
    """A person and a card bore one name in the recording: that is a coincidence."""
    with two.serving("replay", "people", "--strict") as session:
        client = Client(session.url)
        client.post(person("Ada", "Ohnesorg"))
        assert client.post(card(name="Ohnesorg")).json["card"]["name"] == "Ohnesorg"
        assert session.end() == 1  # the other interactions are unused
    assert "2 replayed, 0 missed" in session.said


def test_a_server_that_runs_on_serves_the_next_run_with_other_names(two: Workplace) -> None:
    with two.serving("replay", "people") as session:
        client = Client(session.url)
        tokens = run(client, NAMES)
        assert run(client, NAMES) == tokens
        assert "further" not in session.said
        assert not {*run(client, OTHERS)} & {*tokens}
        assert session.end() == 0
    assert "4 further" in session.said
    assert "0 missed" in session.said


def test_two_people_of_one_recorded_request_have_their_own_tokens(workplace: Workplace) -> None:
    with workplace.recorded("one") as url:
        client = Client(url)
        client.get(client.post(card(name="Recorded")).id)
    with workplace.replayed("one") as url:
        client = Client(url)
        tokens = {name: client.post(card(name=name)).id for name in ("Ada", "Grace")}
        assert len({*tokens.values()}) == 2
        for name, token in tokens.items():
            assert client.get(token).json["card"]["name"] == name


def test_strict_serves_no_next_run_with_other_names(two: Workplace) -> None:
    with two.serving("replay", "people", "--strict") as session:
        client = Client(session.url)
        run(client, NAMES)
        run(client, NAMES)
        assert client.post(person(*OTHERS[0])).status == 424
        assert session.end() == 1


def test_the_next_run_may_come_in_another_order(workplace: Workplace) -> None:
    """Two cards, each in two people's hands: other names do not tear a card away."""
    cards = (numbered("453957876362148"), numbered("492926043834563"))

    def buy(url: str, run: str, order: tuple[int, ...]) -> None:
        made = [Client(url).post(card(cards[n % 2], name=f"{run}-{n}")) for n in order]
        for n, one in zip(order, made, strict=True):
            assert one.json["card"]["name"] == f"{run}-{n}"
            assert one.json["card"]["last4"] == cards[n % 2][-4:]
            assert Client(url).get(one.id).body == one.body

    with workplace.recorded("cards") as url:
        buy(url, "recorded", (0, 1, 2, 3))
    with workplace.replayed("cards") as url:
        buy(url, "first", (0, 1, 2, 3))
        buy(url, "second", (1, 3, 0, 2))
        buy(url, "third", (3, 2, 1, 0))
