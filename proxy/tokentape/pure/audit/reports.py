"""The report of a scan: for people and, as JSON, for programs. See `sarif` for the third form.

The JSON is stable: `findings` (each with file, line from 1, kind, detail and mending), `clean` (the
number of files without a finding), `binary` (files not looked into), `unread` (file and reason).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict

import orjson

from tokentape.pure.leak_check.findings import MENDING, Found, Scan


def lines(scan: Scan) -> Iterator[str]:
    """Yield a line for each finding and each file that could not be read."""
    for one in scan.found:
        yield f"{one.file}:{one.finding.line}: {told(one)}"
    for file, reason in scan.unread:
        yield f"{file}: cannot be read: {reason}"


def told(one: Found) -> str:
    """Return what was found and how to mend it, in a sentence."""
    finding = one.finding
    detail = f" ({finding.detail})" if finding.detail else ""
    return f"{finding.kind}{detail}: {MENDING[finding.kind]}"


def summary(scan: Scan) -> str:
    """Return what became of all files, in a line."""
    files = len({one.file for one in scan.found})
    found = f"{_count(len(scan.found), 'finding')} in {_count(files, 'file')}, {scan.clean} clean"
    binary = f", {_count(len(scan.binary), 'binary file')} skipped" if scan.binary else ""
    unread = f", {len(scan.unread)} cannot be read" if scan.unread else ""
    return (found if scan.found else f"{_count(scan.clean, 'file')} clean") + binary + unread


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def as_json(scan: Scan) -> str:
    """Return the report for programs."""
    document = {
        "findings": [
            {"file": one.file, **asdict(one.finding), "mending": MENDING[one.finding.kind]}
            for one in scan.found
        ],
        "clean": scan.clean,
        "binary": scan.binary,
        "unread": [{"file": file, "reason": reason} for file, reason in scan.unread],
    }
    return orjson.dumps(document, option=orjson.OPT_INDENT_2).decode()
