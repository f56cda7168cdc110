"""The examples of docs/clients.md, run as they stand there."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.clients import scripts
from tests.clients.conftest import installed_cli
from tests.clients.stripe_cli import ALONE
from tests.processes import Session, Workplace, environment

TEXT = (Path(__file__).parents[2] / "docs" / "clients.md").read_text("utf-8")
RUN, NOT_RUN = TEXT.split("\n## Ruby, PHP, Go, Java, .NET\n")
EXAMPLES = re.findall(r"(?s)\n```(\w+)\n(.*?)```", RUN)
PYTHON, NODE, CONSOLE = (
    [code for language, code in EXAMPLES if language == shown]
    for shown in ("python", "js", "console")
)
START, CLI, CURL = (shlex.split(line.removeprefix("$ ")) for line in CONSOLE)
TOKEN = re.compile(r"\btok_[A-Za-z0-9]{14,}\b")


@pytest.fixture(scope="module")
def replay(workplace: Workplace) -> Iterator[Session]:
    with workplace.recorded(START[2], mode=START[1]) as url:
        printed_token(scripts.python(pointed(PYTHON[0], url), workplace.directory))
    with workplace.serving("replay", START[2], "--strict") as session:
        yield session
        assert session.end() == 0, session.said


@pytest.fixture(scope="module")
def token(replay: Session, workplace: Workplace) -> str:
    return printed_token(scripts.python(pointed(PYTHON[0], replay.url), workplace.directory))


def pointed(example: str, url: str) -> str:
    return example.replace("12121", url.rpartition(":")[2])


def printed_token(printed: str) -> str:
    (match,) = TOKEN.findall(printed)
    return str(match)


def typed(words: list[str], url: str, home: Path) -> str:
    line = [pointed(word, url) for word in words]
    done = subprocess.run(
        line, env=environment(home) | ALONE, capture_output=True, text=True, check=True, timeout=60
    )
    return done.stdout


@pytest.mark.parametrize("example", PYTHON[1:])
def test_python(example: str, replay: Session, token: str, tmp_path: Path) -> None:
    assert printed_token(scripts.python(pointed(example, replay.url), tmp_path)) == token


def test_node(replay: Session, token: str, tmp_path: Path) -> None:
    (example,) = NODE
    assert printed_token(scripts.node(pointed(example, replay.url), tmp_path)) == token


def test_the_stripe_cli(replay: Session, token: str, tmp_path: Path) -> None:
    assert CLI[0] == "stripe"
    words = [str(installed_cli()), *CLI[1:]]
    assert printed_token(typed(words, replay.url, tmp_path)) == token
    elsewhere = [word.replace("127.0.0.1", "localhost") for word in words]
    with pytest.raises(subprocess.CalledProcessError) as refused:
        typed(elsewhere, replay.url, tmp_path)
    assert "invalid API base URL" in refused.value.stderr
    assert "invalid API base URL" in RUN


@pytest.mark.skipif(not shutil.which("curl"), reason="there is no curl")
def test_curl(replay: Session, token: str, tmp_path: Path) -> None:
    assert printed_token(typed(CURL, replay.url, tmp_path)) == token


def test_every_example_points_here() -> None:
    examples = re.findall(r"(?s)\n```(?:ruby|php|go|java|csharp)\n(.*?)```", NOT_RUN)
    assert len(examples) == 5
    assert all("http://127.0.0.1:12121" in example for example in examples)
