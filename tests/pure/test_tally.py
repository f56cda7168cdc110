"""The receipt of many sessions."""

from __future__ import annotations

from tokentape.pure.replay.receipt import Counts, Receipt, Tally


def test_what_went_well_is_a_sum() -> None:
    tally = Tally()
    tally.add("a", Receipt(Counts(replayed=2), (1,)))
    tally.add("b", Receipt(Counts(replayed=3, recorded=1, further=2)), expired=True)
    assert tally.exit_status == 0
    assert list(tally.lines()) == [
        "2 sessions, 0 failed, 1 expired",
        "1 recorded, 5 replayed, 0 missed, 0 refused, 1 unused",
        "2 further: other values for a request that had been replayed already",
    ]


def test_what_failed_is_named() -> None:
    tally = Tally()
    tally.add("a", Receipt(Counts(missed=1)))
    tally.add("b", Receipt(Counts()))
    tally.add("c", Receipt(Counts(recorded=1)), trouble="c.yaml: the disk is full")
    tally.add("d", Receipt(Counts(), (7,), strict=True))
    assert tally.exit_status == 1
    assert list(tally.lines()) == [
        "a: 0 recorded, 0 replayed, 1 missed, 0 refused, 0 unused",
        "c: c.yaml: the disk is full",
        "c: 1 recorded, 0 replayed, 0 missed, 0 refused, 0 unused",
        "d: 0 recorded, 0 replayed, 0 missed, 0 refused, 1 unused",
        "d: never asked for: interactions 7",
        "4 sessions, 3 failed",
        "1 recorded, 0 replayed, 1 missed, 0 refused, 1 unused",
    ]


def test_only_so_many_are_named() -> None:
    tally = Tally()
    for number in range(103):
        tally.add(f"c{number}", Receipt(Counts(missed=1)))
    told = list(tally.lines())
    assert len(told) == 103
    assert told[-3:-1] == ["and 3 more sessions that failed", "103 sessions, 103 failed"]


def test_nothing_is_a_sum_too() -> None:
    assert next(Tally().lines()) == "0 sessions, 0 failed"


def test_an_error_inside_that_is_of_no_session_counts() -> None:
    tally = Tally()
    tally.add("a", Receipt(Counts(replayed=1)))
    tally.counts.failed_inside += 1
    assert tally.exit_status == 1
    assert "1 failed inside: see above at what, and please report it" in tally.lines()
