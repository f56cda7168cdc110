"""Cassettes brought to canonical form, and merges of two branches resolved."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tokentape.edges import cassette_file, terminal
from tokentape.edges.settings import Settings
from tokentape.edges.terminal import Line
from tokentape.errors import CassetteError
from tokentape.pure.cassette.match_key import MatchRules
from tokentape.pure.cassette.merging import merged, sides
from tokentape.pure.cassette.reading import recorded_from
from tokentape.pure.cassette.rewriting import rewritten
from tokentape.pure.cassette.writing import cassette_text
from tokentape.pure.redaction import Redactor
from tokentape.pure.replay.order import OrderDependent, order_dependent
from tokentape.pure.stripe.upstreams import together
from tokentape.session import assembly
from tokentape.wording import counted


def format_cassettes(settings: Settings, cassettes: tuple[str, ...], *, check: bool) -> int:
    """Bring cassettes, by name or file, to canonical form; none given means all.

    With `check`, nothing is written, and 1 is returned if one is to be formatted. Raises
    CassetteError.
    """
    redactor = assembly.redactor(settings.redact, settings.match)
    rules = assembly.match_rules(settings.match)
    names = cassettes or cassette_file.names(settings.cassettes)
    to_format = 0
    for folder, name in (_place(settings.cassettes, name) for name in names):
        form = _CanonicalForm(str(folder / f"{name}.yaml"), redactor, rules)
        text = cassette_file.read(folder, name)
        formatted, pairs = form.of(text)
        if formatted == text:
            continue
        to_format += 1
        for pair in pairs:
            terminal.say(f"{form.file}: order-dependent: {pair}", colour="yellow")
        terminal.print_lines([Line(form.file)])
        if not check:
            cassette_file.revise(folder, name, form.text)
    terminal.say(_summary(to_format, len(names), settings.cassettes, check=check))
    return 1 if check and to_format else 0


def _summary(to_format: int, total: int, folder: Path, *, check: bool) -> str:
    if not total:
        return f"no cassettes in {folder}: --cassettes DIR is another folder"
    if not to_format:
        return f"{counted(total, 'cassette')}, all in canonical form"
    return f"{to_format} of {counted(total, 'cassette')} {'to format' if check else 'formatted'}"


def _place(cassettes: Path, name: str) -> tuple[Path, str]:
    """Return the directory and the name of a cassette that is given by its name or its file."""
    file = Path(name)
    return (file.parent, file.stem) if file.suffix == ".yaml" else (cassettes, name)


@dataclass(frozen=True, slots=True)
class _CanonicalForm:
    """The canonical form of a file: what it is checked and merged by."""

    file: str
    redactor: Redactor
    match_rules: MatchRules

    def text(self, before: bytes) -> bytes:
        """Return the canonical form of what is in the file. Raises CassetteError."""
        return self.of(before)[0]

    def of(self, before: bytes) -> tuple[bytes, tuple[OrderDependent, ...]]:
        """Return also which pairs a merge leaves order-dependent. Raises CassetteError."""
        try:
            both = sides(before)
        except CassetteError as error:
            raise CassetteError(error.message, file=self.file, line=error.line) from None
        if both is None:
            recorded = rewritten(assembly.checked(before, self.file, self.redactor))
            return cassette_text(recorded, recorded_from(before)).encode("ascii"), ()
        ours, theirs = (
            assembly.checked(side, f"{self.file} ({whose} side)", self.redactor)
            for side, whose in zip(both, ("our", "their"), strict=True)
        )
        merge = merged(ours, theirs, self.match_rules)
        kind = together({*map(recorded_from, both)})
        text = cassette_text(merge, kind).encode("ascii")
        return text, order_dependent(merge, self.match_rules)
