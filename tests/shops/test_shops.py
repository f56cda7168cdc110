"""Whole checkouts: shops of two languages, recorded once, and replayed to people of any number."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import pytest

from tests.processes import Workplace, load_with_vcrpy
from tests.shops.conftest import OTHERS, RECORDED, Shop, record
from tests.shops.visits import (
    CALLS,
    Shown,
    Visitor,
    visits_at_once,
    visits_in_turns,
    visits_one_by_one,
)

Visits = Callable[[str, Sequence[Visitor]], list[Shown]]
WAYS: dict[str, Visits] = {
    "one by one": visits_one_by_one,
    "in turns, 1": partial(visits_in_turns, seed=1),
    "in turns, 2": partial(visits_in_turns, seed=2),
    "in turns, 3": partial(visits_in_turns, seed=3),
    "at once": visits_at_once,
}
PEOPLE = {"who were recorded": RECORDED, "who were not": OTHERS, "of both": (*OTHERS, *RECORDED)}


@pytest.mark.parametrize("people", PEOPLE.values(), ids=PEOPLE)
@pytest.mark.parametrize("visits", WAYS.values(), ids=WAYS)
def test_replay_shows_each_person_what_the_upstream_would_have_shown(
    visits: Visits,
    people: Sequence[Visitor],
    shop: Shop,
    workplace: Workplace,
    upstream: dict[Visitor, Shown],
) -> None:
    with workplace.replayed("visits") as url, shop.on(url, "b") as address:
        assert visits(address, people) == [upstream[visitor] for visitor in people]


def test_each_visitor_sees_the_own_name_and_not_anothers(upstream: dict[Visitor, Shown]) -> None:
    for visitor, shown in upstream.items():
        others = [other for other in upstream if other != visitor]
        assert all(value in str(shown) for value in visitor.values().values())
        assert not any(value in str(shown) for each in others for value in each.values().values())


def test_other_people_keys_and_cvcs_leave_the_same_bytes(shop: Shop, workplace: Workplace) -> None:
    record(shop, workplace, "again", OTHERS[: len(RECORDED)], "c")
    assert workplace.text("again") == workplace.text("visits")


def test_a_cassette_holds_all_calls_and_nothing_of_the_people(workplace: Workplace) -> None:
    text = workplace.text("visits")
    assert len(load_with_vcrpy(workplace.path("visits"))) == CALLS * len(RECORDED)
    for visitor in RECORDED:
        assert not any(value in text for value in visitor.values().values())
    assert workplace.run("scan", "cassettes").returncode == 0
    assert workplace.run("fmt", "--check").returncode == 0
    assert workplace.run("ls").returncode == 0


def test_the_same_visits_in_auto_record_nothing_new(
    shop: Shop, workplace: Workplace, upstream: dict[Visitor, Shown]
) -> None:
    before = workplace.text("visits")
    with workplace.recorded("visits", mode="auto") as url, shop.on(url) as address:
        shown = visits_in_turns(address, RECORDED, seed=4)
    assert shown == [upstream[visitor] for visitor in RECORDED]
    assert workplace.text("visits") == before
