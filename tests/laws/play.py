"""Playing a trace: its steps in some order, in a world, on a stage."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import orjson
from tokentape.pure.http.messages import Request, Response

from tests.laws.pipeline import Answer, Stage
from tests.laws.traffic import Step, filled, request
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
    ids: dict[int, str] = {}
    for number in order:
        sent = request(trace[number], lambda value: filled(value, world, ids))
        answer = stage.send(sent)
        found[number] = sent, answer
        if (made := token_id(answer)) is not None:
            ids[number] = made
    return found


def token_id(answer: Response) -> str | None:
    """Return the id of the token in an answer, if there is one."""
    try:
        document = orjson.loads(answer.body)
    except ValueError:
        return None
    found = document.get("id") if isinstance(document, dict) else None
    return found if isinstance(found, str) else None
