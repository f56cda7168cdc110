"""Why nothing answered: the closest recorded requests and the fields that differ.

Made only from redacted texts, so it may be shown to anyone.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from heapq import nsmallest
from itertools import islice

from tokentape.pure.cassette.match_key import MatchRules
from tokentape.pure.cassette.model import Interaction
from tokentape.pure.notation.redacted import RedactedRequest
from tokentape.pure.stripe.kinds import ID_PREFIXES

SHOWN = 3
"""How many recorded requests a report names."""
SHOWN_DIFFERENCES = 10
"""How many differences it names of each."""
LONGEST = 80
"""Characters that it shows of a name or a value."""
COMPARED = 400
"""How many are compared at most, the latest first: a report must not hold up other clients."""

_VALUE = re.compile("=|: ")
_Entry = tuple[str, int]
"""A field, or a header by which requests are matched, and how many like it come before."""


@dataclass(frozen=True, slots=True)
class FieldDifference:
    """A field that is recorded in another way than it was sent; None where it is absent.

    A blank name is the request's first line.
    """

    name: str
    recorded: str | None
    sent: str | None

    def __str__(self) -> str:
        what = self.name or "the request"
        if self.sent is None:
            return f"{what} is recorded as {self.recorded or 'blank'}, and was not sent"
        if self.recorded is None:
            return f"{what} was sent, and is not recorded"
        return f"{what} is recorded as {self.recorded}, and {self.sent} was sent"


@dataclass(frozen=True, slots=True)
class Near:
    """A recorded request that almost fits: its number (from 1) and what differs, field by field."""

    number: int
    differences: tuple[FieldDifference, ...]


@dataclass(frozen=True, slots=True)
class MissReport:
    """Why nothing recorded answered a request."""

    summary: str
    near: tuple[Near, ...] = ()
    hidden: str = ""
    """Why a recorded request does not answer that looks the same once it is redacted."""
    advice: tuple[str, ...] = ()

    def reasons(self, recorded: Near) -> tuple[str, ...]:
        """Return why a recorded request that is close does not answer."""
        shown = tuple(map(str, recorded.differences[:SHOWN_DIFFERENCES])) or (self.hidden,)
        more = len(recorded.differences) - SHOWN_DIFFERENCES
        return (*shown, f"and {more} more differences") if more > 0 else shown

    def __str__(self) -> str:
        near = (
            f"Interaction {n.number} is close: {'; '.join(self.reasons(n))}." for n in self.near
        )
        return " ".join((self.summary, *near, *self.advice))


class Neighbours:
    """The recorded requests, as those that miss are compared with them.

    Many of them differ only in their variables: they are compared once.
    """

    def __init__(self, rules: MatchRules) -> None:
        self._rules = rules
        self._count = 0
        self._by_outline: dict[int, _Requests] = {}
        """By the identity of their outline, which they keep alive."""
        self._by_path: dict[tuple[str, str], list[_Requests]] = defaultdict(list)
        """By method and path."""

    def add(self, interaction: Interaction) -> None:
        """Append a recorded interaction."""
        self._count += 1
        outline = interaction.outline
        requests = self._by_outline.get(id(outline))
        if requests is None:
            requests = self._by_outline[id(outline)] = _Requests(interaction, self._rules)
            self._by_path[outline.method, outline.path].append(requests)
        if len(requests.numbers) < SHOWN:
            requests.numbers.append(self._count)

    def nearest(self, request: RedactedRequest) -> tuple[Near, ...]:
        """Return the recorded requests closest to one that was missed, the closest first.

        Of those that are equally close, such as differ from each other come first. A request with
        another path, or with other fields for the most part, is not close.
        """
        sent = _entries(self._rules.of_request(request).text)
        path = request.method, request.path.text
        candidates = self._by_path.get(path) or self._by_outline.values()
        scored = (
            (len(sent ^ candidate.entries), candidate.numbers[0], candidate)
            for candidate in islice(reversed(candidates), COMPARED)
        )
        closest = sorted(
            (distance, place, number, candidate.entries)
            for distance, _, candidate in nsmallest(SHOWN, scored)
            for place, number in enumerate(candidate.numbers)
        )
        return tuple(
            Near(number, _differences(sent, entries))
            for _, _, number, entries in closest[:SHOWN]
            if _is_like(sent, entries)
        )


@dataclass(eq=False)
class _Requests:
    """Recorded requests of one outline."""

    interaction: Interaction
    rules: MatchRules
    numbers: list[int] = field(default_factory=list)
    """Those of the first of them, from 1: no report names more."""

    @cached_property
    def entries(self) -> frozenset[_Entry]:
        return _entries(self.rules.of_recorded(self.interaction)[0])


def report(
    request: RedactedRequest,
    name: str,
    near: Sequence[Near],
    *,
    commands: tuple[str, str] = ("", ""),
    is_empty: bool = False,
    made_up_id: bool = False,
    unknown_id: bool = False,
    may_be_used_up: bool = False,
) -> MissReport:
    """Return the report of a miss of cassette `name`, which may be empty.

    `commands` record what the cassette lacks, and the whole of it. `made_up_id`: it was not
    forwarded, because it names an id that the session made up. `unknown_id`: it names one that the
    session has not given out. `may_be_used_up`: not every recorded answer is given again and again,
    to whoever sends the request.
    """
    path = request.path.text.replace(".?", "")
    advice = []
    if unknown_id:
        advice.append(
            "It names an id that this session has not given out, or has forgotten: "
            "take ids from the answers of the same session."
        )
    if not near:
        empty = "The cassette has no interaction."
        advice.append(empty if is_empty else "No recorded request is like it.")
    advice.append(_recording_advice(*commands, made_up_id=made_up_id))
    return MissReport(
        f"No interaction of cassette {name} answers {request.method} {path}.",
        tuple(near),
        _hidden_difference(request, unknown_id=unknown_id, may_be_used_up=may_be_used_up),
        tuple(advice),
    )


def _recording_advice(rest: str, whole: str, *, made_up_id: bool) -> str:
    """Return which of the commands to use: of the rest of the cassette, or the whole."""
    if made_up_id:
        return (
            "It was not forwarded: it names an id that was made up for this replay, which the "
            f"upstream does not know. Record the whole cassette again with `{whole}`."
        )
    return f"Record it with `{rest}` or `{whole}`."


def unreadable_request(reason: str) -> MissReport:
    """Return the report of a request that could not be read."""
    return MissReport(f"The request cannot be read: {reason}. Nothing recorded can answer it.")


def _hidden_difference(request: RedactedRequest, *, unknown_id: bool, may_be_used_up: bool) -> str:
    """Return why a recorded request does not answer that looks the same once it is redacted."""
    if unknown_id:
        return "only an id differs"
    entries = (request.path, *request.query, *request.body, *(line for _, line in request.headers))
    names_id = any(secret.kind in ID_PREFIXES for entry in entries for secret in entry.secrets)
    used_up = "all its recorded answers have been used up"
    if not may_be_used_up:
        return "it names another id" if names_id else "its values are repeated in other fields"
    return f"{used_up}, or it names another id" if names_id else used_up


def _entries(key: str) -> frozenset[_Entry]:
    """Return what a match key holds: its first line, and its fields and headers in any order."""
    counts = Counter(filter(None, key.split("\n")))
    return frozenset((entry, n) for entry, count in counts.items() for n in range(count))


def _is_like(sent: frozenset[_Entry], recorded: frozenset[_Entry]) -> bool:
    """Tell whether the path is the same, and at least half of the names, or all of one request."""
    names, others = _names(sent), _names(recorded)
    shared = names & others
    enough = 2 * len(shared) >= len(names | others) or shared in (names, others)
    return enough and any(name.startswith("/") for name in shared)


def _names(entries: frozenset[_Entry]) -> set[str]:
    """Return the names of the fields and headers, and the path."""
    names = (_VALUE.split(entry, maxsplit=1)[0] for entry, _ in entries)
    return {name.partition(" ")[2] or name for name in names}


def _differences(
    sent: frozenset[_Entry], recorded: frozenset[_Entry]
) -> tuple[FieldDifference, ...]:
    only_sent, only_recorded = _by_name(sent - recorded), _by_name(recorded - sent)
    names = sorted(only_sent.keys() | only_recorded.keys())
    return tuple(
        FieldDifference(
            shortened(name), _shortened(only_recorded.get(name)), _shortened(only_sent.get(name))
        )
        for name in names
    )


def _by_name(entries: frozenset[_Entry]) -> dict[str, str]:
    """Return the last value of each field; the request's first line has a blank name."""
    values: dict[str, str] = {}
    for entry, _ in sorted(entries):
        name, *value = _VALUE.split(entry.replace(".?", ""), maxsplit=1)
        values.update({name: value[0]} if value else {"": name})
    return values


def shortened(text: str) -> str:
    """Return a text, or how it begins: a line that has it can still be read."""
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _shortened(text: str | None) -> str | None:
    return None if text is None else shortened(text)
