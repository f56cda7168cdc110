"""What a session did, in numbers, and what a script should make of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import astuple, dataclass, replace

from tokentape.pure.replay.order import OrderDependent

_SHOWN = 20
"""Of interactions and pairs: more, nobody reads."""


@dataclass(slots=True)
class Counts:
    """The running numbers of one session."""

    recorded: int = 0
    replayed: int = 0
    missed: int = 0
    refused: int = 0
    forwarded: int = 0
    unwritten: int = 0
    further: int = 0


@dataclass(frozen=True, slots=True)
class Receipt:
    """The numbers at the end. Interactions are named by their number, from 1."""

    counts: Counts
    unused: tuple[int, ...] = ()
    order_dependent: tuple[OrderDependent, ...] = ()
    strict: bool = False

    @property
    def exit_status(self) -> int:
        """0 if all is well; 1 for a miss, a refused write or, if strict, anything that wobbles."""
        wobbles = self.strict and (self.unused or self.order_dependent)
        failed = self.counts.missed or self.counts.unwritten or wobbles
        return 1 if failed else 0

    def lines(self) -> Iterator[str]:
        """Yield the receipt for people."""
        yield from counted(self.counts, len(self.unused))
        if self.unused:
            yield f"never asked for: {_numbers(self.unused)}"
        for pair in self.order_dependent[:_SHOWN]:
            yield f"order-dependent: {pair}"
        if len(self.order_dependent) > _SHOWN:
            yield f"order-dependent: {len(self.order_dependent) - _SHOWN} more pairs like these"


def together(receipts: Sequence[Receipt]) -> Receipt:
    """Return the receipt of sessions of one cassette: unused is what none of them used."""
    unused = set(receipts[0].unused).intersection(*(one.unused for one in receipts))
    counts = summed(one.counts for one in receipts)
    return replace(receipts[0], counts=counts, unused=tuple(sorted(unused)))


def summed(counts: Iterable[Counts]) -> Counts:
    """Return numbers added up."""
    return Counts(*map(sum, zip(*map(astuple, counts), strict=True)))


def counted(counts: Counts, unused: int) -> Iterator[str]:
    """Yield the running numbers for people."""
    yield (
        f"{counts.recorded} recorded, {counts.replayed} replayed, {counts.missed} missed, "
        f"{counts.refused} refused, {unused} unused"
    )
    if counts.forwarded:
        yield f"{counts.forwarded} forwarded and not recorded"
    if counts.further:
        yield f"{counts.further} further: other values for a request that had been replayed already"
    if counts.unwritten:
        yield f"{counts.unwritten} not written: see above why"


def _numbers(numbers: tuple[int, ...]) -> str:
    shown = ", ".join(map(str, numbers[:_SHOWN]))
    more = len(numbers) - _SHOWN
    return f"interactions {shown}" + (f" and {more} more" if more > 0 else "")
