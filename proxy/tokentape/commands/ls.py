"""The cassettes there are: what is in them, when they were changed and last used."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import orjson

from tokentape.edges import cassette_file, terminal, uses
from tokentape.edges.settings import Settings
from tokentape.edges.terminal import Line
from tokentape.errors import CassetteError
from tokentape.pure.cassette.model import Interaction
from tokentape.pure.cassette.reading import read_canonical, recorded_from
from tokentape.pure.redaction import Redactor
from tokentape.pure.stripe.upstreams import UpstreamKind
from tokentape.session import assembly

_KINDS = frozenset({"account", "bank_account", "card", "cvc_update", "person", "pii"})


def list_cassettes(settings: Settings, output_format: str) -> int:
    """Print a list of all cassettes, as text or json; return 1 if one is damaged, else 0."""
    redactor = assembly.redactor(settings.redact, settings.match)
    folder = settings.cassettes
    listings = [_listing(folder, name, redactor) for name in cassette_file.names(folder)]
    if output_format == "json":
        terminal.print_lines([_json(listings)])
    elif listings:
        terminal.print_lines(_table(listings))
    else:
        terminal.say(f"no cassettes in {folder}")
    return 1 if any(cassette.error for cassette in listings) else 0


@dataclass(frozen=True, slots=True)
class _Listing:
    """A cassette with its interactions or, if it is damaged, an error.

    Times are in seconds since the epoch.
    """

    name: str
    interactions: tuple[Interaction, ...] | None
    recorded_from: UpstreamKind | None
    error: str | None
    changed: float | None
    used: float | None


def _listing(folder: Path, name: str, redactor: Redactor) -> _Listing:
    path = folder / f"{name}.yaml"
    interactions, kind, error, changed = None, None, None, None
    try:
        text = cassette_file.read(folder, name)
        interactions = _interactions(text, str(path), redactor)
        kind = recorded_from(text)
    except CassetteError as damage:
        error = str(damage)
    with suppress(OSError):  # it was deleted just now
        changed = path.stat().st_mtime
    return _Listing(name, interactions, kind, error, changed, uses.last_use(path))


def _interactions(text: bytes, file: str, redactor: Redactor) -> tuple[Interaction, ...]:
    """Return what is in a cassette; for speed, one in canonical form is not judged."""
    interactions = read_canonical(text)
    return assembly.checked(text, file, redactor) if interactions is None else interactions


def _table(listings: Sequence[_Listing]) -> Iterator[Line]:
    """Yield the lines of a table for people."""
    width = max(len("cassette"), *(len(cassette.name) for cassette in listings))
    yield Line(
        f"{'cassette':<{width}}  interactions  {'changed':<16}  {'last used':<16}  from    kinds",
        bold=True,
    )
    for cassette in listings:
        name = f"{cassette.name:<{width}}"
        if cassette.interactions is None:
            yield Line(f"{name}  {cassette.error}", colour="red")
        else:
            times = f"{_local(cassette.changed)}  {_local(cassette.used)}"
            kinds = ", ".join(_kinds(cassette.interactions))
            count, origin = len(cassette.interactions), cassette.recorded_from or "-"
            yield Line(f"{name}  {count:>12}  {times}  {origin:<6}  {kinds}")


def _json(listings: Iterable[_Listing]) -> Line:
    """Return the list for programs; its keys are stable."""
    document = [
        {
            "name": cassette.name,
            "interactions": None if cassette.interactions is None else len(cassette.interactions),
            "kinds": None if cassette.interactions is None else _kinds(cassette.interactions),
            "recorded_from": cassette.recorded_from,
            "changed": _utc(cassette.changed),
            "used": _utc(cassette.used),
            "error": cassette.error,
        }
        for cassette in listings
    ]
    return Line(orjson.dumps({"cassettes": document}, option=orjson.OPT_INDENT_2).decode())


def _kinds(interactions: Iterable[Interaction]) -> list[str]:
    """Return the kinds of tokens that are requested."""
    fields = {
        entry.partition("[")[0]
        for interaction in interactions
        for entry in interaction.outline.body
    }
    return sorted(fields & _KINDS)


def _local(time: float | None) -> str:
    if time is None:
        return f"{'never here':<16}"
    return f"{datetime.fromtimestamp(time, UTC).astimezone():%Y-%m-%d %H:%M}"


def _utc(time: float | None) -> str | None:
    return None if time is None else datetime.fromtimestamp(time, UTC).isoformat("T", "seconds")
