"""The report of a scan: for people, as JSON, and as SARIF 2.1.0.

The JSON is stable: `findings` (each with file, line from 1, kind, detail and mending), `clean` (the
number of files without a finding), `binary` (files not searched), `unread` (file and reason),
`skipped` (folders not searched).

SARIF is what code hosts show as annotations. The properties are those that GitHub requires:
docs.github.com/code-security, SARIF support.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from urllib.parse import quote

import orjson

from tokentape import __version__
from tokentape.pure.http.json_text import Json
from tokentape.pure.leak_check.findings import MENDING, Finding, Scan
from tokentape.wording import counted

_SARIF_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_KINDS = tuple(MENDING)


def lines(scan: Scan) -> Iterator[str]:
    """Yield a line for each finding and each file that could not be read."""
    for file, finding in scan.findings:
        yield f"{file}:{finding.line}: {finding}"
    yield from _unread(scan)


def _unread(scan: Scan) -> Iterator[str]:
    return (f"{file}: not read in full: {reason}" for file, reason in scan.unread)


def summary(scan: Scan) -> str:
    """Return the counts of findings and files in one line."""
    files = len({file for file, _ in scan.findings})
    findings = (
        f"{counted(len(scan.findings), 'finding')} in {counted(files, 'file')}, {scan.clean} clean"
    )
    binary = f", {counted(len(scan.binary), 'binary file')} skipped" if scan.binary else ""
    skipped = f", {counted(len(scan.skipped), 'folder')} skipped" if scan.skipped else ""
    unread = f", {len(scan.unread)} not read in full" if scan.unread else ""
    files_clean = findings if scan.findings else f"{counted(scan.clean, 'file')} clean"
    return files_clean + binary + skipped + unread


def as_json(scan: Scan) -> str:
    """Return the report for programs."""
    findings = [
        {"file": file, **asdict(finding), "mending": MENDING[finding.kind]}
        for file, finding in scan.findings
    ]
    unread = [{"file": file, "reason": reason} for file, reason in scan.unread]
    return _dumped(
        {
            "findings": findings,
            "clean": scan.clean,
            "binary": scan.binary,
            "unread": unread,
            "skipped": scan.skipped,
        }
    )


def _dumped(document: Json) -> str:
    return orjson.dumps(document, option=orjson.OPT_INDENT_2).decode()


def as_sarif(scan: Scan, root: str) -> str:
    """Return the report as SARIF; files in the folder `root` are named relative to it."""
    rules = [_sarif_rule(kind) for kind in _KINDS]
    notifications = [{"level": "error", "message": {"text": line}} for line in _unread(scan)]
    run = {
        "tool": {"driver": {"name": "tokentape", "version": __version__, "rules": rules}},
        "results": [
            _sarif_result(file.removeprefix(f"{root}/"), finding) for file, finding in scan.findings
        ],
        "invocations": [
            {
                "executionSuccessful": not scan.unread,
                "toolExecutionNotifications": notifications,
            }
        ],
    }
    return _dumped({"$schema": _SARIF_SCHEMA, "version": "2.1.0", "runs": [run]})


def _sarif_rule(kind: str) -> Json:
    return {
        "id": _rule_id(kind),
        "shortDescription": {"text": kind},
        "help": {"text": MENDING[kind]},
        "defaultConfiguration": {"level": "error"},
    }


def _rule_id(kind: str) -> str:
    return kind.lower().replace(" ", "-")


def _sarif_result(file: str, finding: Finding) -> Json:
    location = {
        "artifactLocation": {"uri": quote(file)},
        "region": {"startLine": finding.line},
    }
    return {
        "ruleId": _rule_id(finding.kind),
        "ruleIndex": _KINDS.index(finding.kind),
        "level": "error",
        "message": {"text": str(finding)},
        "locations": [{"physicalLocation": location}],
    }
