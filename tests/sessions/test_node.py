"""Suites of node:test with stripe-node, run in parallel: each test sees its own cassette."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.clients.conftest import installed
from tests.processes import Workplace
from tests.sessions.documents import file

SUITE = Path(__file__).with_name("suite")
TESTS = 3 * 8
RUN = ("serve", "--strict", "--", "node", "--test", "--test-concurrency=3")


@pytest.fixture
def suite(workplace: Workplace) -> Workplace:
    modules = installed() / "node_modules"
    (workplace.directory / "node_modules").symlink_to(modules)
    for path in SUITE.iterdir():
        shutil.copy(path, workplace.directory)
    (workplace.directory / "tokentape.mjs").write_text(file("tokentape.mjs"))
    return workplace


def run(suite: Workplace, **variables: str) -> subprocess.CompletedProcess[str]:
    return suite.run(*RUN, **variables)


def failed(out: str) -> set[str]:
    """Return the tests of the suite that failed."""
    return set(re.findall(r"^\s*not ok \d+ - (\w+/\d+)", out, re.MULTILINE))


def test_parallel_tests_record_and_replay_each_its_own_cassette(suite: Workplace) -> None:
    recorded = run(suite, PEOPLE="Ada")
    assert recorded.returncode == 0, recorded.stdout + recorded.stderr
    assert f"tokentape: {TESTS} sessions, 0 failed\n" in recorded.stderr
    assert f"tokentape: {4 * TESTS} recorded, 0 replayed" in recorded.stderr
    folder = suite.directory / "cassettes"
    texts = [path.read_text() for path in folder.rglob("*.yaml")]
    assert len(texts) == TESTS
    assert "Ada" not in "".join(texts)

    replayed = run(suite, PEOPLE="Grace", CI="true")
    assert replayed.returncode == 0, replayed.stdout + replayed.stderr
    assert f"tokentape: {TESTS} sessions, 0 failed\n" in replayed.stderr
    assert f"0 recorded, {4 * TESTS} replayed, 0 missed, 0 refused, 0 unused" in replayed.stderr

    missed = run(suite, PEOPLE="Eve", CI="true", ONLY_MISS="second/3")
    assert missed.returncode == 1
    assert failed(missed.stdout) == {"second/3"}, missed.stdout
    assert "No interaction of cassette second/3 answers POST /v1/tokens" in missed.stdout
    assert f"tokentape: {TESTS} sessions, 1 failed\n" in missed.stderr
