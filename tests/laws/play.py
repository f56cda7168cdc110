"""Playing a trace: its steps in some order, in a world, on a stage."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import orjson
from tokentape.pure.http.messages import Request, Response

from tests.laws.pipeline import Answer, Stage
from tests.laws.traffic import Ids, Step, Value, filled, request
from tests.laws.worlds import Symbol, World

Worlds = Callable[[Symbol], str]


def play(trace: Sequence[Step], world: Worlds, stage: Stage) -> list[Response]:
    """Send a trace's requests in their order; return the answers."""
    return [answer for _, answer in exchanges(trace, range(len(trace)), world, stage).values()]


def recording_of(trace: Sequence[Step], answer: Answer, **changes: Any) -> Stage:
    """Record a trace in the first world; return the session that did."""
    stage = Stage(answer=answer, **changes)
    play(trace, World(1), stage)
    return stage


def exchanges(
    trace: Sequence[Step], order: Iterable[int], world: Worlds, stage: Stage
) -> Mapping[int, tuple[Request, Response]]:
    """Send a trace's requests in an order of their numbers; return each with its answer."""
    found: dict[int, tuple[Request, Response]] = {}
    ids: dict[int, Sequence[str]] = {}
    for number in order:
        *exchange, ids[number] = called(trace[number], world, ids, stage)
        found[number] = exchange[0], exchange[1]
    return found


def called(
    step: Step, world: Worlds, ids: Ids, stage: Stage
) -> tuple[Request, Response, Sequence[str]]:
    """Send the request of a step; return it, the answer, and the ids that only the answer has."""
    sent: set[str] = set()

    def fill(value: Value) -> str:
        text = filled(value, world, ids)
        sent.add(text)
        return text

    asked = request(step, fill)
    answer = stage.send(asked)
    return asked, answer, [each for each in ids_in(answer) if each not in sent]


_ID = re.compile(r"(?!secret_)[a-z]+_[A-Za-z0-9]{10,}")
"""Of all words of the API and of the awkward world, none looks like it, nor a secret's stand-in."""


def ids_in(answer: Response) -> Sequence[str]:
    """Return the ids in an answer, that of the object itself first."""
    try:
        document = orjson.loads(answer.body)
    except ValueError:
        return ()
    own = _texts(document.get("id")) if isinstance(document, dict) else ()
    return [text for text in dict.fromkeys([*own, *_texts(document)]) if _ID.fullmatch(text)]


def _texts(node: Any) -> Iterator[str]:
    for inside in (
        node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    ):
        yield from _texts(inside)
    if isinstance(node, str):
        yield node
