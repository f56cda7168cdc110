"""What many sessions did, in one receipt."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from tokentape.pure.replay.receipt import Counts, Receipt, counted, summed

_NAMED = 100
"""How many sessions that failed are named: a server may see any number of them."""


@dataclass(slots=True)
class Tally:
    """The running sum of receipts."""

    sessions: int = 0
    failed: int = 0
    expired: int = 0
    unused: int = 0
    counts: Counts = field(default_factory=Counts)
    _named: list[str] = field(default_factory=list)

    def add(self, name: str, receipt: Receipt, *, trouble: str = "", expired: bool = False) -> None:
        """Add a session of cassette `name`; `trouble` is why it could not be written."""
        self.sessions += 1
        self.expired += expired
        self.unused += len(receipt.unused)
        self.counts = summed((self.counts, receipt.counts))
        if trouble or receipt.exit_status:
            self.failed += 1
            if self.failed <= _NAMED:
                self._named += (f"{name}: {line}" for line in (trouble, *receipt.lines()) if line)

    @property
    def exit_status(self) -> int:
        """1 where a session failed, else 0."""
        return 1 if self.failed else 0

    def lines(self) -> Iterator[str]:
        """Yield the receipt for people: each session that failed, then the sum."""
        yield from self._named
        if self.failed > _NAMED:
            yield f"and {self.failed - _NAMED} more sessions that failed"
        expired = f", {self.expired} expired" if self.expired else ""
        sessions = f"{self.sessions} session{'' if self.sessions == 1 else 's'}"
        yield f"{sessions}, {self.failed} failed{expired}"
        yield from counted(self.counts, self.unused)
