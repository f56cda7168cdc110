"""What a cassette costs before the first request: seconds until ready, and memory.

A load is what a session takes longer to be ready with a large cassette than with a small one.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from statistics import median

import yaml
from vcr.serializers import yamlserializer

from bench.cassettes import Cassette
from bench.figures import Absent, Contest, Figures, Row
from bench.load import Client, output
from bench.processes import Place, pinned, python_module
from bench.traffic import mix

SECONDS, BYTES, LOOK_UP = "s", "bytes an interaction", "µs a look-up"
FILE = "the file's bytes"
LOOKED_UP = 20
"""Requests whose answers are looked up one by one."""


def measured(
    contest: Contest, place: Place, rounds: int, many: int, most: int
) -> Iterator[Row | Absent]:
    """Load cassettes of `many` and `most` interactions, and with vcrpy one of `many`."""
    Cassette.of("small", 1, mix).write(place.cassettes)
    vcrpy, ours, foreign = f"vcrpy, {many:,}", f"{many:,}", f"{many:,}, saved again by vcrpy"
    large = f"{most:,}"
    cassettes = {size: Cassette.of(f"mix{size}", size, mix) for size in (many, most)}
    if contest.asks_for(ours) or contest.asks_for(foreign):
        path = cassettes[many].write(place.cassettes)
        contest.add(FILE, partial(_file, path, many))
        contest.add(vcrpy, partial(_vcrpy, place, path))
        contest.add(ours, partial(_session, place, cassettes[many]), vcrpy, FILE)
    if contest.asks_for(foreign):
        again = saved_again(path, f"again{many}")
        contest.add(foreign, partial(_session, place, cassettes[many], again), vcrpy, ours)
    if most > many and contest.asks_for(large):
        path = cassettes[most].write(place.cassettes)
        contest.add(f"{FILE}, {large}", partial(_file, path, most))
        contest.add(large, partial(_session, place, cassettes[most]), ours, f"{FILE}, {large}")
    if contest:
        yield from contest.rows(rounds)
    yield from contest.absent


def saved_again(path: Path, name: str) -> Path:
    """Save a cassette as vcrpy saves it: the same, in another form."""
    document = yaml.load(path.read_text("ascii"), getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    again = path.with_name(f"{name}.yaml")
    again.write_text(yamlserializer.serialize(document), "ascii")
    again.chmod(0o600)
    return again


def _file(path: Path, count: int) -> Figures:
    return {BYTES: path.stat().st_size / count}


def _session(place: Place, cassette: Cassette, path: Path | None = None) -> Figures:
    with place.tokentape("replay", "small") as small:
        held = small.memory()
    with place.tokentape("replay", path.stem if path else cassette.name) as session:
        figures = {SECONDS: session.seconds - small.seconds}
        figures[BYTES] = (session.memory() - held) / cassette.count
        if path is None:
            figures[LOOK_UP] = _whole_answers(session.url, cassette)
        return figures


def _whole_answers(url: str, cassette: Cassette) -> float:
    """Return what an answer takes, over HTTP and all: more than a look-up, and still compared."""
    with Client(url) as client:
        asked = list(cassette.requests())[:: max(1, cassette.count // LOOKED_UP)]
        return 1e3 * median(client.milliseconds(one, 200) for one in asked)


def _vcrpy(place: Place, path: Path) -> Figures:
    with pinned(place.core):
        seconds, look_up = json.loads(output(*python_module("vcrpy"), path, str(LOOKED_UP)))
    return {SECONDS: seconds, LOOK_UP: look_up}
