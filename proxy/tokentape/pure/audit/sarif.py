"""The report of a scan as SARIF 2.1.0, from which code hosts make annotations.

The properties are those that GitHub asks for: docs.github.com/code-security, SARIF support.
"""

from __future__ import annotations

from urllib.parse import quote

import orjson

from tokentape import __version__
from tokentape.pure.audit.reports import told
from tokentape.pure.http.json_text import Json
from tokentape.pure.leak_check.findings import MENDING, Found, Scan

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_KINDS = tuple(MENDING)


def as_sarif(scan: Scan, root: str) -> str:
    """Return the report; names of files below `root`, a folder, are given relative to it."""
    run = {
        "tool": {"driver": _driver()},
        "results": [_result(one, root) for one in scan.found],
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
        "id": _id(kind),
        "shortDescription": {"text": kind},
        "help": {"text": MENDING[kind]},
        "defaultConfiguration": {"level": "error"},
    }


def _id(kind: str) -> str:
    return kind.lower().replace(" ", "-")


def _result(one: Found, root: str) -> Json:
    return {
        "ruleId": _id(one.finding.kind),
        "ruleIndex": _KINDS.index(one.finding.kind),
        "level": "error",
        "message": {"text": told(one)},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": quote(one.file.removeprefix(f"{root}/"))},
                    "region": {"startLine": one.finding.line},
                }
            }
        ],
    }
