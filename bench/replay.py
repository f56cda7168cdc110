"""Replay under load, beside a bare aiohttp server, and beside other recorders if wanted."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from bench.cassettes import Cassette
from bench.contests import Contender, Contest, Figures, Measure
from bench.lab import Lab
from bench.load import check_counts, write
from bench.passes import send_all
from bench.peers import PEERS, Peer
from bench.traffic import Request, Suite, alike, chunked, keyed, mix, strangers, with_ids

NAME = "replay"
BARE = "bare aiohttp"
SMALL = 100
"""Interactions of the cassette that larger ones are compared with."""
FEW = 5
"""Requests that are sent over and over."""
CHECKED = 100
"""Answers of a peer that are checked: some need seconds for each."""
REPEATING = f"{FEW} requests repeated"
ALIKE = "differing in personal data only"
OTHERS = "other people"
OFFICIAL = "as official clients ask"
GO = "as Go asks, in chunks"
SLOW = "TOKENTAPE_FAST=off"
AUTO = "in auto mode"


@dataclass(frozen=True)
class Scenario:
    """How a session is started and what is sent to it."""

    name: str
    cassette: Cassette
    suite: Callable[[], Suite]
    mode: str = "replay"
    compared_with: tuple[str, ...] = ()
    """Contenders beside bare aiohttp."""
    environment: Mapping[str, str] = field(default_factory=dict)


def contest(lab: Lab, rounds: int, peers: Path | None) -> Contest:
    """Return sessions under load; peers are installed in their folder, if it is given."""
    contenders = [
        Contender(scenario.name, partial(_session, lab, scenario), (BARE, *scenario.compared_with))
        for scenario in scenarios(lab)
    ]
    if peers:
        contenders += _peers(lab, peers)
    question = "how many requests a second are answered, and how fast, once a suite is warm?"
    return Contest(NAME, question, (*contenders, Contender(BARE, partial(_bare, lab))), rounds)


def scenarios(lab: Lab) -> Iterator[Scenario]:
    """Yield what is measured, with small and large cassettes; special cases have many."""
    small, many = (f"{SMALL:,}",), lab.sizes.many
    for size in lab.sizes.replayed:
        cassette = lab.cassette(mix, size)
        larger = small if size > SMALL else ()
        yield Scenario(f"{size:,}", cassette, cassette.suite, compared_with=larger)
    mixed, same = lab.cassette(mix, many), lab.cassette(alike, many)
    title = f"{many:,}, ".__add__
    official, off = title(OFFICIAL), {"TOKENTAPE_FAST": "off"}
    yield Scenario(title(REPEATING), mixed, lambda: _few(mixed.suite()))
    yield Scenario(title(ALIKE), same, same.suite, compared_with=small)
    yield Scenario(title(OTHERS), mixed, lambda: strangers(many))
    yield Scenario(official, mixed, lambda: keyed(mixed.suite()))
    yield Scenario(title(GO), mixed, lambda: _as_go(mixed), compared_with=(official,))
    yield Scenario(title(SLOW), mixed, mixed.suite, environment=off)
    yield Scenario(title(AUTO), mixed, mixed.suite, "auto")


def _few(suite: Suite) -> Suite:
    """Return requests from all over a suite that make tokens."""
    makers = [request for request in suite if request.method == "POST"]
    return tuple(makers[:: len(makers) // FEW][:FEW])


def _as_go(cassette: Cassette) -> Suite:
    return chunked(keyed(cassette.suite()))


def _session(lab: Lab, scenario: Scenario, stack: ExitStack) -> Measure:
    """Start a session, warm it, and return its load."""
    server = lab.replaying(stack, scenario.cassette, scenario.mode, scenario.environment)
    requests = lab.warmed(server, scenario.suite())

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
