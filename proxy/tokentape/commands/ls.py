"""The cassettes there are: what is in them, when they were changed and last used."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import orjson

from tokentape.edges import cassette_file, uses
from tokentape.edges.settings import Settings
from tokentape.edges.terminal import out, say
from tokentape.errors import CassetteError
from tokentape.pure.cassette.canonical import read_canonical
from tokentape.pure.cassette.model import Interaction
from tokentape.pure.redaction import Door
from tokentape.session import assembly

_KINDS = frozenset({"account", "bank_account", "card", "cvc_update", "person", "pii"})


@dataclass(frozen=True, slots=True)
class _Row:
    """One cassette; times in seconds since the epoch. What it holds, or an error, is there."""

    name: str
    held: tuple[Interaction, ...] | None
    changed: float | None
    used: float | None
    error: str | None


def ls(settings: Settings, form: str) -> int:
    """List all cassettes, as text or json; return 1 if one of them is damaged."""
    door = assembly.door(settings.redact, settings.match)
    folder = settings.cassettes
    rows = [_row(folder, name, door) for name in cassette_file.names(folder)]
    if form == "json":
        out(_json(rows))
    elif rows:
        _print(rows)
    else:
        say(f"no cassettes in {folder}")
    return 1 if any(row.error for row in rows) else 0


def _row(folder: Path, name: str, door: Door) -> _Row:
    path = folder / f"{name}.yaml"
    found, error = None, None
    try:
        found = _held(cassette_file.read(folder, name), str(path), door)
    except CassetteError as damage:
        error = str(damage)
    return _Row(name, found, _modified(path), uses.last_use(path), error)


def _held(text: bytes, file: str, door: Door) -> tuple[Interaction, ...]:
    """Return what a cassette holds; one written as tokentape writes is not judged, for speed."""
    found = read_canonical(text)
    return assembly.judged(text, file, door) if found is None else found


def _kinds(held: Sequence[Interaction]) -> list[str]:
    """Return the kinds of tokens that are asked for."""
    names = {entry.partition("[")[0] for one in held for entry in one.outline.body}
    return sorted(names & _KINDS)


def _modified(path: Path) -> float | None:
    try:
        return path.stat().st_mtime
    except OSError:  # it went just now
        return None


def _print(rows: Sequence[_Row]) -> None:
    width = max(len("cassette"), *(len(row.name) for row in rows))
    out(
        f"{'cassette':<{width}}  interactions  {'changed':<16}  {'last used':<16}  kinds",
        bold=True,
    )
    for row in rows:
        if row.held is None:
            out(f"{row.name:<{width}}  {row.error}", colour="red")
        else:
            told = f"{len(row.held):>12}  {_local(row.changed)}  {_local(row.used)}"
            out(f"{row.name:<{width}}  {told}  {', '.join(_kinds(row.held))}")


def _local(time: float | None) -> str:
    if time is None:
        return f"{'never here':<16}"
    return f"{datetime.fromtimestamp(time, UTC).astimezone():%Y-%m-%d %H:%M}"


def _json(rows: Sequence[_Row]) -> str:
    document = [
        {
            "name": row.name,
            "interactions": None if row.held is None else len(row.held),
            "kinds": None if row.held is None else _kinds(row.held),
            "changed": _utc(row.changed),
            "used": _utc(row.used),
            "error": row.error,
        }
        for row in rows
    ]
    return orjson.dumps({"cassettes": document}, option=orjson.OPT_INDENT_2).decode()


def _utc(time: float | None) -> str | None:
    if time is None:
        return None
    return datetime.fromtimestamp(time, UTC).isoformat("T", "seconds")
