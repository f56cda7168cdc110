"""What a session did, or many did, in numbers, and what a script should make of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass, field, replace
from operator import add

from tokentape.pure.replay.order import OrderDependent
from tokentape.wording import counted

_SHOWN = 20
"""Of interactions and pairs: more, nobody reads."""
_SHOWN_SESSIONS = 100
"""How many sessions that failed are named: a server may see any number of them."""


@dataclass(slots=True)
class Counts:
    """The running numbers of one session, or of several."""

    recorded: int = 0
    replayed: int = 0
    missed: int = 0
    refused: int = 0
    forwarded: int = 0
    unwritten: int = 0
    further: int = 0
    unanswered: int = 0
    """Of those forwarded, how many the upstream did not answer."""
    failed_inside: int = 0
    """How many errors of tokentape's own there were."""
    refusals: dict[str, int] = field(default_factory=dict)
    """How many were refused, by the code and status of the error."""
    injected: dict[str, int] = field(default_factory=dict)
    """How many met each fault."""

    def __add__(self, counts: Counts) -> Counts:
        *numbers, refusals, injected = astuple(self)
        *more_numbers, more_refusals, more_injected = astuple(counts)
        total = Counts(*map(add, numbers, more_numbers))
        total.refusals = dict(Counter(refusals) + Counter(more_refusals))
        total.injected = dict(Counter(injected) + Counter(more_injected))
        return total

    def refuse(self, reason: str) -> None:
        """Count a refused request."""
        self.refused += 1
        self.refusals[reason] = self.refusals.get(reason, 0) + 1

    def leave_unanswered(self) -> None:
        """Count a request whose client, or the session, ended before the upstream answered."""
        self.forwarded += 1
        self.unanswered += 1

    @property
    def requests(self) -> int:
        """How many requests came in."""
        answered = self.recorded + self.replayed + self.missed
        injected = sum(self.injected.values())
        return answered + self.refused + self.forwarded + self.unwritten + injected

    @property
    def upstream_is_silent(self) -> bool:
        """Whether the upstream was needed and answered nothing."""
        return self.unanswered == self.forwarded > 0 and not (self.recorded or self.unwritten)

    def lines(self, unused: int) -> Iterator[str]:
        """Yield the numbers for people."""
        yield (
            f"{self.recorded} recorded, {self.replayed} replayed, {self.missed} missed, "
            f"{self.refused} refused, {unused} unused"
        )
        if self.refusals:
            reasons = ", ".join(f"{count} {reason}" for reason, count in self.refusals.items())
            yield f"refused: {reasons}"
        if self.injected:
            faults = ", ".join(f"{fault} ({count})" for fault, count in self.injected.items())
            yield f"injected: {faults}"
        if self.forwarded:
            yield f"{self.forwarded} forwarded and not recorded"
        if self.unanswered:
            yield f"{self.unanswered} of these not answered by the upstream: see above why"
        if self.further:
            yield (
                f"{self.further} further: other values for a request that had been replayed already"
            )
        if self.unwritten:
            yield f"{self.unwritten} not written: see above why"
        if self.failed_inside:
            yield f"{self.failed_inside} failed inside: see above at what, and please report it"


@dataclass(frozen=True, slots=True)
class Receipt:
    """The numbers at the end. Interactions are named by their number, from 1."""

    counts: Counts
    unused: tuple[int, ...] = ()
    order_dependent: tuple[OrderDependent, ...] = ()
    strict: bool = False
    upstream: str = ""
    """What requests were forwarded to, as people call it, if any were to be."""
    unmet: tuple[str, ...] = ()
    """Faults that too few requests met."""

    @property
    def exit_status(self) -> int:
        """0 if all is well, else 1.

        Not well are a miss, a refused write, an error inside, an upstream that never answered and,
        if strict, a refused request and what is only probable.
        """
        counts = self.counts
        improbable = counts.refused or self.unused or self.order_dependent or self.unmet
        if self.strict and improbable:
            return 1
        failed = counts.missed or counts.unwritten or counts.failed_inside
        return 1 if failed or counts.upstream_is_silent else 0

    def lines(self) -> Iterator[str]:
        """Yield the receipt for people."""
        yield from self.counts.lines(len(self.unused))
        if self.upstream and (self.counts.recorded or self.counts.forwarded):
            yield f"upstream: {self.upstream}"
        if self.unused:
            more = len(self.unused) - _SHOWN
            numbers = ", ".join(map(str, self.unused[:_SHOWN]))
            yield f"never asked for: interactions {numbers}" + (
                f" and {more} more" if more > 0 else ""
            )
        for fault in self.unmet[:_SHOWN]:
            yield f"too few requests met a fault: {fault}"
        for pair in self.order_dependent[:_SHOWN]:
            yield f"order-dependent: {pair}"
        if len(self.order_dependent) > _SHOWN:
            yield f"order-dependent: {len(self.order_dependent) - _SHOWN} more pairs like these"


def together(receipts: Sequence[Receipt]) -> Receipt:
    """Return the receipt of sessions of one cassette: unused is what none of them used."""
    first = receipts[0]
    unused = set(first.unused).intersection(*(receipt.unused for receipt in receipts))
    unmet = set(first.unmet).intersection(*(receipt.unmet for receipt in receipts))
    counts = sum((receipt.counts for receipt in receipts), Counts())
    return replace(first, counts=counts, unused=tuple(sorted(unused)), unmet=tuple(sorted(unmet)))


@dataclass(slots=True)
class Tally:
    """What many sessions did: the running sum of their receipts."""

    sessions: int = 0
    failed: int = 0
    expired: int = 0
    unused: int = 0
    counts: Counts = field(default_factory=Counts)
    _failures: list[str] = field(default_factory=list)

    def add(self, name: str, receipt: Receipt, *, trouble: str = "", expired: bool = False) -> None:
        """Add a session of cassette `name`; `trouble` is why it could not be written."""
        self.sessions += 1
        self.expired += expired
        self.unused += len(receipt.unused)
        self.counts += receipt.counts
        if trouble or receipt.exit_status:
            self.failed += 1
            if self.failed <= _SHOWN_SESSIONS:
                lines = filter(None, (trouble, *receipt.lines()))
                self._failures += (f"{name}: {line}" for line in lines)

    @property
    def exit_status(self) -> int:
        """1 where a session failed, or something inside that is of no session; else 0."""
        return 1 if self.failed or self.counts.failed_inside else 0

    def lines(self) -> Iterator[str]:
        """Yield the receipt for people: each session that failed, then the sum."""
        yield from self._failures
        if self.failed > _SHOWN_SESSIONS:
            yield f"and {self.failed - _SHOWN_SESSIONS} more sessions that failed"
        expired = f", {self.expired} expired" if self.expired else ""
        sessions = counted(self.sessions, "session")
        yield f"{sessions}, {self.failed} failed{expired}"
        yield from self.counts.lines(self.unused)
