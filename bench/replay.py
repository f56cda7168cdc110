"""Replay under load, beside a bare aiohttp server, and beside other recorders if asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from itertools import chain, islice
from pathlib import Path

from tokentape.pure.http.messages import Request

from bench.cassettes import Cassette
from bench.figures import Absent, Contest, Row
from bench.load import Client, Clients, counts, write
from bench.peers import PEERS
from bench.processes import Place, Server
from bench.traffic import alike, keyed, mix

BARE = "bare aiohttp"
SMALL = 100
"""Interactions of the cassette that larger ones are compared with."""
FEW = 5
"""Requests that are sent over and over."""
CHECKED = 100
"""Answers of a peer that are looked at: some need seconds for each."""
PASSES = 3
"""How often other people send all requests of a cassette before the first come again."""


@dataclass(frozen=True)
class Contender:
    """A session under load: how it is started, and which requests are sent."""

    name: str
    cassette: Cassette
    requests: Callable[[], Iterable[Request]]
    mode: str = "replay"
    keyed: bool = False
    """Each POST has an Idempotency-Key of its own, as official clients have it."""
    besides: tuple[str, ...] = ()
    """Who it is compared with, beside bare aiohttp."""
    environment: Mapping[str, str] = field(default_factory=dict)


def contenders(sizes: Iterable[int], many: int) -> Iterator[Contender]:
    """Yield what is measured, with cassettes of these sizes; `many` is that of special cases."""
    small = (f"{SMALL:,}",)
    for size in sizes:
        mixed = Cassette.of(f"mix{size}", size, mix)
        larger = small if size > SMALL else ()
        yield Contender(f"{size:,}", mixed, mixed.requests, besides=larger)
    mixed, same = Cassette.of(f"mix{many}", many, mix), Cassette.of(f"alike{many}", many, alike)
    few = partial(_few, mixed)
    yield Contender(f"{many:,}, {FEW} requests repeated", mixed, few)
    yield Contender(f"{many:,}, differing in variables alone", same, same.requests, besides=small)
    yield Contender(f"{many:,}, other people each time", mixed, partial(_others, mixed))
    yield Contender(f"{many:,}, as official clients ask", mixed, mixed.requests, keyed=True)
    off = {"TOKENTAPE_FAST": "off"}
    yield Contender(f"{many:,}, TOKENTAPE_FAST=off", mixed, mixed.requests, environment=off)
    yield Contender(f"{many:,}, in auto mode", mixed, mixed.requests, "auto")


def _few(cassette: Cassette) -> Iterator[Request]:
    return islice(cassette.requests(), 0, None, max(1, cassette.count // FEW))


def _others(cassette: Cassette) -> Iterator[Request]:
    return chain.from_iterable(cassette.requests(f"b{number}x") for number in range(PASSES))


def measured(
    contest: Contest,
    place: Place,
    clients: Clients,
    rounds: int,
    sizes: Iterable[int],
    many: int,
    peers: Path | None,
) -> Iterator[Row | Absent]:
    """Load all contenders in turn; peers are installed in their folder, if one is said."""
    served: dict[str, Server] = {}
    with ExitStack() as stack:
        for one in filter(lambda one: contest.asks_for(one.name), contenders(sizes, many)):
            with contest.entering(one.name):
                served[one.name] = _enter(contest, place, clients, one, stack)
        if peers is not None:
            _enter_peers(contest, place, clients, sizes, peers, stack)
        if contest:
            bare = stack.enter_context(place.module("reference"))
            sent = write(Cassette.of("mix100", 100, mix).requests(), place.directory / "bare")
            contest.add(BARE, lambda: clients.load(bare.url, sent))
            yield from _unless_missed(contest.rows(rounds), served)
    yield from contest.absent


def _enter(
    contest: Contest, place: Place, clients: Clients, one: Contender, stack: ExitStack
) -> Server:
    """Start a contender, check its answers, and have it measured."""
    one.cassette.write(place.cassettes)
    name = one.cassette.name
    server = stack.enter_context(place.tokentape(one.mode, name, **one.environment))
    checked, loaded = one.requests(), one.requests()
    if one.keyed:
        checked, loaded = keyed(checked, "check{}"), keyed(loaded, "{{new}}")
    with Client(server.url) as client:
        client.check(checked, "replayed", ahead=1)
    sent = write(loaded, place.directory / f"{one.name}.requests")
    contest.add(one.name, lambda: clients.load(server.url, sent), BARE, *one.besides)
    return server


def _unless_missed(rows: Iterator[Row], served: Mapping[str, Server]) -> Iterator[Row | Absent]:
    """Yield rows, but none of a session that replayed no more: wrk sees a status alone."""
    for row in rows:
        told = counts(served[row.name].url) if row.name in served else {}
        amiss = {what: told.get(what, 0) for what in ("missed", "recorded", "forwarded", "refused")}
        if any(amiss.values()):
            yield Absent(row.contest, row.name, f"not all was replayed: {amiss}")
        else:
            yield row


def _enter_peers(
    contest: Contest,
    place: Place,
    clients: Clients,
    sizes: Iterable[int],
    folder: Path,
    stack: ExitStack,
) -> None:
    for peer, size in ((peer, size) for peer in PEERS for size in sizes if size <= peer.most):
        name = f"{peer.name}, {size:,}"
        if not contest.asks_for(name):
            continue
        with contest.entering(name):
            requests = tuple(Cassette.of(f"mix{size}", size, mix).requests())
            url = stack.enter_context(peer.serving(folder, place, requests))
            with Client(url) as client:
                client.check(islice(requests, CHECKED), ahead=1)
            sent = write(requests, place.directory / f"{name}.requests")
            contest.add(name, partial(clients.load, url, sent), BARE)
