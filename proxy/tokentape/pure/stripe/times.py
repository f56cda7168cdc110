"""Times that Stripe makes: what a cassette keeps of one, and what a replay shows for it.

A recorded time is of no use a year later: a subscription would have ended, a token would be old.
And a time of its own in each recording would change the cassette. So a time is a variable with a
closed class, which says where it lies against the moment of the answer:

    {{time.1}}              about that moment, or up to two days before: made in this story
    {{time.1:past}}         earlier
    {{time.1:soon}}         later, by less than 22 minutes
    {{time.1:in_24_hours}}  to the hour, within two days
    {{time.1:in_14_days}}   to the day, within a year
    {{time.1:in_1_month}}   28 to 31 days: a month, whichever month it was recorded in
    {{time.1:in_1_year}}    365 or 366 days
    {{time.1:in_18_months}} to the month, within ten years
    {{time.1:later}}        later still
    {{time.1:sent}}         what a client sent from its own clock: any time will do

The borders between two classes lie where no lifetime of the API ends, so a second more or less
changes no class. A replay counts from the moment when its session starts, and keeps the order in
which times were first shown:

    recorded on 31 January   created {{time.1}}            current_period_end {{time.2:in_1_month}}
    replayed on 10 May       created 10 May, 09:59:58      current_period_end 10 June, 09:59:59
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache

SENT = "sent"
_HOUR, _DAY = 3600, 86_400
_AT_ONCE = 45
"""Seconds that an answer may take, and that two clocks may differ by."""
_HOUR_BEGINS = 22 * 60
"""Seconds after a full hour that still count as this hour; no lifetime ends there."""
_DAY_BEGINS = 14 * _HOUR
_MOST_MONTHS = 120
_DAYS_OF_A_MONTH = 365.25 / 12
_SPREAD = 1800
"""Seconds before the start of a session in which the times lie that were made in the story."""
_PAST = timedelta(days=30)

_DAYS_OF_MONTHS = (
    *((28, 31), (59, 62), (89, 92), (120, 123), (150, 153), (181, 184)),
    *((212, 215), (242, 245), (273, 276), (303, 306), (334, 337)),
)
"""The fewest and the most days of so many calendar months."""


def _counted(unit: str, count: int) -> str:
    return f"in_{count}_{unit}" + ("s" if count > 1 else "")


_IN_HOURS: Mapping[int, str] = {hours: _counted("hour", hours) for hours in range(1, 48)}
_IN_DAYS: Mapping[int, str] = {
    **{days: _counted("day", days) for days in range(2, 365)},
    **{
        days: _counted("month", count)
        for count, (fewest, most) in enumerate(_DAYS_OF_MONTHS, 1)
        for days in range(fewest, most + 1)
    },
}
_IN_MONTHS: Mapping[int, str] = {
    months: _counted("month", months) if months % 12 else _counted("year", months // 12)
    for months in range(12, _MOST_MONTHS + 1)
}
_LISTED = (*_IN_HOURS.values(), *_IN_DAYS.values(), *_IN_MONTHS.values())
TIME_CLASSES = frozenset({SENT, "past", "soon", "later", *_LISTED})


def time_class(time: int, present: int) -> str:
    """Return the class of a time that an answer of the moment `present` shows; both in seconds.

    >>> time_class(1_700_000_003, 1_700_000_000), time_class(1_700_086_399, 1_700_000_000)
    ('', 'in_24_hours')
    >>> [time_class(days * 86_400, 0) for days in (-3, 14, 28, 30, 31, 366)]
    ['past', 'in_14_days', 'in_1_month', 'in_1_month', 'in_1_month', 'in_1_year']
    """
    ahead = time - present
    if ahead <= _AT_ONCE:
        return "" if ahead > -2 * _DAY else "past"
    hours = (ahead + _HOUR - _HOUR_BEGINS) // _HOUR
    if hours < 48:
        return _IN_HOURS.get(hours, "soon")
    days = (ahead + _DAY - _DAY_BEGINS) // _DAY
    return _IN_DAYS.get(days) or _IN_MONTHS.get(round(days / _DAYS_OF_A_MONTH), "later")


@dataclass(frozen=True, slots=True)
class Times:
    """The times that a replay shows."""

    start: int
    """When its session started, in seconds since 1970."""
    count: int = 0
    """The highest number of a time in the cassette."""

    def shown(self, number: int, time_class: str) -> int:
        """Return the time of a variable with a class. Higher numbers are never earlier in it.

        >>> Times(1_700_000_000, 2).shown(1, ""), Times(1_700_000_000, 2).shown(2, "soon")
        (1699999999, 1700000900)
        """
        before = max(self.count - number, 0)
        if self.count > _SPREAD:
            before = before * _SPREAD // self.count
        return _seconds(self.start, time_class) - before


@lru_cache(1_000)
def _seconds(start: int, time_class: str) -> int:
    return int(_moved(datetime.fromtimestamp(start, UTC), time_class).timestamp())


def _moved(begin: datetime, time_class: str) -> datetime:
    """Return the time of a class, counted from a moment."""
    if not time_class.startswith("in_"):
        ahead = {"past": -_PAST, "soon": timedelta(minutes=15), "later": timedelta(days=4000)}
        return begin + ahead.get(time_class, timedelta())
    _, count, unit = time_class.split("_")
    if unit.startswith(("hour", "day")):
        return begin + int(count) * timedelta(hours=1 if unit.startswith("hour") else 24)
    months = begin.month - 1 + int(count) * (12 if unit.startswith("year") else 1)
    year, month = begin.year + months // 12, months % 12 + 1
    return begin.replace(year=year, month=month, day=min(begin.day, monthrange(year, month)[1]))
