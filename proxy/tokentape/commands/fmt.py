"""Cassettes brought to canonical form, and merges of two branches resolved."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tokentape.edges import cassette_file, terminal
from tokentape.edges.settings import Settings
from tokentape.errors import CassetteError
from tokentape.pure.cassette.match_key import MatchRules
from tokentape.pure.cassette.merging import merged, sides
from tokentape.pure.cassette.model import Interaction
from tokentape.pure.cassette.rewriting import rewritten
from tokentape.pure.cassette.writing import cassette_text
from tokentape.pure.redaction import Door
from tokentape.pure.replay.order import order_dependent
from tokentape.session import assembly


def fmt(settings: Settings, words: tuple[str, ...], *, check: bool) -> int:
    """Format cassettes named by name or path, or all; return 1 if `check` finds one to format.

    Raises CassetteError.
    """
    door = assembly.door(settings.redact, settings.match)
    rules = assembly.match_rules(settings.match)
    found = [_Cassette(*place, door, rules) for place in _places(settings.cassettes, words)]
    changed = sum(one.format(check=check) for one in found)
    terminal.say(f"{changed} of {len(found)} {'to format' if check else 'formatted'}")
    return 1 if check and changed else 0


def _places(cassettes: Path, words: tuple[str, ...]) -> Iterator[tuple[Path, str]]:
    for word in words or cassette_file.names(cassettes):
        path = Path(word)
        yield (path.parent, path.stem) if path.suffix == ".yaml" else (cassettes, word)


@dataclass(frozen=True, slots=True)
class _Cassette:
    """A cassette to format: where it lies, and what it is judged and merged by."""

    directory: Path
    name: str
    door: Door
    rules: MatchRules

    @property
    def file(self) -> str:
        return str(self.directory / f"{self.name}.yaml")

    def format(self, *, check: bool) -> bool:
        """Write it in canonical form, unless to `check`; tell whether it was not."""
        before = cassette_file.read(self.directory, self.name)
        after = self._canonical(before)
        if after == before:
            return False
        terminal.out(self.file)
        if not check:
            cassette_file.revise(self.directory, self.name, self._canonical)
        return True

    def _canonical(self, text: bytes) -> bytes:
        both = self._sides(text)
        if both is None:
            recorded = rewritten(assembly.judged(text, self.file, self.door))
        else:
            recorded = self._merged(*both)
        return cassette_text(recorded).encode("ascii")

    def _sides(self, text: bytes) -> tuple[bytes, bytes] | None:
        try:
            return sides(text)
        except CassetteError as error:
            raise CassetteError(error.message, file=self.file, line=error.line) from None

    def _merged(self, ours: bytes, theirs: bytes) -> tuple[Interaction, ...]:
        """Merge, and say where neither side may be dropped unasked."""
        merge = merged(
            assembly.judged(ours, f"{self.file} (our side)", self.door),
            assembly.judged(theirs, f"{self.file} (their side)", self.door),
            self.rules,
        )
        for pair in order_dependent(merge, self.rules):
            terminal.say(f"{self.file}: order-dependent: {pair}", colour="yellow")
        return merge
