"""tokentape scan, as a hook or a CI runs it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from proxy import assembly
from proxy.edges.settings import Match, Redact
from proxy.pure.inspection import inspector
from tests.disguises import ANYTHING
from tests.processes import Workplace
from tests.wire import LIVE, SECRET, VISA

ROOT = Path(__file__).parents[1]
CASSETTE = (ROOT / "cassettes" / "checkout" / "declined.yaml").read_bytes()
INSPECTOR = inspector(assembly.door(Redact(), Match()))
SECRETS = (VISA, SECRET, LIVE, "Ada King Lovelace", "ada.lovelace@example.org")


@pytest.fixture
def workplace(tmp_path: Path) -> Workplace:
    shutil.copytree(ROOT / "cassettes", tmp_path / "cassettes")
    return Workplace(tmp_path)


def test_the_committed_cassettes_are_clean() -> None:
    for path in (ROOT / "cassettes").rglob("*.yaml"):
        assert INSPECTOR.cassette(path.read_bytes()) == (), path


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(SECRETS),
    st.sampled_from(sorted(ANYTHING)),
    st.integers(0, len(CASSETTE)),
    st.sampled_from(
        ["{}", " {} ", "\n# {}\n", "\n{}: 1\n", "\n- {}\n", "&a={}", '"{}"', "\n    {}\n"]
    ),
)
def test_a_secret_put_in_anywhere_by_hand_fails(
    secret: str, disguise: str, place: int, around: str
) -> None:
    inserted = around.format(ANYTHING[disguise](secret)).encode()
    assert INSPECTOR.cassette(CASSETTE[:place] + inserted + CASSETTE[place:])


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(SECRETS), st.sampled_from(sorted(ANYTHING)), st.integers(1, 2_000))
def test_a_secret_in_place_of_any_word_fails(secret: str, disguise: str, index: int) -> None:
    words = CASSETTE.decode().split(" ")
    places = [number for number, word in enumerate(words) if word.strip()]
    number = places[index % len(places)]
    words[number] = ANYTHING[disguise](secret) + "\n" * words[number].endswith("\n")
    assert INSPECTOR.cassette(" ".join(words).encode())


def test_a_clean_folder(workplace: Workplace) -> None:
    ran = workplace.run("scan", "cassettes")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "clean" in ran.stdout


def test_a_finding_names_file_line_kind_and_mending_and_no_value(workplace: Workplace) -> None:
    (workplace.directory / "notes.txt").write_text(f"one\nkey {LIVE}\n")
    ran = workplace.run("scan", "notes.txt")
    assert ran.returncode == 1
    assert ran.stdout.startswith("notes.txt:2: API key: roll the key")
    assert LIVE[8:] not in ran.stdout + ran.stderr


def test_standard_input(workplace: Workplace) -> None:
    program = [*workplace.run("--version").args[:3], "scan", "-"]
    done = subprocess.run(program, input=f"{LIVE}\n", capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stdout.startswith("-:1: API key")


def test_a_cassette_of_vcrpy_alone_is_told_so(workplace: Workplace) -> None:
    raw = {
        "version": 1,
        "interactions": [
            {
                "request": {
                    "method": "POST",
                    "uri": "https://api.stripe.com/v1/tokens",
                    "headers": {"Authorization": ["Bearer " + SECRET]},
                    "body": f"card[number]={VISA}",
                },
                "response": {
                    "status": {"code": 200, "message": "OK"},
                    "headers": {},
                    "body": {"string": "{}"},
                },
            }
        ],
    }
    (workplace.directory / "raw.yaml").write_text(yaml.safe_dump(raw))
    ran = workplace.run("scan", "raw.yaml")
    assert ran.returncode == 1
    assert "raw cassette" in ran.stdout
    assert VISA not in ran.stdout


def test_what_cannot_be_read_is_status_2(workplace: Workplace) -> None:
    ran = workplace.run("scan", "nowhere", "cassettes")
    assert ran.returncode == 2
    assert "nowhere: cannot be read: No such file or directory" in ran.stdout + ran.stderr


def test_binary_files_are_left_alone_and_said_so(workplace: Workplace) -> None:
    (workplace.directory / "picture.bin").write_bytes(b"\x00\x01" * 100)
    ran = workplace.run("scan", "picture.bin")
    assert ran.returncode == 0
    assert "binary" in ran.stdout


def test_a_name_that_holds_a_secret_is_not_shown(workplace: Workplace) -> None:
    (workplace.directory / f"{LIVE}.txt").write_text("nothing here\n")
    ran = workplace.run("scan", str(workplace.directory))
    assert ran.returncode == 1
    assert LIVE[8:] not in ran.stdout + ran.stderr


def test_json_is_for_programs(workplace: Workplace) -> None:
    (workplace.directory / "notes.txt").write_text(f"key {LIVE}\n")
    ran = workplace.run("scan", "--format", "json", "notes.txt", "cassettes")
    report = json.loads(ran.stdout)
    assert [(one["file"], one["line"]) for one in report["findings"]] == [("notes.txt", 1)]
    assert report["clean"] > 1


def test_sarif_has_what_code_scanning_asks_for(workplace: Workplace) -> None:
    """See docs.github.com, SARIF support for code scanning."""
    (workplace.directory / "notes.txt").write_text(f"one\nkey {LIVE}\n")
    report = json.loads(workplace.run("scan", "--format", "sarif", "notes.txt").stdout)
    assert report["version"] == "2.1.0"
    (run,) = report["runs"]
    rules = {rule["id"] for rule in run["tool"]["driver"]["rules"]}
    (result,) = run["results"]
    assert result["ruleId"] in rules
    assert result["message"]["text"]
    place = result["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "notes.txt"
    assert place["region"]["startLine"] == 2


def test_scan_starts_without_what_it_does_not_need() -> None:
    code = (
        "import sys; from pathlib import Path; from proxy import app;"
        "from proxy.edges.settings import Settings;"
        "app.scan((Path('README.md'),), Settings(), 'text');"
        "sys.exit('aiohttp' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False, capture_output=True)
    assert done.returncode == 0, done.stderr


def test_the_hook_runs_a_command_that_there_is() -> None:
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    assert hook["entry"] == "tokentape scan"


def tracked() -> list[str]:
    done = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def test_this_repository_holds_no_secret() -> None:
    ran = subprocess.run(
        [*Workplace(ROOT).run("--version").args[:3], "scan", *tracked()],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout


def test_detect_secrets_agrees() -> None:
    """All its detectors but the one that takes a variable's name for a finding."""
    program = [sys.executable, "-m", "detect_secrets", "scan"]
    options = ["--disable-plugin", "KeywordDetector"]
    done = subprocess.run(
        [*program, *options, *tracked()], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout)["results"] == {}
