"""What is measured side by side: contests are values, and every round measures all contenders."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

Figures = Mapping[str, float]
"""What was measured in one round, by a name that says its unit."""
Measure = Callable[[], Figures]


class NotRun(Exception):
    """Why something could not be measured, in words for the table."""


@dataclass(frozen=True)
class Contender:
    """What is measured in each round."""

    name: str
    prepare: Callable[[ExitStack], Measure]
    """Starts what it needs, to be ended by the stack; returns what is to run in each round.

    Both may raise NotRun or OSError: then the contender has no figures, but a reason.
    """
    compared_with: tuple[str, ...] = ()
    """Other contenders of the contest."""


@dataclass(frozen=True)
class Contest:
    """Contenders that are measured in the same rounds, and compared with one another."""

    name: str
    question: str
    contenders: tuple[Contender, ...]
    rounds: int

    def selected(self, wanted: Callable[[str], bool]) -> tuple[Contender, ...]:
        """Return those whose `contest: name` is wanted, and those that they are compared with."""
        chosen = [item for item in self.contenders if wanted(f"{self.name}: {item.name}")]
        names = {name for item in chosen for name in (item.name, *item.compared_with)}
        return tuple(item for item in self.contenders if item.name in names)


@dataclass(frozen=True)
class Row:
    """A figure of a contender, round by round, beside that of another contender."""

    contest: str
    name: str
    figure: str
    ours: tuple[float, ...]
    against: str = ""
    """The other contender; nobody if empty, and then `theirs` is empty too."""
    theirs: tuple[float, ...] = ()

    @property
    def ratios(self) -> tuple[float, ...]:
        """Ours by theirs, for each round."""
        return tuple(our / their for our, their in zip(self.ours, self.theirs, strict=False))


@dataclass(frozen=True)
class Absent:
    """What could not be measured, and why."""

    contest: str
    name: str
    reason: str


@dataclass(frozen=True)
class Outcome:
    """The figures of contests."""

    rows: tuple[Row, ...] = ()
    absent: tuple[Absent, ...] = ()

    def __add__(self, other: Outcome) -> Outcome:
        return Outcome(self.rows + other.rows, self.absent + other.absent)


def run(contest: Contest, wanted: Callable[[str], bool]) -> Outcome:
    """Measure the wanted contenders of a contest, each round beginning with another of them."""
    chosen, reasons = contest.selected(wanted), dict[str, str]()
    results: dict[str, list[Figures]] = {item.name: [] for item in chosen}
    measures = dict[str, Measure]()

    def attempt(name: str, step: Callable[[], None]) -> None:
        print(f"{contest.name}: {name}", file=sys.stderr, flush=True)
        try:
            step()
        except (NotRun, OSError) as error:
            reasons[name] = str(error).rstrip(".") or type(error).__name__
            measures.pop(name, None)

    with ExitStack() as stack:
        for item in chosen:
            attempt(item.name, lambda item=item: measures.update({item.name: item.prepare(stack)}))
        for turn in range(contest.rounds):
            for name in rotated(tuple(measures), turn):
                attempt(name, lambda name=name: results[name].append(measures[name]()))
    complete = {name: tuple(results[name]) for name in measures}
    rows = tuple(_rows(contest.name, chosen, complete))
    return Outcome(rows, tuple(Absent(contest.name, *reason) for reason in reasons.items()))


def rotated(names: Sequence[str], turn: int) -> Sequence[str]:
    """Return names, beginning with another one each turn."""
    start = turn % max(1, len(names))
    return (*names[start:], *names[:start])


def _rows(
    contest: str, chosen: Sequence[Contender], results: Mapping[str, Sequence[Figures]]
) -> Iterator[Row]:
    """Yield each figure beside that of each other contender that has one of this name."""
    for item in chosen:
        ours = results.get(item.name, ())
        for against in item.compared_with or ("",):
            theirs = results.get(against, ())
            for figure in ours[0] if ours else ():
                values = tuple(figures[figure] for figures in ours)
                if theirs and figure in theirs[0]:
                    others = tuple(figures[figure] for figures in theirs)
                    yield Row(contest, item.name, figure, values, against, others)
                elif not item.compared_with:
                    yield Row(contest, item.name, figure, values)
