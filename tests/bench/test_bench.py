"""The harness runs, tells the truth about what it could not do, and times nothing here."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from tokentape.edges.settings import Match, Redact
from tokentape.pure.cassette.writing import cassette_text
from tokentape.session import assembly

from bench.cassettes import BLOCK, Cassette
from bench.figures import Absent, NotRun, Row
from bench.load import Clients, write
from bench.processes import Cores, Place
from bench.table import filled, markdown, text
from bench.traffic import mix, posts

ROOT = Path(__file__).parents[2]


def figures(directory: Path, *words: str, **variables: str) -> dict[str, Any]:
    """Return what a quick run writes."""
    file = directory / "figures.json"
    quick = ("--quick", "--client", "asyncio", "--work", str(directory), "--json", str(file))
    command = [sys.executable, "-m", "bench", *quick, *words]
    environment = os.environ | variables
    ran = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=120
    )
    assert ran.returncode == 0, ran.stderr
    told: dict[str, Any] = json.loads(file.read_text())
    return told


def test_it_writes_figures_and_a_plot(tmp_path: Path) -> None:
    plot = tmp_path / "plot.svg"
    only = "^(start: replay, a cassette of 10$|load: 100$|replay: 1$|miss|record: record$)"
    told = figures(tmp_path, "--only", only, "--plot", str(plot))
    assert told["absent"] == []
    assert {row["contest"] for row in told["rows"]} == {"start", "load", "replay", "miss", "record"}
    for row in told["rows"]:
        assert len(row["ours"]) == len(row["theirs"]) == told["rounds"] == 1
        assert all(isinstance(value, float) for value in (*row["ours"], *row["theirs"]))
    assert "requests/s" in {row["figure"] for row in told["rows"]}
    shown = ET.parse(plot).getroot().findall("{*}rect")
    assert len(shown) == 1
    assert not [path for path in tmp_path.iterdir() if path.is_dir()], "it left something behind"


def test_what_cannot_run_is_told(tmp_path: Path) -> None:
    only = ("--only", "^replay: talkback, 1$", "--peers", str(tmp_path / "peers"))
    told = figures(tmp_path, *only, PATH="")
    assert told["rows"] == []
    assert told["absent"] == [
        {"contest": "replay", "name": "talkback, 1", "reason": "node is missing"}
    ]


def test_large_cassettes_are_canonical_and_pass_the_strict_loader(tmp_path: Path) -> None:
    cassette = Cassette.of("large", BLOCK + 50, mix)
    path = cassette.write(tmp_path)
    loaded = assembly.interactions(tmp_path, "large", assembly.door(Redact(), Match()))
    assert cassette_text(loaded) == path.read_text()
    asked = tuple(cassette.requests())
    assert len(asked) == len(set(asked)) == len(loaded) == BLOCK + 50
    assert [one.method for one in asked] == [one.outline.method for one in loaded]


@pytest.mark.parametrize("program", ["asyncio", "wrk"])
def test_failures_among_the_answers_are_no_figures(tmp_path: Path, program: str) -> None:
    if program == "wrk" and not shutil.which("wrk"):
        pytest.skip("there is no wrk")
    cassette, cores = Cassette.of("known", 10, mix), Cores.here()
    place, clients = Place(tmp_path, cores.serving), Clients(program, cores.loading, seconds=0.2)
    cassette.write(place.cassettes)
    known = write(cassette.requests(), tmp_path / "known")
    unknown = write(posts(1, year=2045), tmp_path / "unknown")
    with place.tokentape("replay", "known") as session:
        assert clients.load(session.url, known)["requests/s"] > 0
        with pytest.raises(NotRun, match="were failures"):
            clients.load(session.url, unknown)


def test_tables() -> None:
    row = Row("replay", "100", "requests/s", (2_000.0, 30_000.0), "bare", (10_000.0, 20_000.0))
    absent = Absent("replay", "talkback", "node is missing")
    assert text([row], [absent]).splitlines() == [
        "replay",
        "  what  figure      median  compared with  its median  ratio  min  max",
        "  100   requests/s  16,000  bare               15,000   0.85  0.2  1.5",
        "",
        "Not measured: replay: talkback: node is missing.",
    ]
    assert markdown([row], []).splitlines()[2:5] == [
        "| what | figure | median | compared with | its median | ratio | min | max |",
        "| --- | --- | ---: | --- | ---: | ---: | ---: | ---: |",
        "| 100 | requests/s | 16,000 | bare | 15,000 | 0.85 | 0.2 | 1.5 |",
    ]
    document = filled("# Title\n\nWords.\n\n## Figures\n\nold\n", "plot.svg", [row], [absent])
    assert document == filled(document, "plot.svg", [row], [absent])
    assert document.startswith("# Title\n\nWords.\n\n## Figures\n\n![")
    assert "](plot.svg)\n\n### replay\n\n| what |" in document
    assert "old" not in document
