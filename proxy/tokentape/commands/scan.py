"""Scanning files: each is read, judged, and named in a way that reveals nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path, PurePosixPath

from tokentape.edges import files_to_scan, terminal
from tokentape.edges.files_to_scan import Content, NamedFile
from tokentape.edges.settings import Settings
from tokentape.edges.terminal import Line
from tokentape.errors import SearchTooSlow
from tokentape.pure.audit import reports
from tokentape.pure.audit.inspection import MAX_CASSETTE, TOO_LARGE, Inspector
from tokentape.pure.audit.readable import readable
from tokentape.pure.leak_check.findings import Finding, Scan
from tokentape.session import assembly

_YAML_OR_JSON = frozenset({".yaml", ".yml", ".json", ".har", ""})
"""Of what may be a recording; php-vcr gives its files no suffix."""
_COMPRESSED = frozenset({".gz", ".bz2", ".xz"})


def scan_files(settings: Settings, paths: tuple[Path, ...], output_format: str) -> int:
    """Print the secrets in files, as text, json or sarif; return the exit status."""
    scan = _scan(settings, paths)
    terminal.print_lines(_lines(scan, output_format))
    return scan.exit_status


def _scan(settings: Settings, paths: tuple[Path, ...]) -> Scan:
    """Scan files, what is in folders, and what is in archives."""
    judge = Inspector(assembly.redactor(settings.redact, settings.match))
    cassettes = settings.cassettes.resolve()
    findings: list[tuple[str, Finding]] = []
    binary: list[str] = []
    unread: list[tuple[str, str]] = []
    skipped: list[str] = []
    clean = 0
    for number, (file, content) in enumerate(_contents(paths), 1):
        name, in_name = judge.name(content.name, number)
        findings += ((name, finding) for finding in in_name)
        if file.skipped:
            skipped.append(name)
            continue
        reasons: list[str] = []
        try:
            in_file = _findings(file, content, judge, cassettes, reasons)
        except SearchTooSlow as error:
            in_file, reasons = (), [error.message]
        unread += ((name, reason) for reason in reasons)
        findings += ((name, finding) for finding in in_file or ())
        if in_file is None:
            binary.append(name)
        elif not (in_file or in_name or reasons):
            clean += 1
    return Scan(tuple(findings), clean, tuple(binary), tuple(unread), tuple(skipped))


def _contents(paths: tuple[Path, ...]) -> Iterator[tuple[NamedFile, Content]]:
    for file in files_to_scan.files_in(paths):
        if file.skipped:
            yield file, Content(file.path.as_posix(), ())
        else:
            yield from ((file, content) for content in files_to_scan.contents(file))


def _findings(
    file: NamedFile, content: Content, judge: Inspector, cassettes: Path, reasons: list[str]
) -> tuple[Finding, ...] | None:
    """Return the findings in a file, or None for a binary one.

    Adds to `reasons` why a part of it could not be read, or not be checked.
    """
    parts = _as_far_as_readable(content.parts, reasons)
    text = readable(parts)
    if file.path.suffix == ".yaml" and file.path.resolve().is_relative_to(cassettes):
        beginning, rest = _beginning(text or (), MAX_CASSETTE)
        reasons += () if rest is None else (TOO_LARGE,)
        return judge.cassette(beginning)
    if text is None:
        return None
    if _suffix(content.name) not in _YAML_OR_JSON and file.path != files_to_scan.STANDARD_INPUT:
        return judge.stream(text)
    beginning, rest = _beginning(text, MAX_CASSETTE)
    if rest is None:
        return judge.file(beginning)
    if judge.may_be_cassette(beginning):
        reasons.append(TOO_LARGE)
    return judge.stream(chain([beginning], rest))


def _as_far_as_readable(parts: Iterable[bytes], reasons: list[str]) -> Iterator[bytes]:
    try:
        yield from parts
    except OSError as error:
        reasons.append(error.strerror or "an error of the system")


def _beginning(parts: Iterable[bytes], limit: int) -> tuple[bytes, Iterator[bytes] | None]:
    """Return a text up to a limit, and the rest of it, if there is more."""
    beginning = bytearray()
    rest = iter(parts)
    for part in rest:
        beginning += part
        if len(beginning) > limit:
            return bytes(beginning), rest
    return bytes(beginning), None


def _suffix(name: str) -> str:
    path = PurePosixPath(name)
    return PurePosixPath(path.stem).suffix if path.suffix in _COMPRESSED else path.suffix


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
