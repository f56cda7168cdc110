"""Figures for people: as plain text, and as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from statistics import median

from bench.aims import Verdict
from bench.contests import Outcome, Row

_HOLDS = {True: "yes", False: "**no**", None: ""}


@dataclass(frozen=True)
class Table:
    """Cells, a head first; the columns of `texts` are text, the others numbers."""

    title: str
    texts: tuple[int, ...]
    lines: Sequence[Sequence[str]]

    def plain(self) -> Iterator[str]:
        """Yield lines of aligned columns."""
        widths = [max(map(len, column)) for column in zip(*self.lines, strict=True)]
        yield self.title
        yield from (f"  {self._aligned(line, widths)}".rstrip() for line in self.lines)
        yield ""

    def markdown(self) -> Iterator[str]:
        """Yield lines of Markdown."""
        head, *lines = self.lines
        rule = ["---" if index in self.texts else "---:" for index in range(len(head))]
        yield from (f"| {' | '.join(line)} |" for line in (head, rule, *lines))
        yield ""

    def _aligned(self, cells: Iterable[str], widths: Sequence[int]) -> str:
        return "  ".join(
            cell.ljust(width) if index in self.texts else cell.rjust(width)
            for index, (cell, width) in enumerate(zip(cells, widths, strict=True))
        )


def text(outcome: Outcome, verdicts: Sequence[Verdict]) -> str:
    """Return all figures as aligned columns, and the aims that were measured behind them."""
    measured = [verdict for verdict in verdicts if verdict.measured is not None]
    tables = [*contests(outcome.rows), *([aims(measured)] if measured else ())]
    lines = (line.replace("*", "") for table in tables for line in table.plain())
    return "\n".join((*lines, *_not_measured(outcome)))


def contests(rows: Sequence[Row]) -> Iterator[Table]:
    """Yield a table of figures for each contest."""
    for title, group in groupby(rows, key=lambda row: row.contest):
        yield _comparisons(title, tuple(group))


def aims(verdicts: Sequence[Verdict]) -> Table:
    """Return what was asked, and what holds."""
    lines = (
        (
            verdict.aim.text,
            f"{'≥' if verdict.aim.at_least else '≤'} {verdict.aim.limit:g}",
            "not measured" if verdict.measured is None else number(verdict.measured),
            _HOLDS[verdict.holds],
        )
        for verdict in verdicts
    )
    return Table("aims", (0, 3), (("aim", "asked", "measured", "holds"), *lines))


def sections(outcome: Outcome, verdicts: Sequence[Verdict], plot: str) -> Mapping[str, str]:
    """Return what the bench writes into a document, by the name of the section."""
    lines: list[str] = []
    if plot:
        lines += [f"![Requests a second in replay, by those of bare aiohttp]({plot})", ""]
    for table in contests(outcome.rows):
        lines += [f"### {table.title}", "", *table.markdown()]
    lines += _not_measured(outcome)
    return {"aims": "\n".join(aims(verdicts).markdown()), "figures": "\n".join(lines)}


def filled(document: str, sections: Mapping[str, str]) -> str:
    """Return a document with sections between `<!-- bench: NAME -->` and `<!-- bench: end -->`.

    Raises ValueError if a section has no such place.
    """
    for name, content in sections.items():
        head, end = f"<!-- bench: {name} -->", "<!-- bench: end -->"
        before, head, rest = document.partition(head)
        _, end, after = rest.partition(end)
        if not end:
            raise ValueError(f"the document has no place for {name}")
        document = f"{before}{head}\n\n{content.strip()}\n\n{end}{after}"
    return document


def _not_measured(outcome: Outcome) -> Iterator[str]:
    for item in outcome.absent:
        yield f"Not measured: {item.contest}: {item.name}: {item.reason}."


def _comparisons(title: str, rows: Sequence[Row]) -> Table:
    if not any(row.against for row in rows):
        single = ("what", "figure", "median", "min", "max")
        return Table(title, (0, 1), (single, *map(_figures, rows)))
    head = ("what", "figure", "median", "compared with", "its median", "ratio", "min", "max")
    return Table(title, (0, 1, 3), (head, *map(_comparison, rows)))


def _comparison(row: Row) -> Sequence[str]:
    ours = (row.name, row.figure, number(median(row.ours)))
    if not row.against:
        return (*ours, "", "", "", "", "")
    ratios = row.ratios
    theirs = (row.against, number(median(row.theirs)))
    return (*ours, *theirs, *map(number, (median(ratios), min(ratios), max(ratios))))


def _figures(row: Row) -> Sequence[str]:
    return (row.name, row.figure, *map(number, (median(row.ours), min(row.ours), max(row.ours))))


def number(value: float) -> str:
    """Return three significant digits, and all before the point."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.2g}" if abs(value) < 0.1 else f"{value:.3g}"
