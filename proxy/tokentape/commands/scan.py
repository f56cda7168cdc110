"""Scanning files: each is read, judged, and named in a way that reveals nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tokentape.edges import files_to_scan, terminal
from tokentape.edges.settings import Settings
from tokentape.edges.terminal import Line
from tokentape.pure.audit import reports
from tokentape.pure.audit.inspection import Inspector, readable
from tokentape.pure.leak_check.findings import Finding, Scan
from tokentape.session import assembly

_YAML_OR_JSON = frozenset({".yaml", ".yml", ".json", ".har", ""})
"""Of what may be a recording; php-vcr gives its files no suffix."""


def scan_files(settings: Settings, paths: tuple[Path, ...], output_format: str) -> int:
    """Print the secrets in files, as text, json or sarif; return the exit status."""
    scan = _scan(settings, paths)
    terminal.print_lines(_lines(scan, output_format))
    return scan.exit_status


def _scan(settings: Settings, paths: tuple[Path, ...]) -> Scan:
    """Scan files, and what is in folders."""
    judge = Inspector(assembly.redactor(settings.redact, settings.match))
    cassettes = settings.cassettes.resolve()
    findings: list[tuple[str, Finding]] = []
    binary: list[str] = []
    unread: list[tuple[str, str]] = []
    clean = 0
    for number, path in enumerate(files_to_scan.files_in(paths), 1):
        name, in_name = judge.name(path.as_posix(), number)
        try:
            in_file = _findings(path, files_to_scan.read(path), judge, cassettes)
        except OSError as error:
            in_file = ()
            unread.append((name, error.strerror or "an error of the system"))
        else:
            clean += in_file == in_name == ()
        if in_file is None:
            binary.append(name)
        findings += ((name, finding) for finding in (*in_name, *(in_file or ())))
    return Scan(tuple(findings), clean, tuple(binary), tuple(unread))


def _findings(
    path: Path, data: bytes, judge: Inspector, cassettes: Path
) -> tuple[Finding, ...] | None:
    """Return the findings in a file, or None for a binary one."""
    if path.suffix == ".yaml" and path.resolve().is_relative_to(cassettes):
        return judge.cassette(data)
    text = readable(data)
    if text is None:
        return None
    structured = path.suffix in _YAML_OR_JSON or path == files_to_scan.STANDARD_INPUT
    return judge.file(text) if structured else judge.text(text)


def _lines(scan: Scan, output_format: str) -> Iterator[Line]:
    """Yield the report, as text, json or sarif."""
    if output_format == "json":
        yield Line(reports.as_json(scan))
    elif output_format == "sarif":
        yield Line(reports.as_sarif(scan, Path.cwd().as_posix()))
    else:
        for line in reports.lines(scan):
            yield Line(line, colour="red")
        yield Line(reports.summary(scan), colour="red" if scan.exit_status else "green")
