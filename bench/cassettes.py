"""Cassettes of any size, quickly: a block is recorded by tokentape, larger ones repeat its text.

Each repetition has variables with numbers that no other has, as if other people had been recorded.
So the requests of a repetition are those of the block with other people in them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path

from bench.contests import NotRun
from bench.passes import send_all
from bench.processes import Place, Server
from bench.traffic import Suite, Traffic, repeated

_INTERACTION = "- request:\n"
_VARIABLE = re.compile(r"\{\{([a-z0-9_]+)\.([0-9]+)")


@dataclass(frozen=True)
class Cassette:
    """A cassette of `size` interactions that repeats a recorded block."""

    traffic: Traffic
    size: int
    block: int
    """Interactions that are recorded."""

    @property
    def name(self) -> str:
        return f"{self.traffic.__name__}{self.size}"

    def suite(self, people: str = "a") -> Suite:
        """Return the requests that it answers; `people` stands in the names of who sends them."""
        blocks = range(-(-self.size // self.block))
        suites = (self.traffic(self.block, f"{people}{number}") for number in blocks)
        return tuple(islice(repeated(suites), self.size))

    def write(self, place: Place) -> Path:
        """Write it where cassettes are kept, unless it is written; return where it is."""
        path = place.cassettes / f"{self.name}.yaml"
        if not path.exists():
            header, block = _parts(self._recorded(place))
            with path.open("w", encoding="ascii") as file:
                file.write(header)
                file.writelines(islice(_repeated(block), self.size))
            path.chmod(0o600)
        return path

    def _recorded(self, place: Place) -> Path:
        name = f"{self.traffic.__name__}-block{self.block}"
        path = place.cassettes / f"{name}.yaml"
        if not path.exists():
            record(place.tokentape("record", name), self.traffic(self.block, "a0"))
        if not path.exists():
            raise NotRun("tokentape saved no cassette")
        return path


def record(session: AbstractContextManager[Server], suite: Suite) -> None:
    """Record a suite in its order. Raises NotRun unless each request is recorded."""
    with session as server:
        send_all(server.url, suite, range(len(suite)), "recorded")


def _parts(path: Path) -> tuple[str, Sequence[str]]:
    """Return the head of a cassette and its interactions, as text."""
    head, *interactions = re.split(f"^{_INTERACTION}", path.read_text("ascii"), flags=re.MULTILINE)
    return head, [_INTERACTION + text for text in interactions]


def _repeated(block: Sequence[str]) -> Iterator[str]:
    """Yield the texts of a block over and over, each time with new variables."""
    highest = Counter[str]()
    for text in block:
        for kind, number in _VARIABLE.findall(text):
            highest[kind] = max(highest[kind], int(number))
    moved = Counter[str]()
    while True:
        for text in block:
            yield _VARIABLE.sub(partial(_renumbered, by=moved), text) if moved else text
        moved = moved + highest


def _renumbered(match: re.Match[str], by: Counter[str]) -> str:
    return "{{" + f"{match[1]}.{int(match[2]) + by[match[1]]}"
