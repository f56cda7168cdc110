"""Where the time of a replayed request goes: each step in process, without a socket, as a picture.

python -m bench.steps docs/steps.svg
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import count
from pathlib import Path

from tokentape.edges.server.memory import LIMIT as MEMORY
from tokentape.edges.server.memory import Gist, Memory
from tokentape.edges.server.reader import RequestReader
from tokentape.edges.server.writer import framed
from tokentape.edges.settings import Match, Redact
from tokentape.pure.http.messages import Request, Response
from tokentape.pure.replay.decide import Mode
from tokentape.pure.replay.matching import Session
from tokentape.session import assembly
from tokentape.session.service import Policy, Service

from bench.cassettes import Cassette
from bench.traffic import NEW, keyed, mix, raw

COUNT, ROUNDS = 1_000, 7
_COLOURS = ("#4c78a8", "#f58518", "#54a24b", "#b279a2", "#9d755d")
_LEFT, _WIDTH, _LINE = 120, 560, 34
_SVG = "http://www.w3.org/2000/svg"
_STYLE = "text{font:12px sans-serif;fill:#555}@media(prefers-color-scheme:dark){text{fill:#bbb}}"

Steps = Mapping[str, float]
"""Microseconds for each step, by name."""


def service(cassette: Cassette) -> Service:
    """Return a session of a cassette, without a port."""
    door, shape = assembly.door(Redact(), Match()), assembly.shape(Match())
    session = Session(shape, cassette.name)
    made = Service(Mode.REPLAY, cassette.name, door, Policy(), session, lambda _: None)
    made.load(cassette.block)
    return made


def fastest(steps: Iterable[Callable[[], object]]) -> float:
    """Return the microseconds a request that the fastest of some steps took."""

    def once(step: Callable[[], object]) -> float:
        start = time.thread_time()
        step()
        return (time.thread_time() - start) / COUNT * 1e6

    return min(map(once, steps))


def read(sent: Iterable[bytes]) -> list[Request]:
    """Return the requests that came in over one connection."""
    reader = RequestReader(asyncio.get_running_loop(), max_head=2**14, max_body=2**20)
    found = []
    for data in sent:
        request = reader.feed(data)
        assert request
        found.append(request)
        reader.release()
    return found


def first_time(cassette: Cassette, sent: Sequence[bytes]) -> Steps:
    """Return what each step of an answer takes that is given for the first time in its session."""

    def answers(session: Service) -> list[Response]:
        return [answered(session, request) for request in come]

    def matched(session: Service) -> object:
        return [session.session.match(one, repeat=True, rebind=True) for one in asked]

    come, door = read(sent), service(cassette).door
    asked = [door.request(request) for request in come]
    whole = fastest(partial(answers, service(cassette)) for _ in range(ROUNDS))
    sealing = fastest([lambda: [door.request(one) for one in come]] * ROUNDS)
    matching = fastest(partial(matched, service(cassette)) for _ in range(ROUNDS))
    said = answers(service(cassette))
    return {
        "reading HTTP": fastest([lambda: read(sent)] * ROUNDS),
        "sealing": sealing,
        "matching": matching,
        "filling, counting": whole - sealing - matching,
        "writing HTTP": fastest(
            [lambda: [framed(one, to_head=False, connection="").raw() for one in said]] * ROUNDS
        ),
    }


def once_more(cassette: Cassette, sent: Sequence[bytes]) -> Steps:
    """Return what each step takes when the same bytes come again."""
    session = service(cassette)
    memory = Memory(MEMORY, session.again, session.door.looked_at)
    marks = [memory.mark(data) for data in sent]
    for request, mark in zip(read(sent), marks, strict=True):
        response = answered(session, request)
        assert response.again
        memory.keep(mark, memory.gist(request), framed(response, to_head=False, connection=""))
    assert all(map(memory.answer, marks))
    return {
        "hashing": fastest([lambda: [memory.mark(data) for data in sent]] * ROUNDS),
        "looking up, counting": fastest([lambda: [memory.answer(one) for one in marks]] * ROUNDS),
    }


def with_new_keys(cassette: Cassette) -> Steps:
    """Return what each step takes when requests come again as official clients send them."""
    session = service(cassette)
    memory = Memory(MEMORY, session.again, session.door.looked_at)
    sent = [raw(request) for request in keyed(cassette.requests(), "first {}")]

    def looked_up() -> list[bytes | None]:
        again = (gist if gist.key is None else Gist(gist.mark, next(keys)) for gist in gists)
        return list(map(memory.answer_to, again))

    come, keys = read(sent), map(str, count())
    gists = [memory.gist(request) for request in come]
    for request, gist in zip(come, gists, strict=True):
        memory.keep(b"", gist, framed(answered(session, request), to_head=False, connection=""))
    assert all(looked_up())
    return {
        "reading HTTP": fastest([lambda: read(sent)] * ROUNDS),
        "hashing": fastest([lambda: [memory.gist(request) for request in come]] * ROUNDS),
        "looking up, counting": fastest([looked_up] * ROUNDS),
    }


def answered(session: Service, request: Request) -> Response:
    """Return the answer of a session, taken by its client."""
    outcome = session.handle(request)
    assert isinstance(outcome, tuple)
    outcome[1](True)
    return outcome[0]


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
    """Return what each step takes the first time, and when the same bytes come again."""
    cassette = Cassette.of("steps", COUNT, mix)
    sent = [raw(request) for request in cassette.requests()]
    return {
        "the first time": first_time(cassette, sent),
        "with a new key": with_new_keys(cassette),
        "again": once_more(cassette, sent),
    }


def main(target: Path) -> None:
    found = asyncio.run(ways())
    target.write_text(svg(found))
    for name, steps in found.items():
        print(name, *(f"{step} {took:.1f}" for step, took in steps.items()), sep="\n  ")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
