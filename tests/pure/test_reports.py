"""Reports of a scan: for people, as JSON, and as SARIF with all that GitHub asks for."""

from __future__ import annotations

import json

import pytest
from tokentape import __version__
from tokentape.pure.audit import reports
from tokentape.pure.leak_check.findings import (
    CARD_NUMBER,
    MENDING,
    STRIPE_KEY,
    UNREDACTED_VALUE,
    Finding,
    Scan,
)

SCAN = Scan(
    findings=(
        ("a b.yaml", Finding(3, UNREDACTED_VALUE, "request field 2")),
        ("/work/src/c.py", Finding(1, STRIPE_KEY)),
    ),
    clean=5,
    binary=("d.png",),
    unread=(("e", "Permission denied"),),
)
CLEAN = Scan((), 1, (), ())


def test_a_line_for_people_has_file_line_kind_and_remedy() -> None:
    assert list(reports.lines(SCAN)) == [
        f"a b.yaml:3: unredacted value (request field 2): {MENDING[UNREDACTED_VALUE]}",
        f"/work/src/c.py:1: API key: {MENDING[STRIPE_KEY]}",
        "e: not read in full: Permission denied",
    ]


@pytest.mark.parametrize(
    ("scan", "summary"),
    [
        (SCAN, "2 findings in 2 files, 5 clean, 1 binary file skipped, 1 not read in full"),
        (CLEAN, "1 file clean"),
        (Scan((), 0, ("a", "b"), ()), "0 files clean, 2 binary files skipped"),
    ],
)
def test_the_summary_counts_every_file(scan: Scan, summary: str) -> None:
    assert reports.summary(scan) == summary


@pytest.mark.parametrize(
    ("scan", "status"),
    [
        (CLEAN, 0),
        (Scan((("a", Finding(1, CARD_NUMBER)),), 0, (), ()), 1),
        (Scan((), 1, (), (("a", "gone"),)), 2),
        (SCAN, 2),
    ],
)
def test_the_exit_status_of_a_scan(scan: Scan, status: int) -> None:
    assert scan.exit_status == status


def test_the_report_for_programs_is_json() -> None:
    assert json.loads(reports.as_json(SCAN)) == {
        "findings": [
            {
                "file": "a b.yaml",
                "line": 3,
                "kind": "unredacted value",
                "detail": "request field 2",
                "mending": MENDING[UNREDACTED_VALUE],
            },
            {
                "file": "/work/src/c.py",
                "line": 1,
                "kind": "API key",
                "detail": "",
                "mending": MENDING[STRIPE_KEY],
            },
        ],
        "clean": 5,
        "binary": ["d.png"],
        "unread": [{"file": "e", "reason": "Permission denied"}],
        "skipped": [],
    }


@pytest.mark.parametrize("scan", [SCAN, CLEAN])
def test_sarif_has_what_github_requires(scan: Scan) -> None:
    log = json.loads(reports.as_sarif(scan, "/work"))
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
    assert len(run["results"]) == len(scan.findings)
    for result in run["results"]:
        assert rules[result["ruleIndex"]] == result["ruleId"]
        assert result["message"]["text"]
        (location,) = result["locations"]
        physical = location["physicalLocation"]
        assert not physical["artifactLocation"]["uri"].startswith(("/", "file:"))
        assert physical["region"]["startLine"] >= 1


def test_sarif_names_files_by_relative_uris() -> None:
    (run,) = json.loads(reports.as_sarif(SCAN, "/work"))["runs"]
    locations = [result["locations"][0]["physicalLocation"] for result in run["results"]]
    assert [location["artifactLocation"]["uri"] for location in locations] == [
        "a%20b.yaml",
        "src/c.py",
    ]
    assert [location["region"]["startLine"] for location in locations] == [3, 1]
    assert run["results"][0]["ruleId"] == "unredacted-value"
    (invocation,) = run["invocations"]
    assert not invocation["executionSuccessful"]
