"""What a session did not use, removed from its cassette."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from tokentape.edges import cassette_file
from tokentape.edges.settings import Settings
from tokentape.edges.terminal import Line
from tokentape.errors import CassetteError
from tokentape.pure.cassette.model import Interaction
from tokentape.pure.cassette.rewriting import rewritten
from tokentape.pure.cassette.writing import cassette_text
from tokentape.session import assembly
from tokentape.session.opening import Ending
from tokentape.session.service import Service


@dataclass(frozen=True, slots=True)
class Pruning:
    """What became of unused interactions, and the ending that counts then."""

    ending: Ending
    removed: int
    total: int
    obstacle: str = ""
    """Why nothing was removed."""

    def line(self) -> Line:
        """Return the line for people."""
        if self.obstacle:
            return Line(f"nothing is pruned: {self.obstacle}", colour="yellow")
        return Line(f"pruned {self.removed} of {self.total} interactions")


def prune(settings: Settings, service: Service, ending: Ending, *, failed: bool) -> Pruning:
    """Remove what a session did not use from its cassette, unless it failed or used nothing.

    Raises CassetteError where the cassette was changed meanwhile, or cannot be written.
    """
    recorded, unused = service.recorded, ending.receipt.unused
    without = replace(ending, receipt=replace(ending.receipt, unused=()))
    if failed or without.exit_status:
        return Pruning(ending, 0, len(recorded), "the session failed")
    if len(unused) == len(recorded):
        return Pruning(ending, 0, len(recorded), "the session used nothing")
    _remove(settings, service.name, recorded, frozenset(unused))
    return Pruning(without, len(unused), len(recorded))


def _remove(
    settings: Settings, name: str, recorded: Sequence[Interaction], unused: frozenset[int]
) -> None:
    """Remove interactions, by number from 1, from a cassette that holds what was recorded."""
    door = assembly.door(settings.redact, settings.match)
    file = str(settings.cassettes / f"{name}.yaml")
    used = rewritten(
        interaction for number, interaction in enumerate(recorded, 1) if number not in unused
    )

    def pruned(before: bytes) -> bytes:
        if assembly.judged(before, file, door) != tuple(recorded):
            raise CassetteError("changed during the session, so nothing was pruned", file=file)
        return cassette_text(used).encode("ascii")

    cassette_file.revise(settings.cassettes, name, pruned)
