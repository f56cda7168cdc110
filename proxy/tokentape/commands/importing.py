"""Cassettes of plain vcrpy made clean: all that they hold is recorded again."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tokentape.edges import cassette_file, files_to_scan, terminal
from tokentape.edges.settings import Settings
from tokentape.edges.terminal import Line
from tokentape.errors import CassetteError
from tokentape.pure.cassette.naming import imported_name, shown_path
from tokentape.pure.cassette.vcr_reader import Exchanges, read_vcr
from tokentape.pure.replay.decide import Mode
from tokentape.session.in_process import InProcess
from tokentape.session.opening import Opener


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of a raw cassette: its exchanges with /v1/tokens are recorded, others are not.

    File names are safe to show. `saved` is the path of the new cassette, "" if there is none.
    """

    file: str
    exchanges: int
    others: int
    recorded: int = 0
    forwarded: int = 0
    unwritten: int = 0
    saved: str = ""

    @property
    def exit_status(self) -> int:
        """1 where an interaction could not be written, else 0."""
        return 1 if self.unwritten else 0


@dataclass(frozen=True, slots=True)
class Failed:
    """Why a file could not be imported."""

    message: str
    exit_status: int


class Importer:
    """Makes clean cassettes from raw ones; what they share is put together once."""

    def __init__(self, settings: Settings, name: str, *, force: bool) -> None:
        """`name` is that of the cassette, "" for the name of its file."""
        self._settings = settings
        self._name = name
        self._force = force
        self._opener = Opener(settings, terminal.say, terminal.say)

    def imported(self, file: Path, number: int) -> Imported | Failed:
        """Import a file; where its name is not safe to show, `number` stands for it."""
        shown = shown_path(file.as_posix(), number)
        try:
            return self._import(file, shown, self._name or imported_name(file.as_posix()))
        except CassetteError as error:
            where = "" if error.file else f"{shown}: "
            return Failed(f"{where}{error}", error.exit_status)

    def _import(self, file: Path, shown: str, name: str) -> Imported:
        exchanges = _read(file, shown)
        if not exchanges.tokens:
            return Imported(shown, 0, exchanges.others)
        if not self._force and cassette_file.exists(self._settings.cassettes, name):
            message = f"cassette {name} exists: --force replaces it, --name has another name"
            raise CassetteError(message, file=shown)
        session = InProcess(self._opener, Mode.RECORD, name, terminal.say)
        saved = asyncio.run(_record(session, exchanges))
        counts = session.service.counts
        return Imported(
            *(shown, len(exchanges.tokens), exchanges.others),
            *(counts.recorded, counts.forwarded, counts.unwritten),
            saved,
        )


async def _record(session: InProcess, exchanges: Exchanges) -> str:
    """Record exchanges; return the path of the cassette, "" if nothing was recorded."""
    for request, answer in exchanges.tokens:
        await session.record(request, answer)
    return await session.save()


def _read(file: Path, shown: str) -> Exchanges:
    """Return what a raw cassette holds. Raises CassetteError."""
    try:
        return read_vcr(files_to_scan.read(file).decode("utf-8-sig"))
    except OSError as error:
        raise CassetteError(f"cannot be read: {error.strerror}", file=shown) from None
    except UnicodeDecodeError:
        raise CassetteError("is not UTF-8, so no cassette of vcrpy", file=shown) from None
    except CassetteError as error:
        raise CassetteError(error.message, file=shown, line=error.line) from None


def lines(result: Imported | Failed) -> Iterator[Line]:
    """Yield what became of a file, for people."""
    if isinstance(result, Failed):
        yield Line(result.message, colour="red")
        return
    left_out = f"{result.others} others left out"
    if not result.exchanges:
        yield Line(f"{result.file}: no exchange with /v1/tokens, {left_out}")
        return
    missing = f", {result.forwarded} not recorded" if result.forwarded else ""
    yield Line(f"{result.file}: {result.recorded} recorded{missing}, {left_out}", colour="green")
    if result.saved:
        yield Line(f"saved {result.saved}")
        remedy = "delete it; a repository's history may hold it too"
        yield Line(f"{result.file} is raw still: {remedy}")
