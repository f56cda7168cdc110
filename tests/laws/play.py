"""Playing a trace: its steps one after the other, in a world, on a stage."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial

import orjson

from proxy.pure.messages import Request, Response
from tests.laws.pipeline import Stage
from tests.laws.traffic import Step, filled, request
from tests.laws.worlds import Symbol


def play(trace: Sequence[Step], world: Callable[[Symbol], str], stage: Stage) -> list[Response]:
    """Send a trace's requests; return the answers."""
    return [answer for _, answer in exchanges(trace, world, stage)]


def exchanges(
    trace: Sequence[Step], world: Callable[[Symbol], str], stage: Stage
) -> Iterator[tuple[Request, Response]]:
    """Send a trace's requests; yield each with its answer."""
    ids: list[str | None] = []
    for step in trace:
        sent = request(step, partial(filled, world=world, ids=ids))
        answer = stage.send(sent)
        ids.append(token_id(answer))
        yield sent, answer


def token_id(answer: Response) -> str | None:
    """Return the id of the token in an answer, if there is one."""
    try:
        document = orjson.loads(answer.body)
    except ValueError:
        return None
    found = document.get("id") if isinstance(document, dict) else None
    return found if isinstance(found, str) else None
