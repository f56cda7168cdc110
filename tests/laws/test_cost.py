"""What a request costs is bounded by its size, whatever it holds, in every mode."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from types import FrameType
from urllib.parse import urlencode

import pytest
from tokentape.pure.http.messages import Request
from tokentape.pure.replay.decide import Mode

from tests.laws.parrot import parrot
from tests.laws.pipeline import Stage, loaded, results

SIZES = (200, 400, 800)
"""More than any cache holds."""
GROWTH = 2.4
"""Twice the fields may take so many times the steps: sorting takes a little more than twice."""

Fields = Callable[[int], list[tuple[str, str]]]

UNKNOWN: dict[str, Fields] = {
    "unknown fields": lambda n: [(f"field {i}", f"value {i}") for i in range(n)],
    "unknown fields with one value": lambda n: [(f"field {i}", "value") for i in range(n)],
    "metadata": lambda n: [(f"person[metadata][key {i}]", f"value {i}") for i in range(n)],
    "one key, repeated": lambda n: [("card[name]", f"name {i}") for i in range(n)],
    "one key, repeated, one value": lambda n: [("card[name]", "name") for _ in range(n)],
    "a list": lambda n: [("list[]", f"value {i}") for i in range(n)],
    "a known list": lambda n: [("expand[]", f"value {i}") for i in range(n)],
    "names that share a head": lambda n: [(f"a[{i % 7}][b {i}]", f"value {i}") for i in range(n)],
    "nested": lambda n: [(f"a{i}" + "[b]" * 12, f"value {i}") for i in range(n)],
}


def request(fields: list[tuple[str, str]]) -> Request:
    headers = (("Authorization", "Bearer sk_test_" + "a" * 24),)
    return Request("POST", "/v1/tokens", headers, urlencode(fields).encode())


class Steps:
    """Counts the functions that are called, ours and others."""

    count = 0


@contextmanager
def counted() -> Iterator[Steps]:
    steps = Steps()

    def called(_frame: FrameType, event: str, _argument: object) -> None:
        steps.count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(called)
    try:
        yield steps
    finally:
        sys.setprofile(before)


def stages(fields: list[tuple[str, str]]) -> Iterator[tuple[str, Stage]]:
    """Yield a session of each kind, with what becomes of the request there."""
    recording = Stage(answer=parrot(1, [200]))
    recording.send(request(fields))
    interactions = loaded(recording.cassette)
    other = Stage(answer=parrot(1, [200]))
    other.send(request([("card[name]", "Ada")]))
    yield "recorded", Stage(answer=parrot(1, [200]))
    yield "replayed", Stage(Mode.REPLAY, recorded=interactions)
    yield "miss", Stage(Mode.REPLAY, recorded=loaded(other.cassette))
    yield "recorded", Stage(Mode.AUTO, parrot(1, [200]), loaded(other.cassette))


def cost(fields: list[tuple[str, str]]) -> dict[tuple[int, str], int]:
    """Return the steps of the first request and, with it, of one by another person."""
    costs = {}
    others = [(name, f"{value} of another") for name, value in fields]
    for number, (result, stage) in enumerate(stages(fields)):
        with counted() as steps:
            answers = [stage.send(request(fields)), stage.send(request(others))]
        assert results(answers) == [result, result]
        costs[number, result] = steps.count
    return costs


@pytest.mark.parametrize("kind", UNKNOWN)
def test_twice_the_fields_take_twice_the_steps(kind: str) -> None:
    costs = [cost(UNKNOWN[kind](size)) for size in SIZES]
    for smaller, larger in pairwise(costs):
        for stage, steps in larger.items():
            assert steps < GROWTH * smaller[stage], (stage, smaller[stage], steps)
