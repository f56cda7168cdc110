"""Why nothing answered: the closest recorded requests and the fields that differ.

Made from sealed texts alone, so it may be shown to anyone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from proxy.pure.cassette import Interaction
from proxy.pure.sealed import SealedRequest

SHOWN = 3
"""How many recorded requests a report names."""
LOOKED_AT = 400
"""How many are compared at most, the latest first: a report must not hold up other clients."""


@dataclass(frozen=True, slots=True)
class Near:
    """A recorded request that almost fits: its number (from 1) and what differs, field by field."""

    number: int
    differences: tuple[str, ...]


def nearest(asked: SealedRequest, recorded: Sequence[Interaction]) -> tuple[Near, ...]:
    """Return the recorded requests closest to one that was missed, the closest first."""
    entries = (entry.text for entry in (*asked.query, *asked.body))
    line = _line(asked.method, asked.path.text)
    wanted = _counted(line, entries)
    start = max(0, len(recorded) - LOOKED_AT)
    looked_at = [(index, _recorded(one)) for index, one in enumerate(recorded[start:], start)]
    alike = [(index, one) for index, one in looked_at if ("", line) in one]
    scored = [(_distance(wanted, one), index) for index, one in alike or looked_at]
    return tuple(
        Near(index + 1, tuple(_differences(wanted, _recorded(recorded[index]))))
        for _, index in sorted(scored)[:SHOWN]
    )


def report(asked: SealedRequest, name: str, near: Sequence[Near]) -> str:
    """Return the report of a miss: one line each for the cassette and what comes close."""
    what = _line(asked.method, asked.path.text)
    lines = [f"No interaction of cassette {name} answers {what}."]
    for one in near:
        told = "; ".join(one.differences) or "nothing differs but values that are not kept"
        lines.append(f"Interaction {one.number} is close: {told}.")
    if not near:
        lines.append("The cassette has no interaction.")
    lines.append(f"Record it with `tokentape auto {name}` or `tokentape record {name}`.")
    return " ".join(lines)


_Fields = Counter[tuple[str, str]]


def _line(method: str, path: str) -> str:
    return f"{method} {path.replace('.?', '')}"


def _recorded(one: Interaction) -> _Fields:
    said = one.outline
    return _counted(_line(said.method, said.path), (*said.query, *said.body))


def _counted(line: str, entries: Iterable[str]) -> _Fields:
    pairs = (entry.replace(".?", "").partition("=") for entry in entries)
    return Counter({("", line): 1}) + Counter((name, value) for name, _, value in pairs)


def _distance(wanted: _Fields, recorded: _Fields) -> int:
    return (wanted - recorded).total() + (recorded - wanted).total()


def _differences(wanted: _Fields, recorded: _Fields) -> Iterable[str]:
    sent = dict((wanted - recorded).keys())
    kept = dict((recorded - wanted).keys())
    for name in sorted({*sent, *kept}):
        what = name or "the request"
        if name not in sent:
            yield f"{what} is recorded as {kept[name] or 'blank'}, and was not sent"
        elif name not in kept:
            yield f"{what} was sent, and is not recorded"
        else:
            yield f"{what} is recorded as {kept[name]}, and {sent[name]} was sent"
