"""What a session did not use, taken out of its cassette."""

from __future__ import annotations

from collections.abc import Sequence

from tokentape.edges import cassette_file
from tokentape.edges.settings import Settings
from tokentape.errors import CassetteError
from tokentape.pure.cassette.model import Interaction
from tokentape.pure.cassette.rewriting import rewritten
from tokentape.pure.cassette.writing import cassette_text
from tokentape.session import assembly


def prune(
    settings: Settings, name: str, recorded: Sequence[Interaction], unused: Sequence[int]
) -> None:
    """Take interactions, by number from 1, out of a cassette that holds what was recorded.

    Raises CassetteError where it holds something else by now, or cannot be written.
    """
    door = assembly.door(settings.redact, settings.match)
    file = str(settings.cassettes / f"{name}.yaml")
    out = frozenset(unused)
    kept = rewritten(one for number, one in enumerate(recorded, 1) if number not in out)

    def pruned(before: bytes) -> bytes:
        if assembly.judged(before, file, door) != tuple(recorded):
            raise CassetteError("changed during the session, so nothing was pruned", file=file)
        return cassette_text(kept).encode("ascii")

    cassette_file.revise(settings.cassettes, name, pruned)
