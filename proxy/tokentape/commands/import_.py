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
from tokentape.pure.replay.receipt import Counts
from tokentape.session.in_process import InProcess
from tokentape.session.opening import Opener


def import_cassettes(settings: Settings, files: tuple[Path, ...], name: str, *, force: bool) -> int:
    """Make clean cassettes of raw ones; return the worst exit status of all files.

    `name` is for a single file; with "", a cassette is named after its file. `force` replaces
    cassettes that exist.
    """
    opener = Opener(settings, terminal.say, terminal.say)
    status = 0
    for number, file in enumerate(files, 1):
        shown = shown_path(file.as_posix(), number)
        try:
            own_name = name or imported_name(file.as_posix())
            exchanges = _read(file, shown)
            if exchanges.tokens and not force:
                _check_free(settings.cassettes, own_name, shown)
            imported = _import(opener, own_name, exchanges)
        except CassetteError as error:
            where = "" if error.file else f"{shown}: "
            terminal.say(f"{where}{error}", colour="red")
            status = error.exit_status
        else:
            terminal.say_lines(_lines(shown, imported))
            status = max(status, 1 if imported.counts.unwritten else 0)
    return status


def _check_free(cassettes: Path, name: str, shown: str) -> None:
    """Raise CassetteError for the name of a cassette that exists."""
    if cassette_file.exists(cassettes, name):
        message = f"cassette {name} exists: --force replaces it, --name has another name"
        raise CassetteError(message, file=shown)


@dataclass(frozen=True, slots=True)
class _Imported:
    """What became of the exchanges of a raw cassette.

    `saved` is the path of the new cassette, "" if there is none.
    """

    exchanges: Exchanges
    counts: Counts
    saved: str


def _import(opener: Opener, name: str, exchanges: Exchanges) -> _Imported:
    """Record exchanges with /v1/tokens in a new cassette. Raises CassetteError."""
    if not exchanges.tokens:
        return _Imported(exchanges, Counts(), "")
    session = InProcess(opener, Mode.RECORD, name, terminal.say)
    saved = asyncio.run(_record(session, exchanges))
    return _Imported(exchanges, session.service.counts, saved)


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


def _lines(file: str, imported: _Imported) -> Iterator[Line]:
    """Yield what became of a file, whose name is safe to show."""
    left_out = f"{imported.exchanges.others} others left out"
    if not imported.exchanges.tokens:
        yield Line(f"{file}: no exchange with /v1/tokens, {left_out}")
        return
    counts = imported.counts
    missing = f", {counts.forwarded} not recorded" if counts.forwarded else ""
    yield Line(f"{file}: {counts.recorded} recorded{missing}, {left_out}", colour="green")
    if imported.saved:
        yield Line(f"saved {imported.saved}")
        yield Line(f"{file} is raw still: delete it; a repository's history may hold it too")
