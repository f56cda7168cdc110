"""Standard error while a session runs: nobody waits for its reader, and what is lost is counted."""

from __future__ import annotations

import json
import re
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from tokentape.edges import terminal

from tests.processes import PATIENCE, awaited


class Pipe:
    """A pipe that is full until it is read."""

    encoding = "utf-8"

    def __init__(self) -> None:
        self.buffer = self.raw = self
        self.is_read = threading.Event()
        self.written = b""

    def write(self, data: Any) -> int:
        assert self.is_read.wait(PATIENCE)
        size = min(len(data), 1000)  # a part of it, as a pipe takes
        self.written += bytes(data[:size])
        return size

    def isatty(self) -> bool:
        return False

    @property
    def lines(self) -> list[str]:
        return self.written.decode().splitlines()


@contextmanager
def writing_to(pipe: Pipe, *, as_json: bool = False) -> Iterator[None]:
    """Let this process write to a pipe; pytest's own is there again afterwards."""
    usual, sys.stderr = sys.stderr, pipe  # type: ignore[assignment]
    try:
        with terminal.unblocked(as_json=as_json):
            yield
    finally:
        sys.stderr = usual


def test_what_is_written_comes_in_order_and_whole() -> None:
    pipe = Pipe()
    pipe.is_read.set()
    with writing_to(pipe):
        for number in range(500):
            terminal.say(f"line {number} …")
            if number % 50 == 0:
                time.sleep(0.01)
    assert pipe.lines == [f"tokentape: line {number} …" for number in range(500)]


@pytest.mark.parametrize("as_json", [False, True])
def test_what_is_not_read_in_time_is_left_out_and_counted(as_json: bool) -> None:
    pipe = Pipe()
    with writing_to(pipe, as_json=as_json):
        for number in range(1_000):
            terminal.say(f"line {number}")
        pipe.is_read.set()
        awaited(lambda: len(pipe.lines) >= 200 or None, "what waited")
        terminal.say("the next")
    lines = [json.loads(line)["text"] if as_json else line for line in pipe.lines]
    left_out = [int(count) for line in lines for count in re.findall(r"(\d+) lines are left", line)]
    printed = [int(number) for line in lines for number in re.findall(r"line (\d+)$", line)]
    assert printed == sorted(printed)
    assert sum(left_out) + len(printed) == 1_000
    assert len(printed) < 250
    assert lines[-1] == ("the next" if as_json else "tokentape: the next")


def test_the_end_waits_only_a_little_for_who_does_not_read() -> None:
    pipe = Pipe()
    start = time.monotonic()
    with writing_to(pipe):
        terminal.say("to nobody")
    assert time.monotonic() - start < PATIENCE / 4
    pipe.is_read.set()


def test_no_thread_is_left_behind() -> None:
    before = {*threading.enumerate()}
    pipe = Pipe()
    pipe.is_read.set()
    with writing_to(pipe):
        terminal.say("line")
    assert {*threading.enumerate()} <= before


class Node(Pipe):
    """A pipe that does not block, as those of Node's children."""

    def write(self, data: Any) -> int | None:  # type: ignore[override]
        if not self.is_read.is_set():
            self.is_read.set()
            return None
        return super().write(data)


def test_a_pipe_that_does_not_block_gets_everything() -> None:
    pipe = Node()
    with writing_to(pipe):
        terminal.say("line")
    assert pipe.lines == ["tokentape: line"]


def test_json_has_an_object_for_each_line() -> None:
    pipe = Pipe()
    pipe.is_read.set()
    with writing_to(pipe, as_json=True):
        terminal.say("a “quoted”\nline")
        terminal.say_documents([{"type": "request", "number": 1}])
    assert [json.loads(line) for line in pipe.lines] == [
        {"type": "message", "text": "a “quoted”\nline"},
        {"type": "request", "number": 1},
    ]
