"""Scanning files: each is read, judged, and named in a way that gives nothing away."""

from __future__ import annotations

from pathlib import Path

from tokentape.edges import files_to_scan, terminal
from tokentape.edges.settings import Settings
from tokentape.pure.audit import reports
from tokentape.pure.audit.inspection import Inspector, inspector, readable
from tokentape.pure.audit.sarif import as_sarif
from tokentape.pure.leak_check.findings import FileFinding, Finding, Scan
from tokentape.session import assembly

_YAML_OR_JSON = frozenset({".yaml", ".yml", ".json"})


def scan(paths: tuple[Path, ...], settings: Settings, form: str = "text") -> int:
    """Scan files and print a report, as text, json or sarif; return the exit status."""
    own = inspector(assembly.door(settings.redact, settings.match))
    result = _scanned(paths, own, settings.cassettes.resolve())
    if form == "json":
        terminal.out(reports.as_json(result))
    elif form == "sarif":
        terminal.out(as_sarif(result, Path.cwd().as_posix()))
    else:
        for line in reports.lines(result):
            terminal.out(line, colour="red")
        terminal.out(reports.summary(result), colour="red" if result.exit_status else "green")
    return result.exit_status


def _scanned(paths: tuple[Path, ...], own: Inspector, cassettes: Path) -> Scan:
    found: list[FileFinding] = []
    binary: list[str] = []
    unread: list[tuple[str, str]] = []
    clean = 0
    for number, path in enumerate(files_to_scan.files_in(paths), 1):
        name, findings = own.name(path.as_posix(), number)
        try:
            judged = _judged(path, files_to_scan.read(path), own, cassettes)
        except OSError as error:
            judged = ()
            unread.append((name, error.strerror or "an error of the system"))
        else:
            clean += judged == findings == ()
        if judged is None:
            binary.append(name)
        found += (FileFinding(name, finding) for finding in (*findings, *(judged or ())))
    return Scan(tuple(found), clean, tuple(binary), tuple(unread))


def _judged(path: Path, data: bytes, own: Inspector, cassettes: Path) -> tuple[Finding, ...] | None:
    """Return the findings in a file, or None for a binary one."""
    if path.suffix == ".yaml" and path.resolve().is_relative_to(cassettes):
        return own.cassette(data)
    text = readable(data)
    if text is None:
        return None
    maybe = path.suffix in _YAML_OR_JSON or path == files_to_scan.STANDARD_INPUT
    return own.file(text) if maybe else own.text(text)
