"""Reports of a scan: for people, as JSON, and as SARIF with all that GitHub asks for."""

from __future__ import annotations

import json

import pytest
from tokentape import __version__
from tokentape.pure.audit import reports
from tokentape.pure.audit.sarif import as_sarif
from tokentape.pure.leak_check.findings import (
    CARD_NUMBER,
    KEY,
    MENDING,
    UNREDACTED,
    Finding,
    Found,
    Scan,
)

SCAN = Scan(
    found=(
        Found("a b.yaml", Finding(3, UNREDACTED, "request field 2")),
        Found("/work/src/c.py", Finding(1, KEY)),
    ),
    clean=5,
    binary=("d.png",),
    unread=(("e", "Permission denied"),),
)
CLEAN = Scan((), 1, (), ())


def test_people_read_file_line_kind_and_what_to_do() -> None:
    assert list(reports.lines(SCAN)) == [
        f"a b.yaml:3: unredacted value (request field 2): {MENDING[UNREDACTED]}",
        f"/work/src/c.py:1: API key: {MENDING[KEY]}",
        "e: cannot be read: Permission denied",
    ]


@pytest.mark.parametrize(
    ("scan", "said"),
    [
        (SCAN, "2 findings in 2 files, 5 clean, 1 binary file skipped, 1 cannot be read"),
        (CLEAN, "1 file clean"),
        (Scan((), 0, ("a", "b"), ()), "0 files clean, 2 binary files skipped"),
    ],
)
def test_the_summary_counts_every_file(scan: Scan, said: str) -> None:
    assert reports.summary(scan) == said


@pytest.mark.parametrize(
    ("scan", "status"),
    [
        (CLEAN, 0),
        (Scan((Found("a", Finding(1, CARD_NUMBER)),), 0, (), ()), 1),
        (Scan((), 1, (), (("a", "gone"),)), 2),
        (SCAN, 2),
    ],
)
def test_the_exit_status(scan: Scan, status: int) -> None:
    assert scan.exit_status == status


def test_programs_read_json() -> None:
    assert json.loads(reports.as_json(SCAN)) == {
        "findings": [
            {
                "file": "a b.yaml",
                "line": 3,
                "kind": "unredacted value",
                "detail": "request field 2",
                "mending": MENDING[UNREDACTED],
            },
            {
                "file": "/work/src/c.py",
                "line": 1,
                "kind": "API key",
                "detail": "",
                "mending": MENDING[KEY],
            },
        ],
        "clean": 5,
        "binary": ["d.png"],
        "unread": [{"file": "e", "reason": "Permission denied"}],
    }


@pytest.mark.parametrize("scan", [SCAN, CLEAN])
def test_sarif_has_what_github_requires(scan: Scan) -> None:
    log = json.loads(as_sarif(scan, "/work"))
    assert log["version"] == "2.1.0"
    assert log["$schema"].endswith("sarif-2.1.0.json")
    (run,) = log["runs"]
    driver = run["tool"]["driver"]
    assert (driver["name"], driver["version"]) == ("tokentape", __version__)
    rules = [rule["id"] for rule in driver["rules"]]
    assert len(set(rules)) == len(rules) == len(MENDING)
    for rule in driver["rules"]:
        assert rule["shortDescription"]["text"]
        assert rule["help"]["text"]
    assert len(run["results"]) == len(scan.found)
    for result in run["results"]:
        assert rules[result["ruleIndex"]] == result["ruleId"]
        assert result["message"]["text"]
        (location,) = result["locations"]
        place = location["physicalLocation"]
        assert not place["artifactLocation"]["uri"].startswith(("/", "file:"))
        assert place["region"]["startLine"] >= 1


def test_sarif_names_files_by_relative_uris() -> None:
    (run,) = json.loads(as_sarif(SCAN, "/work"))["runs"]
    places = [one["locations"][0]["physicalLocation"] for one in run["results"]]
    assert [place["artifactLocation"]["uri"] for place in places] == ["a%20b.yaml", "src/c.py"]
    assert [place["region"]["startLine"] for place in places] == [3, 1]
    assert run["results"][0]["ruleId"] == "unredacted-value"
    (invocation,) = run["invocations"]
    assert not invocation["executionSuccessful"]
