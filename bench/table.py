"""Figures for people: as plain text, and as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from statistics import median

from bench.figures import Absent, Row

_HEAD = ("what", "figure", "median", "compared with", "its median", "ratio", "min", "max")
_FIGURES = "\n## Figures\n"
_TEXTS = (0, 1, 3)
"""Columns of text; the others are numbers."""


def text(rows: Sequence[Row], absent: Iterable[Absent]) -> str:
    """Return all figures as aligned columns."""
    lines: list[str] = []
    for title, group in groupby(rows, key=lambda row: row.contest):
        cells = [_HEAD, *map(_cells, group)]
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        lines += [title, *(f"  {_aligned(line, widths)}".rstrip() for line in cells), ""]
    return "\n".join((*lines, *_not_measured(absent)))


def markdown(rows: Sequence[Row], absent: Iterable[Absent]) -> str:
    """Return all figures as tables in Markdown."""
    lines: list[str] = []
    for title, group in groupby(rows, key=lambda row: row.contest):
        rule = ("---" if index in _TEXTS else "---:" for index in range(len(_HEAD)))
        cells = (_HEAD, tuple(rule), *map(_cells, group))
        lines += [f"### {title}", "", *(f"| {' | '.join(line)} |" for line in cells), ""]
    return "\n".join((*lines, *_not_measured(absent)))


def filled(document: str, plot: str, rows: Sequence[Row], absent: Iterable[Absent]) -> str:
    """Return a document with a plot and these tables below its last heading, Figures."""
    before, _, _ = document.partition(_FIGURES)
    image = f"![Requests a second in replay, by those of bare aiohttp]({plot})\n\n" if plot else ""
    return f"{before}{_FIGURES}\n{image}{markdown(rows, absent).rstrip()}\n"


def _not_measured(absent: Iterable[Absent]) -> Iterator[str]:
    for one in absent:
        yield f"Not measured: {one.contest}: {one.name}: {one.reason}."


def _cells(row: Row) -> tuple[str, ...]:
    ratios = row.ratios
    return (
        row.name,
        row.figure,
        _number(median(row.ours)),
        row.against,
        _number(median(row.theirs)),
        *map(_number, (median(ratios), min(ratios), max(ratios))),
    )


def _aligned(cells: Iterable[str], widths: Sequence[int]) -> str:
    return "  ".join(
        cell.ljust(width) if index in _TEXTS else cell.rjust(width)
        for index, (cell, width) in enumerate(zip(cells, widths, strict=True))
    )


def _number(value: float) -> str:
    """Return three significant digits, and all before the point."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.2g}" if abs(value) < 0.1 else f"{value:.3g}"
