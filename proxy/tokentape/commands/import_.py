"""Cassettes of plain vcrpy made clean: all that they hold is recorded again."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
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
            target = name or imported_name(file.as_posix())
            exchanges = _read(file, shown)
            replaces = exchanges.tokens and cassette_file.exists(settings.cassettes, target)
            if replaces and not force:
                message = f"cassette {target} exists: --force replaces it, --name has another name"
                raise CassetteError(message, file=shown)
            session = InProcess(opener, Mode.RECORD, target, terminal.say)
            saved = asyncio.run(_record(session, exchanges))
        except CassetteError as error:
            where = "" if error.file else f"{shown}: "
            terminal.say(f"{where}{error}", colour="red")
            status = error.exit_status
        else:
            counts = session.service.counts
            terminal.say_lines(_lines(shown, exchanges, counts, saved))
            status = max(status, 1 if counts.unwritten else 0)
    return status


async def _record(session: InProcess, exchanges: Exchanges) -> str:
    """Record exchanges with /v1/tokens; return the path of the cassette, "" if there are none."""
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


def _lines(file: str, exchanges: Exchanges, counts: Counts, saved: str) -> Iterator[Line]:
    """Yield what was made of a file, whose name is safe to show; `saved` is the cassette's path."""
    left_out = f"{exchanges.others} others left out"
    if not exchanges.tokens:
        yield Line(f"{file}: no exchange with /v1/tokens, {left_out}")
        return
    missing = f", {counts.forwarded} not recorded" if counts.forwarded else ""
    yield Line(f"{file}: {counts.recorded} recorded{missing}, {left_out}", colour="green")
    if saved:
        yield Line(f"saved {saved}")
        yield Line(f"{file} is raw still: delete it; a repository's history may hold it too")
