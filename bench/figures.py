"""What is measured side by side, and what came of it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

Figures = Mapping[str, float]
"""What was measured in one round, by its name, which ends in its unit."""
Measure = Callable[[], Figures]


class NotRun(Exception):
    """Why something could not be measured, in words for the table."""


@dataclass(frozen=True)
class Row:
    """One figure of one contender, round by round, beside that of what it is compared with."""

    contest: str
    name: str
    figure: str
    ours: tuple[float, ...]
    against: str
    theirs: tuple[float, ...]

    @property
    def ratios(self) -> tuple[float, ...]:
        """Ours by theirs, for each round."""
        return tuple(our / their for our, their in zip(self.ours, self.theirs, strict=True))


@dataclass(frozen=True)
class Absent:
    """What could not be measured, and why."""

    contest: str
    name: str
    reason: str


@dataclass
class Contest:
    """Contenders that are measured in the same rounds, and compared with one another."""

    title: str
    wanted: Callable[[str], bool]
    """Tells whether a contender was asked for."""
    absent: list[Absent] = field(default_factory=list)
    _measures: dict[str, Measure] = field(default_factory=dict)
    _against: list[tuple[str, str]] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self._against)

    @contextmanager
    def entering(self, name: str) -> Iterator[None]:
        """Run a body; if it raises NotRun or OSError, the contender of that name is absent."""
        print(f"{self.title}: {name}", file=sys.stderr, flush=True)
        try:
            yield
        except (NotRun, OSError) as error:
            reason = str(error).rstrip(".") or type(error).__name__
            self.absent.append(Absent(self.title, name, reason))
            self._measures.pop(name, None)

    def asks_for(self, name: str) -> bool:
        """Tell whether a contender was asked for."""
        return self.wanted(f"{self.title}: {name}")

    def add(self, name: str, measure: Measure, *against: str) -> None:
        """Have something measured in each round, and compared with these others."""
        self._measures[name] = measure
        self._against += [(name, other) for other in against]

    def rows(self, rounds: int) -> Iterator[Row]:
        """Measure all contenders in every round, each round beginning with another of them."""
        done: list[dict[str, Figures]] = []
        for number in range(rounds):
            names, figures = list(self._measures), dict[str, Figures]()
            turn = number % max(1, len(names))
            for name in (*names[turn:], *names[:turn]):
                with self.entering(name):
                    figures[name] = self._measures[name]()
            done.append(figures)
        yield from self._compared(done)

    def _compared(self, done: Sequence[Mapping[str, Figures]]) -> Iterator[Row]:
        there = self._measures.keys()
        for name, other in self._against:
            if name in there and other in there:
                for figure in [one for one in done[0][name] if one in done[0][other]]:
                    ours = tuple(one[name][figure] for one in done)
                    theirs = tuple(one[other][figure] for one in done)
                    yield Row(self.title, name, figure, ours, other, theirs)
