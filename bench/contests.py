"""What is measured side by side: contests are values, and every round measures all contenders."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
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
        names = set[str]()
        for contender in self.contenders:
            if wanted(f"{self.name}: {contender.name}"):
                names |= {contender.name, *contender.compared_with}
        return tuple(contender for contender in self.contenders if contender.name in names)


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

    def __add__(self, more: Outcome) -> Outcome:
        return Outcome(self.rows + more.rows, self.absent + more.absent)


def run(contest: Contest, wanted: Callable[[str], bool]) -> Outcome:
    """Measure the wanted contenders of a contest, each round beginning with another of them."""
    chosen = contest.selected(wanted)
    measures, results = dict[str, Measure](), dict[str, list[Figures]]()
    absent: list[Absent] = []

    @contextmanager
    def attempt(name: str) -> Iterator[None]:
        print(f"{contest.name}: {name}", file=sys.stderr, flush=True)
        try:
            yield
        except (NotRun, OSError) as error:
            reason = str(error).rstrip(".") or type(error).__name__
            absent.append(Absent(contest.name, name, reason))
            measures.pop(name, None)

    with ExitStack() as stack:
        for contender in chosen:
            with attempt(contender.name):
                measures[contender.name] = contender.prepare(stack)
        for turn in range(contest.rounds):
            for name in rotated(tuple(measures), turn):
                with attempt(name):
                    results.setdefault(name, []).append(measures[name]())
    complete = {name: results[name] for name in measures}
    return Outcome(tuple(_rows(contest.name, chosen, complete)), tuple(absent))


def rotated(names: Sequence[str], turn: int) -> Sequence[str]:
    """Return names, beginning with another one each turn."""
    start = turn % max(1, len(names))
    return (*names[start:], *names[:start])


def _rows(
    contest: str, chosen: Sequence[Contender], results: Mapping[str, Sequence[Figures]]
) -> Iterator[Row]:
    """Yield each figure beside that of each other contender that has one of this name."""
    for contender in chosen:
        ours = _by_name(results.get(contender.name, ()))
        if not contender.compared_with:
            yield from (Row(contest, contender.name, *figure) for figure in ours.items())
        for against in contender.compared_with:
            theirs = _by_name(results.get(against, ()))
            for figure in filter(theirs.__contains__, ours):
                values = (ours[figure], against, theirs[figure])
                yield Row(contest, contender.name, figure, *values)


def _by_name(rounds: Sequence[Figures]) -> Mapping[str, tuple[float, ...]]:
    names = rounds[0] if rounds else ()
    return {name: tuple(figures[name] for figures in rounds) for name in names}
