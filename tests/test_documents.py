"""What README, SECURITY and CONTRIBUTING tell a reader to do works; what they name is there."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tokentape.__main__ import cli
from tokentape.edges.settings import OPTIONS, MatchSettings, RedactSettings
from tokentape.pure.audit.redaction_check import is_valid_placeholder
from tokentape.pure.notation.placeholders import whole
from tokentape.session import assembly

from tests.processes import Workplace
from tests.wire import Client
from tests.wire import card as card_fields

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
DOCUMENTS = (
    *("README.md", "SECURITY.md", "CONTRIBUTING.md", "CHANGELOG.md"),
    *("docs/browsers.md", "docs/clients.md", "docs/containers.md", "docs/import.md"),
    "docs/sessions.md",
    "docs/watching.md",
)


OWN_TEST = """
import payments, stripe

def test_the_buyer_is_named():
    card = {"number": "4242424242424242", "exp_month": 5, "exp_year": 2050, "name": "Grace"}
    client = stripe.StripeClient("sk_test_" + "x" * 24, base_addresses={"api": stripe.api_base})
    assert client.v1.tokens.create({"card": card}).card.name == "Grace"
"""


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
        assert session.said.startswith(
            f"tokentape: record default from the built-in mock on {session.url}"
        )
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


def test_the_suite_of_an_own_project_in_readme_records_and_replays(tmp_path: Path) -> None:
    section = README.partition("## In your own project\n")[2].partition("\n## ")[0]
    (module,) = re.findall(r"```python\n# payments.py\n(.*?)```", section, re.DOTALL)
    (tmp_path / "payments.py").write_text(module)
    (tmp_path / "test_payments.py").write_text(OWN_TEST)
    words = next(words for words in commands("In your own project") if words[0] == "tokentape")
    place = Workplace(tmp_path)
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    for variables, counts in (({}, "1 recorded, 0 replayed"), ({"CI": "1"}, "0 recorded, 1 repl")):
        ran = place.run(*words[1:], PATH=path, **variables)
        assert ran.returncode == 0, ran.stdout + ran.stderr
        assert counts in ran.stderr
    assert "[number]={{card:visa}}" in place.text("tests")


def test_the_cassette_in_readme_is_what_its_request_records(tmp_path: Path) -> None:
    place = Workplace(tmp_path)
    with place.recorded("default") as url:
        Client(url).post(card_fields(name="Ada", exp_year="2030"))
    (shown,) = re.findall(r"```yaml\n(recorded_from: mock\n.*?)```", README, re.DOTALL)
    recorded = {line.strip(" ,") for line in place.text("default").splitlines()}
    assert {line.strip(" ,") for line in shown.splitlines()} <= recorded


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


def test_readme_names_every_command_in_the_order_of_help() -> None:
    named = re.findall(r"^\| `tokentape (\w+)", README, re.MULTILINE)
    assert named == list(cli.commands)


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
    assert len(promises) == 10
    for promise in promises:
        tests = re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", promise)
        assert tests, promise
        for file, test in tests:
            assert f"def {test}(" in (ROOT / file).read_text() if test else (ROOT / file).exists()


def test_contributing_explains_at_most_15_terms() -> None:
    glossary = (ROOT / "CONTRIBUTING.md").read_text().partition("## Glossary\n")[2]
    assert 10 < len(re.findall(r"^\| [a-z]", glossary, re.MULTILINE)) - 1 <= 15


def test_every_place_that_contributing_names_exists() -> None:
    package = ROOT / "proxy" / "tokentape"
    section = (ROOT / "CONTRIBUTING.md").read_text().partition("## Where a change goes\n")[2]
    places = re.findall(r"`([\w/.]+\.(?:py|csv))`", section.partition("\n## ")[0])
    assert places
    for place in places:
        assert (ROOT / place).exists() or any(package.rglob(place)), place


def test_contributing_names_every_module_and_folder_of_the_package() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text()
    for module in (ROOT / "proxy" / "tokentape").iterdir():
        if module.suffix == ".py" or module.is_dir():
            name = module.stem
            if name.startswith("__") and name != "__main__":
                continue
            assert f"`{name}" in text or f"`{name}/" in text, name
