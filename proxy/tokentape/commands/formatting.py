"""Cassettes brought to canonical form, and merges of two branches resolved."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tokentape.edges import cassette_file
from tokentape.edges.settings import Settings
from tokentape.edges.terminal import Line
from tokentape.errors import CassetteError
from tokentape.pure.cassette.merging import merged, sides
from tokentape.pure.cassette.model import Interaction, Shape
from tokentape.pure.cassette.rewriting import rewritten
from tokentape.pure.cassette.writing import cassette_text
from tokentape.pure.redaction import Door
from tokentape.pure.replay.order import OrderDependent, order_dependent
from tokentape.session import assembly


@dataclass(frozen=True, slots=True)
class Examined:
    """Whether a file is in canonical form, and what a merge of it leaves order-dependent."""

    file: str
    is_canonical: bool
    order_dependent: tuple[OrderDependent, ...]


@dataclass(frozen=True, slots=True)
class Cassette:
    """A cassette to format: its place, and what it is judged and merged by."""

    directory: Path
    name: str
    door: Door
    shape: Shape

    @property
    def file(self) -> str:
        """The path of the cassette."""
        return str(self.directory / f"{self.name}.yaml")

    def examine(self) -> Examined:
        """Compare it with its canonical form. Raises CassetteError for one that has none."""
        text = cassette_file.read(self.directory, self.name)
        both = self._sides(text)
        recorded = self._recorded(text, both)
        pairs = order_dependent(recorded, self.shape) if both else ()
        return Examined(self.file, _written(recorded) == text, pairs)

    def format(self) -> None:
        """Write it in canonical form. Raises CassetteError."""
        cassette_file.revise(
            self.directory,
            self.name,
            lambda text: _written(self._recorded(text, self._sides(text))),
        )

    def _sides(self, text: bytes) -> tuple[bytes, bytes] | None:
        """Return both sides of a merge with conflicts, or None for any other text."""
        try:
            return sides(text)
        except CassetteError as error:
            raise CassetteError(error.message, file=self.file, line=error.line) from None

    def _recorded(self, text: bytes, both: tuple[bytes, bytes] | None) -> tuple[Interaction, ...]:
        if both is None:
            return rewritten(assembly.judged(text, self.file, self.door))
        ours, theirs = both
        return merged(
            assembly.judged(ours, f"{self.file} (our side)", self.door),
            assembly.judged(theirs, f"{self.file} (their side)", self.door),
            self.shape,
        )


def _written(recorded: tuple[Interaction, ...]) -> bytes:
    return cassette_text(recorded).encode("ascii")


def find(settings: Settings, cassettes: tuple[str, ...]) -> tuple[Cassette, ...]:
    """Return cassettes that are given by name or by file; all of the settings if none is."""
    door, shape = assembly.door(settings.redact, settings.match), assembly.shape(settings.match)
    names = cassettes or cassette_file.names(settings.cassettes)
    return tuple(Cassette(*_place(settings.cassettes, name), door, shape) for name in names)


def _place(directory: Path, name: str) -> tuple[Path, str]:
    """Return the directory and the name of a cassette that is given by its name or its file."""
    file = Path(name)
    return (file.parent, file.stem) if file.suffix == ".yaml" else (directory, name)


def warnings(examined: Examined) -> Iterator[Line]:
    """Yield a line for each pair that neither side of a merge can do without."""
    for pair in examined.order_dependent:
        yield Line(f"{examined.file}: order-dependent: {pair}", colour="yellow")
