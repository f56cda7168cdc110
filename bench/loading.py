"""What a cassette costs before the first request: seconds until ready, and memory.

A load is what a session takes longer to be ready with a large cassette than with a small one.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from statistics import median

import yaml
from vcr.serializers import yamlserializer

from bench.cassettes import Cassette
from bench.contests import Contender, Contest, Figures, Measure
from bench.lab import Lab
from bench.passes import Client
from bench.processes import output, pinned, python_module
from bench.traffic import mix

NAME = "load"
SECONDS, BYTES, LOOK_UP = "s", "bytes an interaction", "µs a look-up"
VCRPY, FILE, FOREIGN = "vcrpy", "the file's bytes", "saved again by vcrpy"
ROUNDS = 3
"""More tell nothing new, and vcrpy takes ten seconds for each."""
LOOKED_UP = 20
"""Requests whose answers are looked up, each by itself."""


def contest(lab: Lab, rounds: int) -> Contest:
    """Return loads of cassettes of many and of most interactions, and of the file by vcrpy."""
    many, most = lab.cassette(mix, lab.sizes.many), lab.cassette(mix, lab.sizes.most)
    ours, theirs, file = f"{many.size:,}", f"{VCRPY}, {many.size:,}", f"{FILE}, {many.size:,}"
    large, large_file = f"{most.size:,}", f"{FILE}, {most.size:,}"

    def contender(
        name: str, prepare: Callable[[Lab, Cassette], Measure], cassette: Cassette, *against: str
    ) -> Contender:
        return Contender(name, lambda _: prepare(lab, cassette), against)

    contenders = (
        contender(file, _file, many),
        contender(theirs, _vcrpy, many),
        contender(ours, _session, many, theirs, file),
        contender(f"{ours}, {FOREIGN}", _foreign, many, theirs, ours),
        contender(large_file, _file, most),
        contender(large, _session, most, ours, large_file),
    )
    question = "how long does a session load, and what does it hold?"
    return Contest(NAME, question, contenders, min(rounds, ROUNDS))


def saved_again(path: Path) -> Path:
    """Save a cassette as vcrpy saves it: the same, in another form."""
    document = yaml.load(path.read_text("ascii"), getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    again = path.with_name(f"{path.stem}-again.yaml")
    again.write_text(yamlserializer.serialize(document), "ascii")
    again.chmod(0o600)
    return again


def _file(lab: Lab, cassette: Cassette) -> Measure:
    path = cassette.write(lab.place)
    return lambda: {BYTES: path.stat().st_size / cassette.size}


def _session(lab: Lab, cassette: Cassette) -> Measure:
    path = cassette.write(lab.place)

    def measure() -> Figures:
        with lab.place.tokentape("replay", path.stem) as session:
            figures = _more_than_small(lab, session.seconds, session.memory(), cassette.size)
            return {**figures, LOOK_UP: _whole_answers(session.url, cassette)}

    return measure


def _foreign(lab: Lab, cassette: Cassette) -> Measure:
    path = saved_again(cassette.write(lab.place))

    def measure() -> Figures:
        with lab.place.tokentape("replay", path.stem) as session:
            return _more_than_small(lab, session.seconds, session.memory(), cassette.size)

    return measure


def _more_than_small(lab: Lab, seconds: float, memory: int, size: int) -> Figures:
    """Return what a load takes more than that of a cassette of one interaction."""
    with ExitStack() as stack:
        small = lab.replaying(stack, lab.cassette(mix, 1))
        return {SECONDS: seconds - small.seconds, BYTES: (memory - small.memory()) / size}


def _whole_answers(url: str, cassette: Cassette) -> float:
    """Return the µs of an answer, over HTTP and all: more than a look-up, and still compared."""
    makers = [request for request in cassette.suite() if request.method == "POST"]
    with Client(url) as client:
        requests = makers[:: max(1, len(makers) // LOOKED_UP)]
        return 1e3 * median(client.milliseconds(request, 200) for request in requests)


def _vcrpy(lab: Lab, cassette: Cassette) -> Measure:
    return partial(_loaded_by_vcrpy, cassette.write(lab.place), lab.place.core)


def _loaded_by_vcrpy(path: Path, core: int) -> Figures:
    with pinned(core):
        seconds, look_up = json.loads(output(*python_module("vcrpy"), path, str(LOOKED_UP)))
    return {SECONDS: seconds, LOOK_UP: look_up}
