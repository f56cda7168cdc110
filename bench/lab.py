"""What all contests need: a place, clients, and how large everything is."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from bench.cassettes import Cassette
from bench.load import CONNECTIONS, Clients, write
from bench.passes import send_all
from bench.processes import Place, Server
from bench.traffic import Suite, Traffic, mix, shuffled, with_ids


@dataclass(frozen=True)
class Sizes:
    """How many interactions cassettes have, and how many of everything else are sent."""

    replayed: tuple[int, ...]
    many: int
    most: int
    block: int
    """Interactions that are recorded for a cassette; larger ones repeat them."""
    folder: int
    """Cassettes in a folder."""
    people: int
    """How many different people one process serves."""
    fields: int
    """How many fields an attack has."""


FULL = Sizes((1, 100, 10_000, 100_000), 10_000, 100_000, 10_000, 1_000, 1_000_000, 2_000)
QUICK = Sizes((1, 100), 100, 300, 100, 20, 1_000, 5)


@dataclass(frozen=True)
class Lab:
    """Where contests are measured."""

    place: Place
    clients: Clients
    sizes: Sizes
    seed: int
    """Of the order in which suites are sent that are shuffled."""

    def cassette(self, traffic: Traffic, size: int) -> Cassette:
        return Cassette(traffic, size, self.sizes.block)

    def replaying(
        self,
        stack: ExitStack,
        cassette: Cassette,
        mode: str = "replay",
        environment: Mapping[str, str] | None = None,
    ) -> Server:
        """Start a session of a cassette, to be ended by the stack."""
        cassette.write(self.place)
        session = self.place.tokentape(mode, cassette.name, environment=environment)
        return stack.enter_context(session)

    def warmed(self, server: Server, suite: Suite, connections: int = CONNECTIONS) -> Path:
        """Send each request once, shuffled, and check each answer.

        Returns a file of the same requests for clients, with the ids that were answered. Raises
        NotRun unless each was replayed.
        """
        order = shuffled(suite, self.seed)
        ids = send_all(server.url, suite, order, connections=connections).ids
        path = self.place.directory / f"{server.process.pid}.requests"
        return write(with_ids(suite, ids), path)

    def plain(self) -> Path:
        """Return a file of requests for servers that answer anything."""
        suite = mix(100, "a0")
        ids = {index: f"tok_1Bench{index:014}" for index in range(len(suite))}
        return write(with_ids(suite, ids), self.place.directory / "plain.requests")
