"""vcrpy itself takes every cassette. Those made in these tests are checked where they are made."""

from __future__ import annotations

import urllib.request
from pathlib import Path

import pytest
import vcr

from tests.end_to_end.traffic import Person, act
from tests.processes import Workplace, load_with_vcrpy
from tests.wire import Client, card

COMMITTED = Path(__file__).parents[2] / "cassettes"


@pytest.mark.parametrize(
    "path", sorted(COMMITTED.rglob("*.yaml")), ids=lambda path: str(path.relative_to(COMMITTED))
)
def test_a_committed_cassette_loads(path: Path) -> None:
    exchanges = load_with_vcrpy(path)
    assert exchanges
    for request, response in exchanges:
        assert request.uri.startswith("https://api.stripe.com/v1/tokens")
        assert isinstance(response["status"]["code"], int)
        assert isinstance(response["body"]["string"], bytes)


def test_all_kinds_of_interactions_load(workplace: Workplace) -> None:
    with workplace.recorded("all") as url:
        answers = act(url, Person(1))
    exchanges = load_with_vcrpy(workplace.path("all"))
    assert [one["status"]["code"] for _, one in exchanges] == [one.status for one in answers]


def test_vcrpy_plays_one(workplace: Workplace) -> None:
    with workplace.recorded("played") as url:
        Client(url).post(card())
    with vcr.use_cassette(str(workplace.path("played")), record_mode="none") as cassette:
        request = urllib.request.Request("https://api.stripe.com/v1/tokens", b"", method="POST")
        with urllib.request.urlopen(request) as answer:
            body = answer.read()
        assert cassette.all_played
    assert b'"brand": "Visa"' in body
