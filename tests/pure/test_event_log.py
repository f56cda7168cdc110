"""What a session remembers of its events: the last of them, in batches, counted when repeated."""

from __future__ import annotations

from typing import Any

from tokentape.pure.watching.events import Event, Note, Repeats, Result
from tokentape.pure.watching.log import EventLog


def event(number: int) -> Event:
    return Event("shop", number, 1.0, 0.001, "POST", "/v1/tokens", (), 200, Result.REPLAYED)


def filled(count: int, limit: int = 1_000) -> EventLog:
    log = EventLog(limit)
    for number in range(1, count + 1):
        log.watch(event(number))
    return log


def read(log: EventLog, place: int = 0) -> tuple[list[int], Any]:
    answer: Any = log.after(place)
    return [each["number"] for each in answer["events"]], answer


def test_a_reader_gets_what_came_after_a_place() -> None:
    log = filled(3)
    assert read(log)[0] == [1, 2, 3]
    assert read(log, 2)[0] == [3]
    numbers, answer = read(log, 3)
    assert (numbers, answer["next"], answer["last"]) == ([], 3, 3)


def test_a_reader_gets_all_of_it_in_batches() -> None:
    log, place, numbers = filled(1_000), 0, list[int]()
    while True:
        batch, answer = read(log, place)
        assert len(batch) <= 200
        numbers += batch
        place = answer["next"]
        if place == answer["last"]:
            break
    assert numbers == list(range(1, 1_001))


def test_the_oldest_are_forgotten() -> None:
    log = filled(2_500, limit=10)
    numbers, answer = read(log, 5)
    assert numbers == list(range(2_491, 2_501))
    assert answer["next"] == answer["last"] == 2_500
    log.watch(Repeats("shop", {1: 5, 2_500: 7}))
    assert read(log)[1]["repeats"] == {"2500": 7}


def test_a_place_that_is_yet_to_come_is_the_last() -> None:
    numbers, answer = read(filled(3), 10**12)
    assert (numbers, answer["next"]) == ([], 3)


def test_answers_given_again_are_added_up() -> None:
    log = filled(2)
    for count in (1, 1_203):
        log.watch(Repeats("shop", {2: count}))
    assert read(log)[1]["repeats"] == {"2": 1_204}


def test_notes_have_their_place_among_requests() -> None:
    log = filled(1)
    log.watch(Note("shop", "so it is"))
    log.watch(event(2))
    assert [each.get("note") for each in read_events(log)] == [None, "so it is", None]


def read_events(log: EventLog) -> list[dict[str, Any]]:
    answer: Any = log.after(0)
    return list(answer["events"])
