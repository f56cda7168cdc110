"""What a session did not use, removed from its cassette."""

from __future__ import annotations

from dataclasses import dataclass, replace

from tokentape.edges import cassette_file
from tokentape.edges.settings import Settings
from tokentape.edges.terminal import Line
from tokentape.errors import CassetteError
from tokentape.pure.cassette.reading import recorded_from
from tokentape.pure.cassette.rewriting import rewritten
from tokentape.pure.cassette.writing import cassette_text
from tokentape.session import assembly
from tokentape.session.opening import Ending
from tokentape.session.service import Service
from tokentape.wording import counted


@dataclass(frozen=True, slots=True)
class Pruning:
    """The ending that counts after pruning, and what to say about it."""

    ending: Ending
    line: Line


def prune(settings: Settings, service: Service, ending: Ending, *, failed: bool) -> Pruning:
    """Remove what a session did not use from its cassette, unless it failed or used nothing.

    Raises CassetteError where the cassette was changed meanwhile, or cannot be written.
    """
    recorded, unused = service.recorded, frozenset(ending.receipt.unused)
    without = replace(ending, receipt=replace(ending.receipt, unused=()))
    if failed or without.exit_status:
        return Pruning(ending, Line("nothing is pruned: the session failed", "yellow"))
    if len(unused) == len(recorded):
        return Pruning(ending, Line("nothing is pruned: the session used nothing", "yellow"))
    redactor = assembly.redactor(settings.redact, settings.match)
    file = str(settings.cassettes / f"{service.name}.yaml")
    numbered = enumerate(recorded, 1)
    used = rewritten(interaction for number, interaction in numbered if number not in unused)

    def pruned(before: bytes) -> bytes:
        if assembly.checked(before, file, redactor) != tuple(recorded):
            raise CassetteError("changed during the session, so nothing was pruned", file=file)
        return cassette_text(used, recorded_from(before)).encode("ascii")

    cassette_file.revise(settings.cassettes, service.name, pruned)
    return Pruning(
        without, Line(f"pruned {len(unused)} of {counted(len(recorded), 'interaction')}")
    )
