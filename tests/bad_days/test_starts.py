"""Starts that go wrong, and terminals that go away: the cassette that was there stands."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.processes import PATIENCE, PROGRAM, Workplace, environment
from tests.wire import Client, card, person

FREE = ("--listen", "127.0.0.1:0")


def files(workplace: Workplace) -> list[str]:
    return sorted(path.name for path in (workplace.directory / "cassettes").iterdir())


@pytest.fixture
def old(workplace: Workplace) -> Callable[[], bool]:
    """Record a cassette; return what tells whether it is as it was."""
    with workplace.recorded("old") as url:
        Client(url).post(card())
    text, inode = workplace.text("old"), workplace.path("old").stat().st_ino
    return lambda: (workplace.text("old"), workplace.path("old").stat().st_ino) == (text, inode)


@pytest.mark.parametrize("mode", ["record", "auto"])
def test_a_port_that_is_taken_costs_nothing(
    workplace: Workplace, old: Callable[[], bool], mode: str
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        done = workplace.run(mode, "old", "--listen", address)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    assert address in done.stderr
    assert files(workplace) == ["old.yaml"]
    assert old()


@pytest.mark.parametrize("second", ["record", "auto"])
@pytest.mark.parametrize("first", ["record", "auto"])
def test_two_cannot_record_one_cassette(
    workplace: Workplace, old: Callable[[], bool], first: str, second: str
) -> None:
    with workplace.serving(first, "old") as session:
        Client(session.url).post(person("Ada", "Quast"))
        done = workplace.run(second, "old", *FREE)
        assert (done.returncode, done.stdout) == (2, "")
        assert "being recorded by another process" in done.stderr
        for words in (("recover", "old"), ("recover", "old", "--discard")):
            assert workplace.run(*words).returncode == 2
        with workplace.replayed("old", "--strict") as url:  # reading is no recording
            assert Client(url).post(card()).result == "replayed"
        assert old()
        assert Client(session.url).post(card(exp_month="7")).result == "recorded"
        assert session.end() == 0
    assert workplace.text("old").count("- request:") == (3 if first == "auto" else 2)
    assert files(workplace) == ["old.yaml"]


@pytest.mark.parametrize("milliseconds", [0, 100, 250])
def test_told_to_end_while_it_starts_it_leaves_nothing_in_the_way(
    workplace: Workplace, old: Callable[[], bool], milliseconds: int
) -> None:
    process = subprocess.Popen(
        [*PROGRAM, "auto", "old", *FREE],
        cwd=workplace.directory,
        env=environment(workplace.directory),
        stderr=subprocess.DEVNULL,
    )
    time.sleep(milliseconds / 1000)
    process.terminate()
    assert process.wait(PATIENCE) in (0, -signal.SIGTERM)
    assert old()
    with workplace.recorded("old", mode="auto"):
        pass
    assert files(workplace) == ["old.yaml"]


class Unheard:
    """A session whose standard error no one reads any more."""

    def __init__(self, workplace: Workplace, mode: str) -> None:
        self.process = subprocess.Popen(
            [*PROGRAM, mode, "old", *FREE],
            cwd=workplace.directory,
            env=environment(workplace.directory),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        assert self.process.stderr is not None
        told = re.search(rb"http://\S+", self.process.stderr.readline())
        assert told is not None
        self.process.stderr.close()
        self.client = Client(told[0].decode())

    def end(self) -> int:
        self.process.terminate()
        return self.process.wait(PATIENCE)


@pytest.mark.parametrize("mode", ["record", "auto"])
def test_it_goes_on_when_no_one_reads_what_it_says(
    workplace: Workplace, old: Callable[[], bool], mode: str
) -> None:
    session = Unheard(workplace, mode)
    for _ in range(3):
        odd = session.client.send("POST", "/v1/tokens", b"\0", Content_Type="image/png")
        assert odd.result == "forwarded"
    assert session.client.post(person("Ada", "Quast")).result == "recorded"
    assert session.end() == 0
    assert workplace.text("old").count("- request:") == (2 if mode == "auto" else 1)


def test_it_misses_when_no_one_reads_what_it_says(
    workplace: Workplace, old: Callable[[], bool]
) -> None:
    session = Unheard(workplace, "replay")
    assert session.client.post(person("Ada", "Quast")).status == 424
    assert session.client.post(card()).result == "replayed"
    assert session.end() == 1
    assert old()


def test_a_cassette_that_changes_while_it_is_served_is_served_as_it_was(
    workplace: Workplace, old: Callable[[], bool]
) -> None:
    with workplace.serving("replay", "old", "--strict") as session:
        first = Client(session.url).post(card()).body
        for change in (_emptied, _hostile, _gone, _a_folder):
            change(workplace.path("old"))
            assert Client(session.url).post(card()).body == first
        assert session.end() == 0, session.said
    assert workplace.path("old").is_dir()
    workplace.path("old").rmdir()


@pytest.mark.parametrize("change", ["emptied", "gone"])
def test_a_cassette_that_changes_while_it_is_carried_on_is_whole_again_at_the_end(
    workplace: Workplace, old: Callable[[], bool], change: str
) -> None:
    with workplace.serving("auto", "old") as session:
        assert Client(session.url).post(card(exp_month="7")).result == "recorded"
        (_emptied if change == "emptied" else _gone)(workplace.path("old"))
        assert Client(session.url).post(card()).result == "replayed"
        assert session.end() == 0, session.said
    with workplace.replayed("old", "--strict") as url:
        for month in ("5", "7"):
            assert Client(url).post(card(exp_month=month)).result == "replayed"


def _emptied(path: Path) -> None:
    path.write_bytes(b"")


def _hostile(path: Path) -> None:
    path.write_bytes(b"[" * 100_000)


def _gone(path: Path) -> None:
    path.unlink()


def _a_folder(path: Path) -> None:
    path.mkdir()
