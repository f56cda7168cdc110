"""Where the time of a replayed request goes: each step in process, without a socket, as a picture.

python -m bench.steps docs/steps.svg
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from bench.cassettes import Cassette
from bench.traffic import mix, raw
from proxy import assembly
from proxy.edges.server.memory import LIMIT as MEMORY
from proxy.edges.server.memory import Memory
from proxy.edges.server.reader import RequestReader
from proxy.edges.server.writer import framed
from proxy.edges.settings import Match, Redact
from proxy.memo import LIMIT
from proxy.pure.decide import Mode
from proxy.pure.matching import Session
from proxy.pure.messages import Request, Response
from proxy.service import Policy, Service

COUNT, ROUNDS = 500, 7
_COLOURS = ("#4c78a8", "#f58518", "#54a24b", "#b279a2", "#9d755d")
_LEFT, _WIDTH, _LINE = 120, 560, 34
_SVG = "http://www.w3.org/2000/svg"
_STYLE = "text{font:12px sans-serif;fill:#555}@media(prefers-color-scheme:dark){text{fill:#bbb}}"

Steps = Mapping[str, float]
"""Microseconds for each step, by name."""


def service(cassette: Cassette, remembered: int) -> Service:
    """Return a session of a cassette, without a port."""
    door, shape = assembly.door(Redact(), Match()), assembly.shape(Match())
    session = Session(shape, cassette.name)
    made = Service(
        Mode.REPLAY, cassette.name, door, Policy(), session, lambda _: None, remembered=remembered
    )
    made.load(cassette.block)
    return made


def fastest(step: Callable[[], object]) -> float:
    """Return the microseconds a request that the fastest of some rounds took."""

    def once() -> float:
        start = time.thread_time()
        step()
        return (time.thread_time() - start) / COUNT * 1e6

    return min(once() for _ in range(ROUNDS))


def measured(cassette: Cassette, requests: Sequence[Request], remembered: int) -> Steps:
    """Return what each step takes, with so many requests remembered."""
    loop, memory = asyncio.get_running_loop(), Memory(remembered)
    session = service(cassette, remembered)
    sent = [raw(request) for request in requests]

    def read() -> list[Request | None]:
        reader = RequestReader(loop, memory, max_head=2**14, max_body=2**20)
        found = []
        for data in sent:
            found.append(reader.feed(data))
            reader.release()
        return found

    def answer(request: Request) -> Response:
        outcome = session.handle(request)
        assert isinstance(outcome, tuple)
        outcome[1](True)
        return outcome[0]

    come = [request for request in read() if request]
    answers = [[answer(request) for request in come] for _ in range(3)][-1]
    asked = [session.door.request(request) for request in come]
    whole = fastest(lambda: [answer(request) for request in come])
    steps = {"reading HTTP": fastest(read)}
    if remembered:
        steps["an answer remembered"] = whole
    else:
        match = session.session.match
        steps["sealing"] = fastest(lambda: [session.door.request(one) for one in come])
        steps["matching"] = fastest(lambda: [match(one, repeat=True, rebind=True) for one in asked])
        steps["filling, counting"] = whole - steps["sealing"] - steps["matching"]

    def write() -> None:
        for response in answers:
            known = memory.answer(response) or framed(response, to_head=False, connection="")
            memory.keep_answer(response, known)
            known.raw()

    return steps | {"writing HTTP": fastest(write)}


def svg(ways: Mapping[str, Steps]) -> str:
    """Return a bar for each way, its steps side by side."""
    most = max(sum(steps.values()) for steps in ways.values())
    height = _LINE * len(ways) * 2 + 12
    bars = (line for row, way in enumerate(ways.items()) for line in _bar(row, *way, most))
    return "\n".join(
        (
            f'<svg xmlns="{_SVG}" viewBox="0 0 {_LEFT + _WIDTH + 70} {height}">',
            f"<style>{_STYLE}</style>",
            *bars,
            "</svg>\n",
        )
    )


def _bar(row: int, name: str, steps: Steps, most: float) -> Iterator[str]:
    top, across, told = 8 + row * _LINE * 2, float(_LEFT), []
    yield f'<text x="{_LEFT - 8}" y="{top + 20}" text-anchor="end">{name}</text>'
    for (step, took), colour in zip(steps.items(), _COLOURS, strict=False):
        width = _WIDTH * took / most
        yield f'<rect x="{across:.1f}" y="{top}" width="{width:.1f}" height="30" fill="{colour}"/>'
        told.append(f'<tspan fill="{colour}">■</tspan> {step} {took:.1f}')
        across += width
    yield f'<text x="{across + 6:.1f}" y="{top + 20}">{sum(steps.values()):.0f} µs</text>'
    yield f'<text x="{_LEFT}" y="{top + 48}">{"   ".join(told)}</text>'


async def ways() -> Mapping[str, Steps]:
    """Return what each step takes the slow way, and the fast one."""
    cassette = Cassette.of("steps", COUNT, mix)
    requests = list(cassette.requests())
    return {
        "the slow way": measured(cassette, requests, 0),
        "the fast way": measured(cassette, requests, LIMIT),
    }


def main(target: Path) -> None:
    found = asyncio.run(ways())
    target.write_text(svg(found))
    for name, steps in found.items():
        print(name, *(f"{step} {took:.1f}" for step, took in steps.items()), sep="\n  ")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
