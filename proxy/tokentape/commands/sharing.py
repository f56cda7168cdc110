"""A cassette replayed in several processes at one port."""

from __future__ import annotations

import socket
from collections.abc import Iterable

from tokentape.commands.plans import SessionPlan
from tokentape.commands.serving import (
    conclude,
    fault,
    notice,
    report_faults,
    run_loop,
    spare_clients_the_collector,
)
from tokentape.edges import descriptors, terminal
from tokentape.edges.server import shared
from tokentape.edges.workers import Channel, Crew
from tokentape.pure.replay.decide import Mode
from tokentape.pure.replay.receipt import together
from tokentape.session.opening import Ending, Opener, url
from tokentape.session.service import Service


def replay_in_workers(plan: SessionPlan, workers: int) -> int:
    """Replay until a signal ends all workers; return the exit status.

    Each worker has its own session. The receipt is that of all together. Raises CassetteError,
    ConfigurationError for an address that cannot be had, and WorkerLost.
    """
    opener = Opener(plan.settings, notice, fault)
    service = opener.service(Mode.REPLAY, plan.cassette)
    descriptors.make_room(plan.settings.limits.connections)
    sockets = shared(*plan.settings.listen, workers)
    host, port = sockets[0].getsockname()[:2]
    spare_clients_the_collector()  # which would also copy what is loaded into each process

    def work(number: int, channel: Channel) -> None:
        own_socket = sockets.pop(number)
        _close(sockets)
        run_loop(_replay(opener, service, own_socket, channel))

    crew = Crew(workers, work)
    _close(sockets)
    crew.receive()
    terminal.say(f"replay {plan.cassette} on {url(host, port)}")
    ending = Ending(together(crew.receive()))
    crew.join()
    return conclude(plan, service, ending, failed=False).exit_status


async def _replay(opener: Opener, service: Service, at: socket.socket, channel: Channel) -> int:
    report_faults()
    session = await opener.opened(service, at=at)
    channel.send("ready")
    await channel.end_requested()
    channel.send((await session.close()).receipt)
    return 0


def _close(sockets: Iterable[socket.socket]) -> None:
    for listening in sockets:
        listening.close()
