"""Replay under load, beside a bare aiohttp server, and beside other recorders if wanted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from bench.cassettes import Cassette
from bench.contests import Contender, Contest, Figures, Measure
from bench.lab import Lab
from bench.load import CONNECTIONS, check_counts, write
from bench.passes import send_all
from bench.peers import PEERS, Peer
from bench.traffic import Request, Suite, alike, chunked, keyed, mix, repeated, with_ids

NAME = "replay"
BARE = "bare aiohttp"
SMALL = 100
"""Interactions of the cassette that larger ones are compared with."""
FEW = 5
"""Requests that are sent over and over."""
CHECKED = 100
"""Answers of a peer that are checked: some need seconds for each."""
CROWDS = 3
"""How many times as many people as a cassette has are its other people."""
REPEATING = f"{FEW} requests repeated"
ALIKE = "differing in personal data only"
OTHERS = "other people"
OFFICIAL = "as official clients ask"
GO = "as Go asks, in chunks"
SLOW = "TOKENTAPE_FAST=off"
AUTO = "in auto mode"


@dataclass(frozen=True)
class Way:
    """How a session is started and what is sent to it."""

    name: str
    cassette: Cassette
    suite: Suite
    mode: str = "replay"
    connections: int = CONNECTIONS
    """Of the first pass."""
    compared_with: tuple[str, ...] = ()
    """Contenders beside bare aiohttp."""
    environment: Mapping[str, str] = field(default_factory=dict)


def contest(lab: Lab, rounds: int, peers: Path | None) -> Contest:
    """Return sessions under load; peers are installed in their folder, if it is given."""
    contenders = [
        Contender(way.name, partial(_session, lab, way), (BARE, *way.compared_with))
        for way in ways(lab)
    ]
    if peers:
        contenders += _peers(lab, peers)
    question = "how many requests a second are answered, and how fast, once a suite is warm?"
    return Contest(NAME, question, (*contenders, Contender(BARE, partial(_bare, lab))), rounds)


def ways(lab: Lab) -> Iterator[Way]:
    """Yield what is measured, with small and large cassettes; special cases have many."""
    small, many = (f"{SMALL:,}",), lab.sizes.many
    for size in lab.sizes.replayed:
        cassette = lab.cassette(mix, size)
        larger = small if size > SMALL else ()
        yield Way(f"{size:,}", cassette, cassette.suite(), compared_with=larger)
    mixed, same = lab.cassette(mix, many), lab.cassette(alike, many)
    suite, title = mixed.suite(), f"{many:,}, ".__add__
    official, off = title(OFFICIAL), {"TOKENTAPE_FAST": "off"}
    yield Way(title(REPEATING), mixed, _few(suite))
    yield Way(title(ALIKE), same, same.suite(), compared_with=small)
    yield Way(title(OTHERS), mixed, _others(mixed))
    yield Way(official, mixed, keyed(suite))
    yield Way(title(GO), mixed, chunked(keyed(suite)), compared_with=(official,))
    yield Way(title(SLOW), mixed, suite, environment=off)
    yield Way(title(AUTO), mixed, suite, "auto")


def _few(suite: Suite) -> Suite:
    """Return requests from all over a suite that make tokens."""
    makers = [request for request in suite if request.method == "POST"]
    return tuple(makers[:: len(makers) // FEW][:FEW])


def _others(cassette: Cassette) -> Suite:
    return tuple(repeated(cassette.suite(f"b{number}x") for number in range(CROWDS)))


def _session(lab: Lab, way: Way, stack: ExitStack) -> Measure:
    """Start a session, warm it, and return its load."""
    server = lab.replaying(stack, way.cassette, way.mode, **way.environment)
    requests = lab.warmed(server, way.suite, way.connections)

    def measure() -> Figures:
        figures = lab.clients.load(server.url, requests)
        check_counts(server.url, "missed", "recorded", "forwarded", "refused")
        return figures

    return measure


def _bare(lab: Lab, stack: ExitStack) -> Measure:
    server = stack.enter_context(lab.place.module("reference"))
    return partial(lab.clients.load, server.url, lab.plain())


def _peers(lab: Lab, folder: Path) -> Iterator[Contender]:
    for peer, size in ((peer, size) for peer in PEERS for size in lab.sizes.replayed):
        if size <= peer.most:
            prepare = partial(_peer, lab, peer, size, folder)
            yield Contender(f"{peer.name}, {size:,}", prepare, (BARE,))


def _peer(lab: Lab, peer: Peer, size: int, folder: Path, stack: ExitStack) -> Measure:
    suite = lab.cassette(mix, size).suite()
    ids = {index: f"tok_1Bench{index:014}" for index in range(size)}
    requests: tuple[Request, ...] = tuple(with_ids(suite, ids))
    url = stack.enter_context(peer.serving(folder, lab.place, requests))
    send_all(url, requests, range(min(size, CHECKED)), result="")
    path = lab.place.directory / f"{peer.name}{size}.requests"
    return partial(lab.clients.load, url, write(requests, path))
