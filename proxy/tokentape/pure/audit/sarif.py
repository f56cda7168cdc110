"""The report of a scan as SARIF 2.1.0, which code hosts show as annotations.

The properties are those that GitHub requires: docs.github.com/code-security, SARIF support.
"""

from __future__ import annotations

from urllib.parse import quote

import orjson

from tokentape import __version__
from tokentape.pure.audit.reports import message
from tokentape.pure.http.json_text import Json
from tokentape.pure.leak_check.findings import MENDING, FileFinding, Scan

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_KINDS = tuple(MENDING)


def as_sarif(scan: Scan, root: str) -> str:
    """Return the report; files in the folder `root` are named relative to it."""
    run = {
        "tool": {"driver": _driver()},
        "results": [_result(file_finding, root) for file_finding in scan.findings],
        "invocations": [
            {
                "executionSuccessful": not scan.unread,
                "toolExecutionNotifications": [
                    {"level": "error", "message": {"text": f"{file}: cannot be read: {reason}"}}
                    for file, reason in scan.unread
                ],
            }
        ],
    }
    document = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    return orjson.dumps(document, option=orjson.OPT_INDENT_2).decode()


def _driver() -> Json:
    return {"name": "tokentape", "version": __version__, "rules": [_rule(kind) for kind in _KINDS]}


def _rule(kind: str) -> Json:
    return {
        "id": _rule_id(kind),
        "shortDescription": {"text": kind},
        "help": {"text": MENDING[kind]},
        "defaultConfiguration": {"level": "error"},
    }


def _rule_id(kind: str) -> str:
    return kind.lower().replace(" ", "-")


def _result(file_finding: FileFinding, root: str) -> Json:
    return {
        "ruleId": _rule_id(file_finding.finding.kind),
        "ruleIndex": _KINDS.index(file_finding.finding.kind),
        "level": "error",
        "message": {"text": message(file_finding)},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": quote(file_finding.file.removeprefix(f"{root}/"))},
                    "region": {"startLine": file_finding.finding.line},
                }
            }
        ],
    }
