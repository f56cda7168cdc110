"""Cassettes of any size, quickly: a block is recorded through the door, larger ones repeat it.

Each repetition has numbers of its own for all variables, as if other people had been recorded. So
the requests of a repetition are those of the block with other people in them.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain, islice
from pathlib import Path

from tokentape.edges.settings import Match, Redact
from tokentape.pure.cassette.model import Interaction, Variables, interaction
from tokentape.pure.cassette.writing import HEADER, chunk
from tokentape.pure.http.messages import Request
from tokentape.pure.notation.placeholders import Placeholder, whole
from tokentape.pure.notation.sealed import Sealed
from tokentape.pure.replay.stand_ins import stand_in
from tokentape.session import assembly

from bench.traffic import RETRIEVE

BLOCK = 1_000

Traffic = Callable[[int, str], Iterator[Request]]
"""Makes so many requests that these people send."""

_VARIABLE = re.compile(r"\{\{([a-z0-9_]+)\.([0-9]+)")


def record(requests: Iterable[Request]) -> Iterator[Interaction]:
    """Yield what recording these requests to the embedded upstream writes."""
    door = assembly.door(Redact(), Match())
    upstream = assembly.embedded_upstream()
    variables, made = Variables(), ""
    numbers: dict[str, Sealed] = {}
    for request in requests:
        sent = replace(request, target=request.target + made) if request is RETRIEVE else request
        answer = upstream(sent)
        made = json.loads(answer.body)["id"]
        asked = door.request(sent)
        numbers = dict(asked.numbers) or numbers
        yield interaction(asked, door.response(answer, asked, numbers), variables)


@dataclass(frozen=True)
class Cassette:
    """A cassette of `count` interactions under a name, and the requests that it answers."""

    name: str
    count: int
    traffic: Traffic
    block: tuple[Interaction, ...]

    @classmethod
    def of(cls, name: str, count: int, traffic: Traffic) -> Cassette:
        """Record the block that the cassette consists of."""
        return cls(name, count, traffic, tuple(record(traffic(min(count, BLOCK), "a0"))))

    def write(self, directory: Path) -> Path:
        """Write it under a directory, as canonical text; return where it is."""
        path = directory / f"{self.name}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w", encoding="ascii") as file:
            file.write(HEADER)
            file.writelines(islice(self._chunks(), self.count))
        path.chmod(0o600)
        return path

    def requests(self, other: str = "a") -> Iterator[Request]:
        """Yield a request for each interaction, in order; `other` stands in their people's names.

        Retrieves ask for the ids that replaying this cassette makes up.
        """
        blocks = -(-self.count // BLOCK)
        sent = (self.traffic(len(self.block), f"{other}{number}") for number in range(blocks))
        asked = zip(chain.from_iterable(sent), self._ids(blocks), strict=True)
        for request, made in islice(asked, self.count):
            yield replace(request, target=request.target + made) if made else request

    def _chunks(self) -> Iterator[str]:
        texts = [chunk(one) for one in self.block]
        highest = self._highest(texts)
        for number in range(-(-self.count // BLOCK)):
            move = partial(_moved, by={kind: number * most for kind, most in highest.items()})
            yield from (_VARIABLE.sub(move, text) for text in texts)

    def _ids(self, blocks: int) -> Iterator[str]:
        highest = self._highest(chunk(one) for one in self.block)
        retrieved = [whole(one.texts.path.rpartition("/")[2]) for one in self.block]
        for block in range(blocks):
            for found in retrieved:
                yield self._id(found, block * highest[found.kind]) if found else ""

    def _id(self, found: Placeholder, by: int) -> str:
        return stand_in(replace(found, number=str(int(found.number) + by)), self.name)

    @staticmethod
    def _highest(texts: Iterable[str]) -> Counter[str]:
        highest = Counter[str]()
        for kind, number in chain.from_iterable(map(_VARIABLE.findall, texts)):
            highest[kind] = max(highest[kind], int(number))
        return highest


def _moved(found: re.Match[str], by: dict[str, int]) -> str:
    kind, number = found[1], int(found[2])
    return "{{" + f"{kind}.{number + by[kind]}"
