"""Times that Stripe makes: their classes, and what a replay shows for each."""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokentape.pure.stripe.times import SENT, TIME_CLASSES, Times, time_class

HOUR, DAY = 3600, 86_400
JITTER = (-30, 0, 30)
"""Seconds by which an answer may come sooner or later when it is recorded again."""
starts = st.integers(0, 40 * 365).map(
    lambda days: datetime(2020, 1, 1, tzinfo=UTC) + days * timedelta(1)
)


def later(begin: datetime, months: int) -> datetime:
    """Return the same day so many calendar months later, or the last day of that month."""
    year, month = divmod(begin.year * 12 + begin.month - 1 + months, 12)
    return begin.replace(
        year=year, month=month + 1, day=min(begin.day, monthrange(year, month + 1)[1])
    )


@pytest.mark.parametrize("jitter", JITTER)
@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        *(
            (0, ""),
            (-60, ""),
            (-HOUR, ""),
            (-47 * HOUR, ""),
            (-3 * DAY, "past"),
            (-900 * DAY, "past"),
        ),
        *((600, "soon"), (900, "soon"), (1200, "soon"), (1800, "in_1_hour"), (HOUR, "in_1_hour")),
        *((23 * HOUR, "in_23_hours"), (DAY, "in_24_hours"), (2 * DAY, "in_2_days")),
        *((7 * DAY, "in_7_days"), (14 * DAY, "in_14_days"), (27 * DAY, "in_27_days")),
        *((45 * DAY, "in_45_days"), (180 * DAY, "in_180_days"), (365 * DAY, "in_1_year")),
        *((366 * DAY, "in_1_year"), (1096 * DAY, "in_3_years"), (548 * DAY, "in_18_months")),
        *((9000 * DAY, "later"), (10**9, "later")),
    ],
)
def test_a_time_has_the_class_that_people_would_give_it(
    seconds: int, expected: str, jitter: int
) -> None:
    assert time_class(1_790_000_000 + seconds + jitter, 1_790_000_000) == expected


@given(starts, st.integers(1, 11), st.sampled_from(JITTER))
def test_a_calendar_month_is_one_whichever_month_it_is_recorded_in(
    begin: datetime, months: int, jitter: int
) -> None:
    ahead = int(later(begin, months).timestamp())
    unit = "month" if months == 1 else "months"
    assert time_class(ahead + jitter, int(begin.timestamp())) == f"in_{months}_{unit}"


@given(starts, st.integers(1, 10), st.sampled_from(JITTER))
def test_a_calendar_year_is_one_in_a_leap_year_too(
    begin: datetime, years: int, jitter: int
) -> None:
    ahead = int(later(begin, 12 * years).timestamp())
    unit = "year" if years == 1 else "years"
    assert time_class(ahead + jitter, int(begin.timestamp())) == f"in_{years}_{unit}"


@given(starts, st.integers(-(10**9), 10**9))
def test_every_time_has_a_class_of_the_closed_list(begin: datetime, seconds: int) -> None:
    start = int(begin.timestamp())
    assert time_class(start + seconds, start) in TIME_CLASSES | {""}


@given(starts, st.sampled_from(sorted(TIME_CLASSES - {SENT, "past", "later"})))
def test_what_is_shown_is_of_the_class_that_was_recorded(begin: datetime, of_class: str) -> None:
    start = int(begin.timestamp())
    assert time_class(Times(start, 1).shown(1, of_class), start) == of_class


@given(starts, st.integers(1, 200_000))
def test_times_of_the_story_are_past_and_in_their_order(begin: datetime, count: int) -> None:
    start = int(begin.timestamp())
    times = Times(start, count)
    numbers = sorted({1, count // 3 + 1, count // 2 + 1, count})
    shown = [times.shown(number, "") for number in numbers]
    assert shown == sorted(shown)
    assert start - 1800 <= shown[0] <= shown[-1] == start


def test_the_past_is_before_the_story_and_the_future_after_it() -> None:
    times = Times(1_790_000_000, 3)
    classes = ("past", "", "soon", "in_1_hour", "in_14_days", "in_1_month", "in_1_year", "later")
    shown = [times.shown(2, of_class) for of_class in classes]
    assert shown == sorted(shown)
    assert shown[1] <= 1_790_000_000 < shown[2]
