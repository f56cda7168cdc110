"""What is to be served: a session, or an admin port that opens sessions."""

from __future__ import annotations

from dataclasses import dataclass, field

from tokentape.edges.settings import Settings


@dataclass(frozen=True, slots=True)
class SessionPlan:
    """A session of one cassette in one mode: record, replay or auto.

    `prune`: interactions that were not used are removed from the cassette, if all went well.
    """

    settings: Settings
    mode: str
    cassette: str
    prune: bool = False


@dataclass(frozen=True, slots=True)
class AdminPlan:
    """An admin port at an address.

    `token` is what requests to it must carry, "" for a random one. `mode` is that of sessions that
    do not choose one. With a command, all ends with that.
    """

    settings: Settings
    address: tuple[str, int]
    token: str = field(repr=False)
    mode: str
    command: tuple[str, ...]
