"""The shell completes commands and names of cassettes, as docs/troubleshooting.md has it."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.processes import Workplace, environment

DOCUMENT = (Path(__file__).parents[1] / "docs" / "troubleshooting.md").read_text("utf-8")
PROGRAM = Path(sys.executable).with_name("tokentape")


@pytest.fixture
def place(tmp_path: Path) -> Workplace:
    for name in ("checkout", "shop/declined", "shop/paid"):
        file = tmp_path / "cassettes" / f"{name}.yaml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    return Workplace(tmp_path)


def completed(place: Workplace, words: str) -> list[str]:
    """Return what the shell offers after these words."""
    variables = {
        "_TOKENTAPE_COMPLETE": "bash_complete",
        "COMP_WORDS": words,
        "COMP_CWORD": str(len(words.split(" ")) - 1),
    }
    done = subprocess.run(
        [PROGRAM],
        cwd=place.directory,
        env=environment(place.directory, **variables),
        capture_output=True,
        text=True,
        check=True,
    )
    return [line.partition(",")[2] for line in done.stdout.splitlines()]


@pytest.mark.parametrize("command", ["replay", "record", "show", "verify", "recover"])
def test_names_of_cassettes_are_completed(place: Workplace, command: str) -> None:
    assert completed(place, f"tokentape {command} s") == ["shop/declined", "shop/paid"]


def test_commands_are_completed(place: Workplace) -> None:
    assert completed(place, "tokentape re") == ["record", "replay", "recover"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_line_of_the_document_works_in_its_shell(place: Workplace, shell: str) -> None:
    if not shutil.which(shell):
        pytest.skip(f"there is no {shell}")
    line = next(
        line for line in re.findall(r"^.*_COMPLETE=.*$", DOCUMENT, re.MULTILINE) if shell in line
    )
    variables = environment(place.directory)
    variables["PATH"] = f"{PROGRAM.parent}:{variables['PATH']}"
    done = subprocess.run(
        [shell, "-c", line], env=variables, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("typed", ["cassettes/new.yaml", "./cassettes/new", "new.yaml", "new"])
def test_a_cassette_may_be_named_by_its_file(tmp_path: Path, typed: str) -> None:
    place = Workplace(tmp_path)
    with place.serving("record", typed) as session:
        session.end()
    assert "record new from the built-in mock" in session.said


def test_two_configuration_files_are_one_too_many(tmp_path: Path) -> None:
    for name in ("tokentape.yaml", "tokentape.yml"):
        (tmp_path / name).touch()
    done = Workplace(tmp_path).run("ls")
    assert done.returncode == 2
    assert "tokentape.yml: tokentape.yaml is there too; keep one of them" in done.stderr
