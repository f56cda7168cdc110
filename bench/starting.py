"""From the start of a process until it is ready."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from functools import partial

from bench.contests import Contender, Contest, Figures, Measure
from bench.lab import Lab
from bench.processes import Place, Server
from bench.traffic import mix

NAME = "start"
BARE, SMALL = "bare aiohttp", "replay, a cassette of 10"
MILLISECONDS = "ms"


def contest(lab: Lab, rounds: int) -> Contest:
    """Return starts of sessions; one has a folder of small cassettes beside its cassette."""
    among = f"{SMALL} among {lab.sizes.folder:,}"
    contenders = (
        Contender(BARE, lambda _: partial(_ready, lambda: lab.place.module("reference"))),
        Contender(SMALL, partial(_small, lab), (BARE,)),
        Contender(among, partial(_crowded, lab), (BARE, SMALL)),
    )
    return Contest(NAME, "how long does a small session take to start?", contenders, rounds)


def _ready(start: Callable[[], Server]) -> Figures:
    with start() as server:
        return {MILLISECONDS: 1e3 * server.seconds}


def _small(lab: Lab, _: ExitStack) -> Measure:
    name = lab.cassette(mix, 10).write(lab.place).stem
    return partial(_ready, lambda: lab.place.tokentape("replay", name))


def _crowded(lab: Lab, _: ExitStack) -> Measure:
    path = lab.cassette(mix, 10).write(lab.place)
    crowded = Place(lab.place.directory / "crowded", lab.place.core)
    crowded.cassettes.mkdir(parents=True)
    for number in range(lab.sizes.folder):
        (crowded.cassettes / f"{path.stem}-{number}.yaml").write_bytes(path.read_bytes())
    return partial(_ready, lambda: crowded.tokentape("replay", f"{path.stem}-0"))
