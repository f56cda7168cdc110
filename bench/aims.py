"""What is asked of the figures, and whether it holds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from bench import attack, first_pass, loading, misses, people, recording, replay, starting
from bench.contests import Row
from bench.lab import Lab
from bench.load import P99, RATE


@dataclass(frozen=True)
class Aim:
    """A figure of a contender, absolute or by that of another, and the limit that it is to keep."""

    text: str
    limit: float
    contest: str
    name: str
    figure: str
    against: str = ""
    """The other contender; if empty, the figure itself is what counts."""
    at_least: bool = False
    """The limit is the least, and not the most."""
    worst: bool = False
    """The largest of all rounds counts, and not their median."""


@dataclass(frozen=True)
class Verdict:
    """An aim, and what was measured of it."""

    aim: Aim
    measured: float | None
    """None if it was not measured."""

    @property
    def holds(self) -> bool | None:
        """Whether the aim holds; None if it was not measured."""
        if self.measured is None:
            return None
        low, high = sorted((self.measured, self.aim.limit))
        return (low if self.aim.at_least else high) == self.aim.limit


def verdicts(aims: Sequence[Aim], rows: Sequence[Row]) -> tuple[Verdict, ...]:
    """Return what became of each aim."""
    return tuple(Verdict(aim, _measured(aim, rows)) for aim in aims)


def _measured(aim: Aim, rows: Sequence[Row]) -> float | None:
    for row in rows:
        same = (row.contest, row.name, row.figure) == (aim.contest, aim.name, aim.figure)
        if same and aim.against in ("", row.against):
            values = row.ratios if aim.against else row.ours
            return max(values) if aim.worst else median(values)
    return None


def aims(lab: Lab) -> tuple[Aim, ...]:
    """Return all aims, for cassettes of these sizes."""
    groups = (_first_passes, _rates, _delays, _people, _attacks, _rest, _recordings)
    return tuple(aim for group in groups for aim in group(lab))


def _first_passes(lab: Lab) -> Iterator[Aim]:
    many, contest = f"{lab.sizes.many:,}", first_pass.NAME
    ordered, mixed = (
        f"{many}, {order}" for order in (first_pass.RECORDED_ORDER, first_pass.SHUFFLED)
    )
    slowest, seconds = first_pass.SLOWEST, first_pass.SECONDS
    text = f"first pass over {many}, shuffled by recorded order"
    yield Aim(text, 1.3, contest, mixed, seconds, ordered)
    for name, order in ((ordered, "recorded order"), (mixed, "shuffled")):
        text = f"its slowest request, {order}, ms"
        yield Aim(text, 20, contest, name, slowest, worst=True)


def _rates(lab: Lab) -> Iterator[Aim]:
    many, bare = f"{lab.sizes.many:,}", replay.BARE

    def aim(text: str, limit: float, name: str, against: str) -> Aim:
        return Aim(text, limit, replay.NAME, name, RATE, against, at_least=True)

    for size in lab.sizes.replayed:
        least = 2.1 if size <= replay.SMALL else 1.8 if size <= lab.sizes.many else 1.5
        yield aim(f"replay of {size:,}, requests/s by bare aiohttp", least, f"{size:,}", bare)
    kinds = (
        (replay.OFFICIAL, 1.0),
        (replay.OTHERS, 0.35),
        (replay.GO, 0.4),
        (replay.REPEATING, 2.5),
    )
    for name, least in ((f"{many}, {kind}", least) for kind, least in kinds):
        yield aim(f"of {name}, by bare aiohttp", least, name, bare)


def _delays(lab: Lab) -> Iterator[Aim]:
    many = f"{lab.sizes.many:,}"
    names = [f"{size:,}" for size in lab.sizes.replayed]
    names += [f"{many}, {what}" for what in (replay.REPEATING, replay.OFFICIAL)]
    for name in names:
        text = f"p99 of {name}, by bare aiohttp's"
        yield Aim(text, 2, replay.NAME, name, P99, replay.BARE)


def _people(lab: Lab) -> Iterator[Aim]:
    name = people.title(lab)
    for figure, limit in ((people.TIME_GROWTH, 1.2), (people.MEMORY_GROWTH, 1.05)):
        yield Aim(f"{lab.sizes.people:,} people: {figure}", limit, people.NAME, name, figure)


def _attacks(lab: Lab) -> Iterator[Aim]:
    for what in (attack.UNKNOWN, attack.METADATA):
        for outcome in (attack.HIT, attack.MISS):
            name = f"{lab.sizes.fields:,} {what}, {outcome}"
            for figure, limit in ((attack.MILLISECONDS, 250), (attack.MEMORY, 50)):
                yield Aim(f"{name}, {figure}", limit, attack.NAME, name, figure, worst=True)


def _rest(lab: Lab) -> Iterator[Aim]:
    many, load = f"{lab.sizes.many:,}", loading.NAME
    vcrpy, foreign = f"{loading.VCRPY}, {many}", f"{many}, {loading.FOREIGN}"
    file, seconds = f"{loading.FILE}, {many}", loading.SECONDS
    yield Aim(f"a miss at {many}, ms", 20, misses.NAME, misses.MISSED, misses.MILLISECONDS)
    yield Aim(f"loading {many}, by vcrpy", 0.1, load, many, seconds, vcrpy)
    yield Aim(f"loading {foreign}, by vcrpy", 0.33, load, foreign, seconds, vcrpy)
    yield Aim(f"memory of {many}, by the file's bytes", 2, load, many, loading.BYTES, file)
    text, small = "start, by bare aiohttp's", starting.SMALL
    yield Aim(text, 1.5, starting.NAME, small, starting.MILLISECONDS, starting.BARE)


def _recordings(lab: Lab) -> Iterator[Aim]:
    contest, figure, late = recording.NAME, recording.ADDED, recording.late(lab)
    text = "recording's added p50, by the simplest forwarder's"
    yield Aim(text, 1.75, contest, recording.RECORD, figure, recording.FORWARDER)
    text = f"the same with {lab.sizes.most:,} recorded before, by the first"
    yield Aim(text, 1.2, contest, late, figure, recording.RECORD)
