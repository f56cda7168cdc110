"""Clocks that step: deadlines are kept, cassettes hold no time, and classes do not wobble."""

from __future__ import annotations

import socket
import time
from pathlib import Path

import pytest

from tests.processes import PATIENCE, Session, Workplace
from tests.wire import Client, card

YEAR = 366 * 86_400
STEPS = (0, -3_600, 86_400, -40 * YEAR, 30 * YEAR, 0)

PROGRAM = """
import os, time
real, real_gmtime = time.time, time.gmtime
time.time = lambda: real() + int(open(os.environ["CLOCK"]).read())
time.gmtime = lambda at=None: real_gmtime(time.time() if at is None else at)
"""
"""Run by Python at its start: a clock that can be set."""


class Clock:
    def __init__(self, directory: Path) -> None:
        (directory / "sitecustomize.py").write_text(PROGRAM)
        self._file = directory / "clock"
        self.variables = {"PYTHONPATH": str(directory), "CLOCK": str(self._file)}
        self.set(0)

    def set(self, seconds: int) -> None:
        """Set the clock so many seconds off."""
        draft = self._file.with_suffix(".new")
        draft.write_text(str(seconds))
        draft.replace(self._file)


@pytest.fixture
def clock(tmp_path_factory: pytest.TempPathFactory) -> Clock:
    return Clock(tmp_path_factory.mktemp("clock"))


def serving(workplace: Workplace, clock: Clock, mode: str, name: str, *options: str) -> Session:
    return workplace.serving(mode, name, *options, **clock.variables)


def year(seconds: int) -> int:
    return time.gmtime(time.time() + seconds).tm_year


def test_the_clock_can_be_set(workplace: Workplace, clock: Clock) -> None:
    with serving(workplace, clock, "record", "clock") as session:
        for step in STEPS:
            clock.set(step)
            token = Client(session.url).post(card(exp_year="2090")).json
            assert time.gmtime(token["created"]).tm_year == year(step)


def test_times_leave_no_trace(workplace: Workplace, clock: Clock) -> None:
    for name, steps in (("steady", (0,) * len(STEPS)), ("stepping", STEPS)):
        clock.set(0)
        with serving(workplace, clock, "record", name) as session:
            for number, step in enumerate(steps):
                clock.set(step)
                answer = Client(session.url).post(card(exp_year="2090", name=f"Ada {number}"))
                assert answer.result == "recorded"
            assert session.end() == 0, session.said
    assert workplace.text("steady") == workplace.text("stepping")


def test_an_answer_does_not_depend_on_when_it_is_served(workplace: Workplace, clock: Clock) -> None:
    workplace.configure("clock: 2026-11-28T10:00:00Z\n")
    with serving(workplace, clock, "record", "clock") as session:
        for exp_year in ("2027", "2090", "1999"):
            Client(session.url).post(card(exp_year=exp_year))
        assert session.end() == 0
    served = set()
    for step in STEPS[-3:]:
        clock.set(step)
        with serving(workplace, clock, "replay", "clock", "--strict") as session:
            answers = [Client(session.url).post(card(exp_year=y)) for y in ("1999", "2090", "2027")]
            assert session.end() == 0, session.said
        served.add(tuple(answer.body for answer in answers))
    assert len(served) == 1


def test_a_class_stays_what_it_was_when_the_session_began(
    workplace: Workplace, clock: Clock
) -> None:
    workplace.configure("redact:\n  fields:\n    card[exp_year]: exp_year\n")
    soon = card(exp_year=str(year(0) + 2))
    with serving(workplace, clock, "record", "clock") as session:
        Client(session.url).post(soon)
        assert session.end() == 0, session.said
    assert "card[exp_year]={{exp_year:future}}" in workplace.text("clock")
    with serving(workplace, clock, "replay", "clock") as session:
        for step in STEPS:
            clock.set(step)
            assert Client(session.url).post(soon).result == "replayed"
        assert session.end() == 0
    clock.set(5 * YEAR)
    with serving(workplace, clock, "replay", "clock") as session:
        assert Client(session.url).post(soon).result == "miss"


def test_deadlines_are_kept_whatever_the_clock_says(workplace: Workplace, clock: Clock) -> None:
    workplace.configure("timeouts:\n  request: 1\n  upstream: 1\n")
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        serving(
            workplace,
            clock,
            *("record", "clock", "--upstream", f"http://127.0.0.1:{silent.getsockname()[1]}"),
        ) as session,
        socket.create_connection(("127.0.0.1", session.port), PATIENCE) as half,
    ):
        half.sendall(b"POST /v1/tokens HTTP/1.1\r\n")
        clock.set(-10 * YEAR)
        assert Client(session.url).post(card()).status == 504
        clock.set(10 * YEAR)
        assert half.recv(12) == b"HTTP/1.1 408"
        assert session.end() == 1, session.said
