"""Where the time of a replayed request goes: each step in process, without a socket, as a picture.

python -m bench.steps docs/steps.svg
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

from tokentape.edges.server.framing import RequestBuffer
from tokentape.edges.server.memory import LIMIT as MEMORY
from tokentape.edges.server.memory import Memory
from tokentape.edges.server.writer import framed
from tokentape.edges.settings import MatchSettings, RedactSettings
from tokentape.pure.cassette.model import Interaction
from tokentape.pure.http.messages import Request, Response
from tokentape.pure.redaction import Redactor
from tokentape.pure.replay.decide import Mode
from tokentape.session import assembly
from tokentape.session.service import Policy, Service

from bench.cassettes import Cassette
from bench.processes import Cores, Place
from bench.traffic import NEW, Suite, keyed, mix, raw, with_ids

COUNT, ROUNDS = 1_000, 7
_COLOURS = ("#4c78a8", "#f58518", "#54a24b", "#b279a2", "#9d755d")
_LEFT, _WIDTH, _LINE = 120, 560, 34
_SVG = "http://www.w3.org/2000/svg"
_STYLE = "text{font:12px sans-serif;fill:#555}@media(prefers-color-scheme:dark){text{fill:#bbb}}"

Steps = Mapping[str, float]
"""Microseconds for each step, by name."""


@dataclass(frozen=True)
class Recording:
    """A loaded cassette, and its requests."""

    name: str
    interactions: tuple[Interaction, ...]
    suite: Suite

    @classmethod
    def loaded(cls, directory: Path) -> Recording:
        cassette = Cassette(mix, COUNT, COUNT)
        cassette.write(Place(directory, Cores.available().serving))
        loaded = assembly.interactions(directory / "cassettes", cassette.name, _redactor())
        return cls(cassette.name, tuple(loaded), cassette.suite())

    def texts(self, suite: Suite) -> list[bytes]:
        """Return requests as they go over the wire, with the ids that a session answers with."""
        session, ids = service(self), dict[int, str]()
        for index, request in enumerate(self.suite):
            (text,) = map(raw, with_ids([request], ids))
            (response,) = (answered(session, request) for request in read([text]))
            ids[index] = json.loads(response.body)["id"]
        return list(map(raw, with_ids(suite, ids)))


def _redactor() -> Redactor:
    return assembly.redactor(RedactSettings(), MatchSettings())


def service(recording: Recording) -> Service:
    """Return a session of a cassette, without a port."""
    rules = assembly.match_rules(MatchSettings())
    service = Service(Mode.REPLAY, recording.name, _redactor(), Policy(), rules, lambda _: None)
    service.load(recording.interactions)
    return service


def fastest(steps: Iterable[Callable[[], object]]) -> float:
    """Return the microseconds a request that the fastest of some steps took."""

    def once(step: Callable[[], object]) -> float:
        start = time.thread_time()
        step()
        return (time.thread_time() - start) / COUNT * 1e6

    return min(map(once, steps))


def read(sent: Iterable[bytes]) -> list[Request]:
    """Return the requests that came in over one connection."""
    buffer = RequestBuffer(max_head=2**14, max_body=2**20)
    requests = []
    for data in sent:
        buffer.add(data)
        whole = buffer.cut()
        request = whole and whole.request
        assert request
        requests.append(request)
    return requests


def first_time(recording: Recording, sent: Sequence[bytes]) -> Steps:
    """Return what each step of an answer takes that is given for the first time in its session."""

    def answers(session: Service) -> list[Response]:
        return [answered(session, request) for request in requests]

    def matched(session: Service) -> object:
        return [session.instances.match(item, repeat=True, further=True) for item in redacted]

    requests, redactor = read(sent), service(recording).redactor
    redacted = [redactor.request(request) for request in requests]
    whole = fastest(partial(answers, service(recording)) for _ in range(ROUNDS))
    redacting = fastest([lambda: [redactor.request(request) for request in requests]] * ROUNDS)
    matching = fastest(partial(matched, service(recording)) for _ in range(ROUNDS))
    responses = answers(service(recording))
    return {
        "reading HTTP": fastest([lambda: read(sent)] * ROUNDS),
        "redacting": redacting,
        "matching": matching,
        "filling, counting": whole - redacting - matching,
        "writing HTTP": fastest(
            [lambda: [framed(item, to_head=False, connection="").raw() for item in responses]]
            * ROUNDS
        ),
    }


def once_more(recording: Recording, sent: Sequence[bytes]) -> Steps:
    """Return what each step takes when the same bytes come again."""
    session = service(recording)
    memory = Memory(MEMORY, session.repeated, session.redactor.relevant_headers)
    digests = list(map(memory.digest_of_bytes, sent))
    for request, digest in zip(read(sent), digests, strict=True):
        response = answered(session, request)
        assert response.final
        memory.keep(digest, memory.digest(request), framed(response, to_head=False, connection=""))
    assert all(map(memory.answer, digests))
    return {
        "hashing": fastest([lambda: list(map(memory.digest_of_bytes, sent))] * ROUNDS),
        "looking up, counting": fastest([lambda: list(map(memory.answer, digests))] * ROUNDS),
    }


def with_new_keys(recording: Recording) -> Steps:
    """Return what each step takes when requests come again as official clients send them."""
    session = service(recording)
    memory = Memory(MEMORY, session.repeated, session.redactor.relevant_headers)
    texts = recording.texts(keyed(recording.suite))
    sent = [text.replace(NEW, b"first %d" % number) for number, text in enumerate(texts)]

    def looked_up() -> list[bytes | None]:
        return [
            memory.answer(digest, None if key is None else next(keys)) for digest, key in digests
        ]

    requests, keys = read(sent), map(str, count())
    digests = [memory.digest(request) for request in requests]
    for request, digest in zip(requests, digests, strict=True):
        memory.keep(b"", digest, framed(answered(session, request), to_head=False, connection=""))
    assert all(looked_up())
    return {
        "reading HTTP": fastest([lambda: read(sent)] * ROUNDS),
        "hashing": fastest([lambda: [memory.digest(request) for request in requests]] * ROUNDS),
        "looking up, counting": fastest([looked_up] * ROUNDS),
    }


def answered(session: Service, request: Request) -> Response:
    """Return the answer of a session, taken by its client."""
    outcome = session.handle(request)
    assert isinstance(outcome, tuple)
    outcome[1](True)
    return outcome[0]


def svg(paths: Mapping[str, Steps]) -> str:
    """Return a bar for each path, its steps side by side."""
    most = max(sum(steps.values()) for steps in paths.values())
    height = _LINE * len(paths) * 2 + 12
    bars = (line for row, path in enumerate(paths.items()) for line in _bar(row, *path, most))
    return "\n".join(
        (
            f'<svg xmlns="{_SVG}" viewBox="0 0 {_LEFT + _WIDTH + 70} {height}">',
            f"<style>{_STYLE}</style>",
            *bars,
            "</svg>\n",
        )
    )


def _bar(row: int, name: str, steps: Steps, most: float) -> Iterator[str]:
    top, across, legend = 8 + row * _LINE * 2, float(_LEFT), []
    yield f'<text x="{_LEFT - 8}" y="{top + 20}" text-anchor="end">{name}</text>'
    for (step, duration), colour in zip(steps.items(), _COLOURS, strict=False):
        width = _WIDTH * duration / most
        yield f'<rect x="{across:.1f}" y="{top}" width="{width:.1f}" height="30" fill="{colour}"/>'
        legend.append(f'<tspan fill="{colour}">■</tspan> {step} {duration:.1f}')
        across += width
    yield f'<text x="{across + 6:.1f}" y="{top + 20}">{sum(steps.values()):.0f} µs</text>'
    yield f'<text x="{_LEFT}" y="{top + 48}">{"   ".join(legend)}</text>'


async def paths() -> Mapping[str, Steps]:
    """Return what each step takes the first time, and when the same bytes come again."""
    with TemporaryDirectory() as directory:
        recording = Recording.loaded(Path(directory))
    sent = recording.texts(recording.suite)
    return {
        "the first time": first_time(recording, sent),
        "with a new key": with_new_keys(recording),
        "again": once_more(recording, sent),
    }


def main(target: Path) -> None:
    measured = asyncio.run(paths())
    target.write_text(svg(measured))
    for name, steps in measured.items():
        print(name, *(f"{step} {duration:.1f}" for step, duration in steps.items()), sep="\n  ")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
