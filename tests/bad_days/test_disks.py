"""Disks that are full, directories that are not there: clients get their answers all the same."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.processes import PROGRAM, Session, Workplace, environment
from tests.wire import Client, card, person

NAMES = ("Ada", "Bea", "Cleo")


def fill_disk(session: Session, size: int = 0) -> None:
    """Let no file of a running process grow beyond so many bytes, or give it room again."""
    limit = size or resource.RLIM_INFINITY
    resource.prlimit(session.process.pid, resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))


def take(workplace: Workplace, name: str) -> Path:
    return workplace.path(name).with_name(f".{name}.take")


def written(workplace: Workplace, name: str) -> int:
    """Return the bytes of a take."""
    return take(workplace, name).stat().st_size


def files(workplace: Workplace) -> list[str]:
    return sorted(path.name for path in (workplace.directory / "cassettes").iterdir())


def test_a_full_disk_costs_the_recording_and_not_the_answer(workplace: Workplace) -> None:
    with workplace.serving("record", "full") as session:
        client = Client(session.url)
        assert client.post(person("Ada", "Quast")).result == "recorded"
        size = written(workplace, "full")
        for room in (size, size + 100):  # no byte more, or some of the interaction
            fill_disk(session, room)
            answer = client.post(card(name="Bea"))
            assert (answer.status, answer.result) == (200, "forwarded")
            assert answer.json["card"]["name"] == "Bea"
            assert written(workplace, "full") == size
        fill_disk(session)
        assert client.post(person("Cleo", "Quast")).result == "recorded"
        assert session.end() == 1
    assert "EFBIG" in session.said
    assert "2 not written" in session.said
    assert "2 recorded, 0 replayed, 0 missed, 0 refused, 0 unused" in session.said
    assert files(workplace) == ["full.yaml"]
    with workplace.replayed("full", "--strict") as url:
        for name in ("Ada", "Cleo"):
            assert Client(url).post(person(name, "Quast")).result == "replayed"


def test_a_disk_that_is_full_for_the_log_too_costs_no_answer(workplace: Workplace) -> None:
    with workplace.serving("record", "full") as session:
        client = Client(session.url)
        assert client.post(card()).result == "recorded"
        fill_disk(session, 1)
        assert [client.post(card()).result for _ in range(3)] == ["forwarded"] * 3
        fill_disk(session)
        assert client.post(card()).result == "recorded"
        assert session.end() == 1
    assert workplace.text("full").count("- request:") == 2


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes anywhere")
@pytest.mark.parametrize("mode", ["record", "auto"])
def test_a_directory_that_may_not_be_written_is_told_at_the_start(
    workplace: Workplace, mode: str
) -> None:
    with workplace.recorded("kept") as url:
        Client(url).post(card())
    directory = workplace.path("kept").parent
    directory.chmod(0o500)
    try:
        done = workplace.run(mode, "kept", "--listen", "127.0.0.1:0")
        assert done.returncode == 2
        assert "EACCES" in done.stderr
        with workplace.replayed("kept", "--strict") as url:
            assert Client(url).post(card()).result == "replayed"
    finally:
        directory.chmod(0o700)


def test_what_was_not_written_is_not_in_the_session_either(workplace: Workplace) -> None:
    with workplace.serving("auto", "full") as session:
        client = Client(session.url)
        assert client.post(person("Ada", "Quast")).result == "recorded"
        fill_disk(session, written(workplace, "full"))
        assert client.post(card()).result == "forwarded"
        assert client.post(card()).result == "forwarded"
        fill_disk(session)
        assert client.post(card()).result == "recorded"
        assert client.send("GET", "/_tokentape/health").json["interactions"] == 2
        assert session.end() == 1
    assert "2 recorded, 0 replayed, 0 missed, 0 refused, 0 unused" in session.said
    assert workplace.text("full").count("- request:") == 2
    with workplace.replayed("full", "--strict") as url:
        assert Client(url).post(card()).result == "replayed"
        assert Client(url).post(person("Ada", "Quast")).result == "replayed"


def test_a_disk_that_is_full_at_the_end_keeps_the_take_and_the_old_cassette(
    workplace: Workplace,
) -> None:
    with workplace.recorded("full") as url:
        Client(url).post(card())
    old = workplace.text("full")
    with workplace.serving("record", "full") as session:
        for name in NAMES:
            Client(session.url).post(person(name, "Quast"))
        fill_disk(session, written(workplace, "full") // 2)
        assert session.end() == 1
    assert "tokentape recover full" in session.said
    assert "Traceback" not in session.said
    assert workplace.text("full") == old
    assert files(workplace) == [".full.take", "full.yaml"]
    assert workplace.run("recover", "full").returncode == 0
    with workplace.replayed("full", "--strict") as url:
        assert {Client(url).post(person(name, "Quast")).result for name in NAMES} == {"replayed"}


def test_a_disk_that_is_full_at_the_start_is_told_there(workplace: Workplace) -> None:
    with workplace.recorded("full") as url:
        Client(url).post(card())
    old = workplace.text("full")
    program = 'ulimit -f 0; exec "$@" 2>&1 | cat'
    done = subprocess.run(
        ["sh", "-c", program, "sh", *PROGRAM, "auto", "full", "--listen", "127.0.0.1:0"],
        cwd=workplace.directory,
        env=environment(workplace.directory),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "the recording cannot begin" in done.stdout
    assert "Traceback" not in done.stdout
    assert workplace.text("full") == old
    assert files(workplace) == ["full.yaml"]


def test_a_cassette_that_cannot_be_replaced_leaves_the_take(workplace: Workplace) -> None:
    with workplace.serving("record", "kept") as session:
        Client(session.url).post(card())
        workplace.path("kept").mkdir()
        assert session.end() == 1
    assert "tokentape recover kept" in session.said
    assert take(workplace, "kept").exists()
    assert workplace.run("recover", "kept").returncode == 2
    workplace.path("kept").rmdir()
    assert workplace.run("recover", "kept").returncode == 0
    assert files(workplace) == ["kept.yaml"]


def test_a_directory_that_vanishes_is_made_again(workplace: Workplace) -> None:
    with workplace.serving("record", "deep/down/kept") as session:
        Client(session.url).post(card())
        shutil.rmtree(workplace.directory / "cassettes")
        assert Client(session.url).post(person("Ada", "Quast")).result == "recorded"
        assert session.end() == 0, session.said
    assert workplace.text("deep/down/kept").count("- request:") == 2


def test_a_directory_that_is_replaced_does_not_lead_elsewhere(workplace: Workplace) -> None:
    elsewhere = workplace.directory / "elsewhere"
    elsewhere.mkdir()
    with workplace.serving("record", "inner/kept") as session:
        Client(session.url).post(card())
        inner = workplace.directory / "cassettes" / "inner"
        shutil.rmtree(inner)
        inner.symlink_to(elsewhere)
        assert session.end() == 1
    assert "links are not followed" in session.said
    assert list(elsewhere.iterdir()) == []


@pytest.mark.parametrize("mode", ["record", "auto"])
@pytest.mark.parametrize("directory", ["/proc/nothing", "/dev/null", "file", "file/below"])
def test_a_directory_that_cannot_be_written_is_told_at_the_start(
    workplace: Workplace, mode: str, directory: str
) -> None:
    (workplace.directory / "file").write_text("mine")
    done = workplace.run(mode, "x", "--cassettes", directory, "--listen", "127.0.0.1:0")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("tokentape: error: ")
    assert len(done.stderr.splitlines()) == 1
    assert (workplace.directory / "file").read_text() == "mine"
