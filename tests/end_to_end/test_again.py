"""Recording again what has not changed changes no byte."""

from __future__ import annotations

from tests.end_to_end.traffic import Person, act
from tests.processes import Workplace
from tests.wire import Client, card


def test_recording_the_same_calls_again_leaves_the_cassette_as_it_is(workplace: Workplace) -> None:
    with workplace.recorded("again") as url:
        act(url, Person(1))
    before, first = workplace.text("again"), workplace.path("again").stat()
    for mode in ("record", "auto"):
        with workplace.recorded("again", mode=mode) as url:
            act(url, Person(1))
        assert workplace.text("again") == before
        after = workplace.path("again").stat()
        assert (after.st_ino, after.st_mtime_ns) == (first.st_ino, first.st_mtime_ns)


def test_a_take_does_not_depend_on_where_or_under_what_name_it_is_made(
    workplace: Workplace,
) -> None:
    for name in ("here", "there/and/back"):
        with workplace.recorded(name) as url:
            act(url, Person(1))
    assert workplace.text("here") == workplace.text("there/and/back")


def test_a_session_without_calls_changes_nothing(workplace: Workplace) -> None:
    with workplace.recorded("kept"):
        pass
    assert not workplace.path("kept").exists()
    with workplace.recorded("kept") as url:
        Client(url).post(card())
    before = workplace.text("kept")
    for mode in ("record", "auto"):
        with workplace.recorded("kept", mode=mode):
            pass
        assert workplace.text("kept") == before
