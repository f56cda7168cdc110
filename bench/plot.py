"""Replay's speed as a picture: requests a second by those of bare aiohttp, with the range."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape
from statistics import median

from bench.contests import Row
from bench.load import RATE
from bench.replay import BARE

_LEFT, _WIDTH, _LINE, _TOP = 300, 440, 24, 44
_TITLE = "requests a second, bare aiohttp = 1: median, minimum, maximum"
_SVG = "http://www.w3.org/2000/svg"
_STYLE = (
    "text{font:13px sans-serif;fill:#555}line{stroke:#999}rect{fill:#4c78a8}"
    ".whole{stroke:#e45756;stroke-dasharray:4 3}.range{stroke:#222;stroke-width:2}"
    "@media(prefers-color-scheme:dark){text{fill:#bbb}.range{stroke:#ddd}}"
)


def svg(rows: Iterable[Row]) -> str:
    """Return a bar for each row of replay that has a rate."""
    shown = [row for row in rows if row.against == BARE and row.figure == RATE]
    most = max([1.0, *(ratio for row in shown for ratio in row.ratios)])
    height = _TOP + _LINE * len(shown) + 12
    bars = (line for index, row in enumerate(shown) for line in _bar(row, index, most))
    return "\n".join(
        (
            f'<svg xmlns="{_SVG}" viewBox="0 0 {_LEFT + _WIDTH + 70} {height}">',
            f"<style>{_STYLE}</style>",
            f'<text x="8" y="18">{_TITLE}</text>',
            *bars,
            _upright(_across(1.0, most), height),
            "</svg>\n",
        )
    )


def _bar(row: Row, index: int, most: float) -> Iterator[str]:
    top, ratios = _TOP + _LINE * index, row.ratios
    middle, low, high = (
        _across(ratio, most) for ratio in (median(ratios), min(ratios), max(ratios))
    )
    yield f'<text x="{_LEFT - 8}" y="{top + 14}" text-anchor="end">{escape(row.name)}</text>'
    yield f'<rect x="{_LEFT}" y="{top + 3}" width="{middle - _LEFT:.1f}" height="{_LINE - 8}"/>'
    yield (
        f'<line class="range" x1="{low:.1f}" x2="{high:.1f}" y1="{top + 11}" y2="{top + 11}"/>'
        f'<text x="{high + 6:.1f}" y="{top + 14}">{median(ratios):.2f}</text>'
    )


def _across(ratio: float, most: float) -> float:
    return _LEFT + _WIDTH * ratio / most


def _upright(x: float, height: int) -> str:
    return f'<line class="whole" x1="{x:.1f}" x2="{x:.1f}" y1="{_TOP - 8}" y2="{height - 8}"/>'
