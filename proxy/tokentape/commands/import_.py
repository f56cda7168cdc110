"""Cassettes of plain vcrpy made clean: all that they hold goes the way of a recording."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tokentape.edges import cassette_file, files_to_scan, terminal
from tokentape.edges.settings import Settings
from tokentape.errors import CassetteError
from tokentape.pure.cassette.naming import imported_name, shown_path
from tokentape.pure.cassette.vcr_reader import Exchanges, read_vcr
from tokentape.pure.replay.decide import Mode
from tokentape.session.in_process import InProcess
from tokentape.session.opening import Opener


def import_files(settings: Settings, files: tuple[Path, ...], name: str, *, force: bool) -> int:
    """Make clean cassettes of raw ones; return the exit status: the worst of all files.

    `name` is for a single file; without it, a cassette is called after its file.
    """
    opener = Opener(settings, terminal.say, terminal.say)
    status = 0
    for number, file in enumerate(files, 1):
        shown = shown_path(file.as_posix(), number)
        try:
            own = name or imported_name(file.as_posix())
            status = max(status, _import(opener, settings, file, shown, own, force=force))
        except CassetteError as error:
            where = "" if error.file else f"{shown}: "
            terminal.say(f"{where}{error}", colour="red")
            status = error.exit_status
    return status


def _import(
    opener: Opener, settings: Settings, file: Path, shown: str, name: str, *, force: bool
) -> int:
    found = _read(file, shown)
    left_out = f"{found.others} others left out"
    if not found.tokens:
        terminal.say(f"{shown}: no exchange with /v1/tokens, {left_out}")
        return 0
    if not force and cassette_file.exists(settings.cassettes, name):
        message = f"cassette {name} is there already: --force replaces it, --name has another name"
        raise CassetteError(message, file=shown)
    session = InProcess(opener, Mode.RECORD, name, terminal.say)
    saved = asyncio.run(_recorded(session, found))
    counts = session.service.counts
    missing = f", {counts.forwarded} not recorded" if counts.forwarded else ""
    terminal.say(f"{shown}: {counts.recorded} recorded{missing}, {left_out}", colour="green")
    if saved:
        terminal.say(f"saved {saved}")
        terminal.say(f"{shown} is raw still: delete it; a repository's history may hold it too")
    return 1 if counts.unwritten else 0


async def _recorded(session: InProcess, found: Exchanges) -> str:
    for request, answer in found.tokens:
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
