"""Events as lines for people: one for each request, and why where something went wrong.

    POST /v1/tokens card[number]={{card:visa}} … 200 recorded 41 ms
    POST /v1/tokens card[number]={{card:visa}} … 424 miss 0 ms
      interaction 3: card[exp_year] is recorded as 2030, and 2031 was sent
      Record it with `tokentape auto shop` or `tokentape record shop`.

A reason that was shown before is not shown again: a client that retries, or a test that runs in a
loop, would bury the first.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from tokentape.pure.replay.misses import MissReport, shortened
from tokentape.pure.stripe.kinds import ID_PREFIXES, NUMBER_KINDS
from tokentape.pure.watching.events import Event, Note, Repeats, Result, Watched

WIDTH = 140
"""Characters of a line about a request, by which fields are left out; other lines are as bounded as
the texts of a report."""
_REMEMBERED = 1_000
"""Reasons and requests that are remembered as shown."""
_TELLING = tuple("{{" + kind for kind in (*NUMBER_KINDS, *ID_PREFIXES))
_FEW = 3
"""How many requests whose answers were given again get a line each."""

LATEST = 50
"""Lines of the latest requests that are remembered for a test that fails."""

COLOURS = {
    None: "yellow",
    Result.RECORDED: "cyan",
    Result.REPLAYED: "green",
    Result.FORWARDED: "blue",
    Result.MISS: "red",
    Result.REFUSED: "yellow",
    Result.INJECTED: "magenta",
}


class EventLine(NamedTuple):
    """A line of text, and the result that it is about, if it is about one."""

    text: str
    result: Result | None = None


@dataclass(slots=True)
class EventLines:
    """Makes lines of events; remembers what it has shown."""

    is_quiet: bool = False
    """Only what goes wrong gets lines."""
    names_sessions: bool = False
    """Lines begin with the name of the session: there are several."""
    _shown: OrderedDict[Hashable, str] = field(default_factory=OrderedDict)

    def of(self, event: Watched) -> Iterator[EventLine]:
        """Yield the lines of an event."""
        prefix = f"{event.session}: " if self.names_sessions else ""
        for line in self._lines(event):
            yield line._replace(text=prefix + line.text)

    def _lines(self, event: Watched) -> Iterator[EventLine]:
        if isinstance(event, Note):
            yield EventLine(event.text)
        elif isinstance(event, Event):
            yield from self._answered(event)
        elif not self.is_quiet:
            yield from self._repeated(event)

    def _answered(self, event: Event) -> Iterator[EventLine]:
        details = tuple(_details(event))
        if self.is_quiet and not details:
            return
        is_new = not details or self._is_new(("details", event.session, details))
        line = _line(event) + ("" if is_new else ", as shown above")
        if event.result is Result.REPLAYED:
            self._is_new((event.session, event.number), _line(event, is_timed=False))
        yield EventLine(line, event.result)
        for detail in details if is_new else ():
            yield EventLine(f"  {detail}", event.result)

    def _repeated(self, event: Repeats) -> Iterator[EventLine]:
        total = sum(event.counts.values())
        if len(event.counts) > _FEW:
            yield EventLine(
                f"{total:,} more answers like those to {len(event.counts):,} requests above",
                Result.REPLAYED,
            )
            return
        for number, count in event.counts.items():
            line = self._shown.get((event.session, number), "as a request above")
            yield EventLine(f"{count:,} more: {line}", Result.REPLAYED)

    def _is_new(self, key: Hashable, line: str = "") -> bool:
        is_new = key not in self._shown
        self._shown[key] = line
        if len(self._shown) > _REMEMBERED:
            self._shown.popitem(last=False)
        return is_new


class LatestLines:
    """The lines of all that went wrong, and those of the latest requests."""

    def __init__(self) -> None:
        self.wrong: list[str] = []
        self.latest = deque[str](maxlen=LATEST)
        self._quiet, self._all = EventLines(is_quiet=True), EventLines()

    def watch(self, event: Watched) -> None:
        """Make the lines of an event."""
        self.wrong += (line.text for line in self._quiet.of(event))
        self.latest += (line.text for line in self._all.of(event))


def _line(event: Event, *, is_timed: bool = True) -> str:
    end = f"{event.status or 'no answer,'} {event.result}"
    if is_timed:
        end += f" {event.seconds * 1000:,.0f} ms"
    if event.is_retry:
        end += ", a retry"
    if event.is_further:
        end += ", further"
    request = _request(event)
    fields = _fitting(event.fields, WIDTH - len(request) - len(end))
    return " ".join((request, *fields, end))


def _request(event: Event) -> str:
    """Return method and path; what has none was refused unread."""
    return f"{event.method} {plain(event.path)}" if event.method else "a request that was not read"


def _fitting(fields: tuple[str, ...], room: int) -> list[str]:
    """Return the fields that fit, those first that tell requests apart."""
    texts = [shortened(text) for text in telling_first(fields)]
    shown: list[str] = []
    for text in texts:
        room -= len(text) + 1
        if room < 0:
            break
        shown.append(text)
    return shown if len(shown) == len(texts) else [*shown, "…"]


def telling_first(fields: Iterable[str]) -> list[str]:
    """Return fields for people: those first that tell requests apart, such as a card's number."""
    texts = map(plain, fields)
    return sorted(texts, key=lambda text: not text.partition("=")[2].startswith(_TELLING))


def plain(text: str) -> str:
    """Return a redacted text without the marks of variables that have no number yet."""
    return text.replace(".?", "")


def _details(event: Event) -> Iterator[str]:
    if event.is_retry:
        return
    yield from event.reasons
    if event.miss:
        yield from _of_miss(event.miss)


def _of_miss(miss: MissReport) -> Iterator[str]:
    if not miss.near:
        yield miss.summary
    for recorded in miss.near:
        for reason in miss.reasons(recorded):
            yield f"interaction {recorded.number}: {reason}"
    yield from miss.advice
