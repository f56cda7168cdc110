"""Suites with clocks: times are counted from the session's start, expiry may move with the year."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from tests.processes import Workplace
from tests.wire import Client, card

DOCUMENT = (Path(__file__).parents[2] / "docs" / "clock.md").read_text("utf-8")


@pytest.fixture
def place(tmp_path: Path) -> Workplace:
    return Workplace(tmp_path)


def created(place: Workplace) -> int:
    """Return when a replayed token says that it was made."""
    with place.replayed("clock") as url:
        moment: int = json.loads(Client(url).post(card()).body)["created"]
    return moment


def test_a_replayed_token_is_made_when_the_session_starts(place: Workplace) -> None:
    with place.recorded("clock") as url:
        Client(url).post(card())
    assert "{{time.1}}" in (place.directory / "cassettes" / "clock.yaml").read_text()
    before = int(time.time())
    assert before - 5 <= created(place) <= time.time()


def test_a_pinned_clock_pins_the_times_of_answers(place: Workplace) -> None:
    with place.recorded("clock") as url:
        Client(url).post(card())
    settings = DOCUMENT.split("```yaml\n")[1].split("```")[0]
    (place.directory / "tokentape.yaml").write_text(settings)
    assert created(place) == 1_795_860_000


def test_an_expiry_that_the_document_redacts_may_be_that_of_any_year(place: Workplace) -> None:
    settings = DOCUMENT.split("```yaml\n")[2].split("```")[0]
    (place.directory / "tokentape.yml").write_text(settings)
    with place.recorded("clock") as url:
        Client(url).post(card(exp_year="2049"))
    assert "{{exp_year:future}}" in (place.directory / "cassettes" / "clock.yaml").read_text()
    with place.replayed("clock") as url:
        answer = Client(url).post(card(exp_year="2051"))
    assert json.loads(answer.body)["card"]["exp_year"] == 2051
