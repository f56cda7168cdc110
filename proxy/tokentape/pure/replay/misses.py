"""Why nothing answered: the closest recorded requests and the fields that differ.

Made from redacted texts alone, so it may be shown to anyone.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from heapq import nsmallest
from itertools import islice

from tokentape.pure.cassette.model import Interaction, Texts
from tokentape.pure.notation.redacted import RedactedRequest

SHOWN = 3
"""How many recorded requests a report names."""
LOOKED_AT = 400
"""How many are compared at most, the latest first: a report must not hold up other clients."""


@dataclass(frozen=True, slots=True)
class Near:
    """A recorded request that almost fits: its number (from 1) and what differs, field by field."""

    number: int
    differences: tuple[str, ...]


class Neighbours:
    """The recorded requests, as those that miss are compared with them.

    Many of them differ in their variables alone: they are compared once.
    """

    def __init__(self) -> None:
        self._count = 0
        self._known: dict[int, _Requests] = {}
        """By the identity of their outline, which they keep alive."""
        self._of_line: dict[tuple[str, str], list[_Requests]] = defaultdict(list)
        """By method and path."""

    def add(self, one: Interaction) -> None:
        """Append a recorded interaction."""
        self._count += 1
        known = self._known.get(id(one.outline))
        if known is None:
            known = self._known[id(one.outline)] = _Requests(one.outline)
            self._of_line[one.outline.method, one.outline.path].append(known)
        if len(known.numbers) < SHOWN:
            known.numbers.append(self._count)

    def nearest(self, asked: RedactedRequest) -> tuple[Near, ...]:
        """Return the recorded requests closest to one that was missed, the closest first.

        Of those that are equally close, such as differ from each other come first.
        """
        entries = tuple(entry.text for entry in (*asked.query, *asked.body))
        alike = self._of_line.get((asked.method, asked.path.text)) or self._known.values()
        wanted = _told_apart(entries)
        scored = (
            (one.distance(wanted), one.numbers[0], one)
            for one in islice(reversed(alike), LOOKED_AT)
        )
        closest = sorted(
            (distance, place, number, one.said)
            for distance, _, one in nsmallest(SHOWN, scored)
            for place, number in enumerate(one.numbers)
        )
        fields = _fields(asked.method, asked.path.text, entries)
        return tuple(
            Near(number, tuple(_differences(fields, _recorded(said))))
            for _, _, number, said in closest[:SHOWN]
        )


def report(
    asked: RedactedRequest, name: str, near: Sequence[Near], *, unknown_id: bool = False
) -> str:
    """Return the report of a miss: one line each for the cassette and what comes close.

    `unknown_id`: the request names an id that the session has not given out.
    """
    what = _line(asked.method, asked.path.text)
    lines = [f"No interaction of cassette {name} answers {what}."]
    for one in near:
        told = "; ".join(one.differences) or "nothing differs but values that are not kept"
        lines.append(f"Interaction {one.number} is close: {told}.")
    if unknown_id:
        lines.append(_UNKNOWN_ID)
    if not near:
        lines.append("The cassette has no interaction.")
    lines.append(f"Record it with `tokentape auto {name}` or `tokentape record {name}`.")
    return " ".join(lines)


@dataclass(eq=False)
class _Requests:
    """Recorded requests of one outline."""

    said: Texts
    numbers: list[int] = field(default_factory=list)
    """Those of the first of them, from 1: no report names more."""

    @cached_property
    def _entries(self) -> frozenset[_Entry]:
        return _told_apart((*self.said.query, *self.said.body))

    def distance(self, wanted: frozenset[_Entry]) -> int:
        """Return how many entries only one side has; as quick as the smaller side is small."""
        return len(wanted) + len(self._entries) - 2 * len(wanted & self._entries)


_Entry = str | tuple[str, int]

_UNKNOWN_ID = (
    "It names an id that this session has not given out, or has forgotten: "
    "take ids from the answers of the same session."
)


def _told_apart(entries: tuple[str, ...]) -> frozenset[_Entry]:
    """Return entries as a set: those that stand again are counted off."""
    once = frozenset(entries)
    if len(once) == len(entries):
        return once
    again = Counter(entries) - Counter(once)
    return once.union((one, n) for one, most in again.items() for n in range(most))


_Fields = Counter[tuple[str, str]]


def _line(method: str, path: str) -> str:
    return f"{method} {path.replace('.?', '')}"


def _recorded(said: Texts) -> _Fields:
    return _fields(said.method, said.path, (*said.query, *said.body))


def _fields(method: str, path: str, entries: Iterable[str]) -> _Fields:
    pairs = (entry.replace(".?", "").partition("=") for entry in entries)
    return Counter([("", _line(method, path)), *((name, value) for name, _, value in pairs)])


def _differences(wanted: _Fields, recorded: _Fields) -> Iterator[str]:
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
