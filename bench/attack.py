"""A single request that is made to be expensive: very many fields that nothing tells apart.

Its process may take a limited amount of memory, so that an attack that succeeds ends it and not
the machine.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from contextlib import ExitStack
from functools import partial
from urllib.parse import urlencode

from bench.cassettes import record
from bench.contests import Contender, Contest, Figures, Measure
from bench.lab import Lab
from bench.passes import Client
from bench.processes import Place
from bench.traffic import CARDS, HEADERS, Request

NAME = "attack"
LIMIT = 2 << 30
"""Bytes of address space that the attacked process may take."""
MILLISECONDS, MEMORY = "ms", "MiB more"
UNKNOWN, METADATA = "unknown fields", "metadata keys"
HIT, MISS = "a hit", "a miss"
CARD = {"card[number]": CARDS[0], "card[exp_month]": "5", "card[exp_year]": "2030"}


def contest(lab: Lab, rounds: int) -> Contest:
    """Return attacks in replay: what is recorded, and what lacks one field to be it."""
    contenders = (
        Contender(f"{lab.sizes.fields:,} {what}, {outcome}", partial(_prepared, lab, what, outcome))
        for what in (UNKNOWN, METADATA)
        for outcome in (HIT, MISS)
    )
    question = "what can a single request cost?"
    return Contest(NAME, question, tuple(contenders), rounds)


def _prepared(lab: Lab, what: str, outcome: str, _: ExitStack) -> Measure:
    name = f"attack-{what.partition(' ')[0]}{lab.sizes.fields}"
    if not (lab.place.cassettes / f"{name}.yaml").exists():
        _record(lab, name, _attack(what, lab.sizes.fields, "recorded", lab.seed))
    size = lab.sizes.fields - (outcome == MISS)
    request = _attack(what, size, "replayed", lab.seed + 1)

    def measure() -> Figures:
        with lab.place.tokentape("replay", name, memory=LIMIT) as server:
            with Client(server.url) as client:
                before = server.memory()
                server.forget_peak()
                milliseconds = client.milliseconds(request, 200 if outcome == HIT else 424)
            return {MILLISECONDS: milliseconds, MEMORY: (server.peak() - before) / 2**20}

    return measure


def _record(lab: Lab, name: str, request: Request) -> None:
    beside = Place(lab.place.directory, lab.clients.core)
    with beside.module("upstream") as upstream:
        options = ("--upstream", upstream.url)
        record(lab.place.tokentape("record", name, *options, memory=LIMIT), (request,))


def _attack(what: str, size: int, value: str, seed: int) -> Request:
    """Return a request with so many fields, those of its card included, in random order."""
    numbers = list(range(size - len(CARD)))
    random.Random(seed).shuffle(numbers)
    form = "card[field{}]" if what == UNKNOWN else "metadata[key{}]"
    fields: Mapping[str, str] = {form.format(n): f"{value} {n}" for n in numbers}
    return Request("POST", "/v1/tokens", HEADERS, urlencode({**CARD, **fields}).encode())
