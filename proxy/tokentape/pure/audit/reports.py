"""The report of a scan: for people and, as JSON, for programs. See `sarif` for the third form.

The JSON is stable: `findings` (each with file, line from 1, kind, detail and mending), `clean` (the
number of files without a finding), `binary` (files not searched), `unread` (file and reason).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict

import orjson

from tokentape.pure.leak_check.findings import MENDING, FileFinding, Scan


def lines(scan: Scan) -> Iterator[str]:
    """Yield a line for each finding and each file that could not be read."""
    for entry in scan.findings:
        yield f"{entry.file}:{entry.finding.line}: {message(entry)}"
    for file, reason in scan.unread:
        yield f"{file}: cannot be read: {reason}"


def message(entry: FileFinding) -> str:
    """Return the kind and detail of a finding and how to mend it, without file and line."""
    finding = entry.finding
    detail = f" ({finding.detail})" if finding.detail else ""
    return f"{finding.kind}{detail}: {MENDING[finding.kind]}"


def summary(scan: Scan) -> str:
    """Return the counts of findings and files in one line."""
    files = len({entry.file for entry in scan.findings})
    findings = (
        f"{_count(len(scan.findings), 'finding')} in {_count(files, 'file')}, {scan.clean} clean"
    )
    binary = f", {_count(len(scan.binary), 'binary file')} skipped" if scan.binary else ""
    unread = f", {len(scan.unread)} cannot be read" if scan.unread else ""
    return (findings if scan.findings else f"{_count(scan.clean, 'file')} clean") + binary + unread


def _count(number: int, noun: str) -> str:
    """Return a number with its noun.

    >>> _count(1, "file"), _count(2, "file")
    ('1 file', '2 files')
    """
    return f"{number} {noun}{'' if number == 1 else 's'}"


def as_json(scan: Scan) -> str:
    """Return the report for programs."""
    document = {
        "findings": [
            {
                "file": entry.file,
                **asdict(entry.finding),
                "mending": MENDING[entry.finding.kind],
            }
            for entry in scan.findings
        ],
        "clean": scan.clean,
        "binary": scan.binary,
        "unread": [{"file": file, "reason": reason} for file, reason in scan.unread],
    }
    return orjson.dumps(document, option=orjson.OPT_INDENT_2).decode()
