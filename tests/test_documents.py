"""What README, SECURITY and CONTRIBUTING tell a reader to do works; what they name is there."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import signal
import subprocess
from pathlib import Path

import pytest
from tokentape.__main__ import cli
from tokentape.edges.settings import OPTIONS, MatchSettings, RedactSettings
from tokentape.pure.audit.admission import is_valid_placeholder
from tokentape.pure.notation.placeholders import whole
from tokentape.session import assembly

from tests.processes import Workplace

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
DOCUMENTS = (
    *("README.md", "SECURITY.md", "CONTRIBUTING.md", "CHANGELOG.md"),
    *("docs/clients.md", "docs/sessions.md"),
)


def commands(section: str) -> list[list[str]]:
    """Return the console commands of a section of README, as words."""
    text = README.partition(f"## {section}\n")[2].partition("\n## ")[0]
    return [shlex.split(line[2:]) for line in re.findall(r"^\$ .*$", text, re.MULTILINE)]


def curled(words: list[str], url: str) -> dict[str, object]:
    """Run a curl line of README against the real address; return the answer without its ids."""
    line = [word.replace("http://127.0.0.1:12121", url) for word in words]
    answer = json.loads(subprocess.run([*line, "-s"], capture_output=True, check=True).stdout)
    card = {key: value for key, value in answer["card"].items() if key not in ("id", "fingerprint")}
    return {"type": answer["type"], "card": card}


@pytest.mark.skipif(not shutil.which("curl"), reason="needs curl")
def test_the_first_minute_of_readme_records_and_replays(tmp_path: Path) -> None:
    place = Workplace(tmp_path)
    record, curl, replay = (
        words for words in commands("The first minute") if words[0] in ("tokentape", "curl")
    )
    with place.serving(*record[1:], "default") as session:
        assert session.said.startswith("tokentape: record default on http://127.0.0.1:")
        first = curled(curl, session.url)
        assert session.end(signal.SIGINT) == 0
    assert "number]={{card:visa}}" in place.text("default")
    with place.serving(*replay[1:], "default") as session:
        assert curled(curl, session.url) == first
        assert session.end(signal.SIGINT) == 0


@pytest.mark.skipif(not shutil.which("curl"), reason="needs curl")
def test_readme_shows_the_receipt_of_its_run_command(tmp_path: Path) -> None:
    (words,) = commands("Point your client here")
    shutil.copytree(ROOT / "cassettes", tmp_path / "cassettes")
    ran = Workplace(tmp_path).run(*words[1:], CI="true")
    assert ran.returncode == 0, ran.stderr
    assert "tokentape: 0 recorded, 8 replayed, 0 missed, 0 refused, 0 unused" in README
    assert "tokentape: 0 recorded, 8 replayed, 0 missed, 0 refused, 0 unused" in ran.stderr


def test_demo_shows_the_same_answers_twice(tmp_path: Path) -> None:
    ran = Workplace(tmp_path).run("demo")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "10 of 10 answers are the same to the client" in ran.stdout


@pytest.mark.skipif(not shutil.which("curl"), reason="needs curl")
@pytest.mark.parametrize("name", ["tokens", "checkout/declined"])
def test_recording_the_examples_again_changes_no_byte(tmp_path: Path, name: str) -> None:
    shutil.copytree(ROOT / "cassettes", tmp_path / "cassettes")
    script = f"cassettes/{name}.sh"
    place = Workplace(tmp_path)
    ran = place.run("run", "--mode", "record", "--cassette", name, "--", "sh", script)
    assert ran.returncode == 0, ran.stderr
    assert place.text(name) == (ROOT / "cassettes" / f"{name}.yaml").read_text()


def test_readme_names_every_command() -> None:
    named = set(re.findall(r"^\| `tokentape (\w+)", README, re.MULTILINE))
    assert named == set(cli.commands)


def test_readme_names_every_shared_option() -> None:
    named = set(re.findall(r"^\| `--([a-z-]+)", README, re.MULTILINE))
    assert named == {name.replace("_", "-") for name in OPTIONS}


def test_every_placeholder_shown_is_one() -> None:
    values = assembly.redactor(RedactSettings(), MatchSettings()).values
    for name in ("README.md", "SECURITY.md", "CONTRIBUTING.md"):
        for text in re.findall(r"\{\{[^{}]*\}\}", (ROOT / name).read_text()):
            placeholder = whole(text)
            assert placeholder, text
            assert is_valid_placeholder(placeholder, values), text


def test_links_lead_somewhere() -> None:
    for name in DOCUMENTS:
        for link in re.findall(r"\]\(([^)#]+)\)", (ROOT / name).read_text()):
            assert link.startswith("https://") or (ROOT / name).parent.joinpath(link).exists(), link


def test_every_promise_names_a_test_that_keeps_it() -> None:
    promises = re.split(r"\n\*\*P\d+\.", (ROOT / "SECURITY.md").read_text().split("\n## ")[1])[1:]
    assert len(promises) == 9
    for promise in promises:
        tests = re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", promise)
        assert tests, promise
        for file, test in tests:
            assert f"def {test}(" in (ROOT / file).read_text() if test else (ROOT / file).exists()


def test_contributing_names_every_room_of_the_house() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text()
    for room in (ROOT / "proxy" / "tokentape").iterdir():
        if room.suffix == ".py" or room.is_dir():
            name = room.stem
            if name.startswith("__") and name != "__main__":
                continue
            assert f"`{name}" in text or f"`{name}/" in text, name
