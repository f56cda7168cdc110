"""The bench runs, checks what it measures, and says why something has no figures.

No test looks at how fast anything is.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from bench.aims import Aim, verdicts
from bench.cassettes import Cassette
from bench.contests import Absent, Contender, Contest, NotRun, Outcome, Row, run
from bench.lab import QUICK, Lab
from bench.load import Clients, write
from bench.passes import send_all
from bench.processes import TOKENTAPE, Cores, Place
from bench.table import filled, sections, text
from bench.traffic import chunked, keyed, mix, posts, raw, shuffled, with_ids

ROOT = Path(__file__).parents[2]


def ran(*words: str, **variables: str) -> str:
    """Return what the bench prints."""
    command = [sys.executable, "-m", "bench", *words]
    process = subprocess.run(
        command,
        cwd=ROOT,
        env=os.environ | variables,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert process.returncode == 0, process.stderr
    return process.stdout


def figures(directory: Path, *words: str, **variables: str) -> dict[str, Any]:
    """Return what a quick run writes."""
    file = directory / "figures.json"
    quick = ("--quick", "--client", "asyncio", "--work", str(directory), "--json", str(file))
    ran(*quick, *words, **variables)
    written: dict[str, Any] = json.loads(file.read_text())
    return written


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    cores = Cores.available()
    clients = Clients("asyncio", cores.loading, seconds=0.2)
    return Lab(Place(tmp_path, cores.serving), clients, replace(QUICK, block=20), seed=1)


def test_a_quick_run_writes_figures_aims_and_a_plot(tmp_path: Path) -> None:
    plot = tmp_path / "plot.svg"
    only = (
        "^(start: replay, a cassette of 10$|load: 100$|first pass|replay: 1$|miss: a miss|people"
        "|attack: 5 unknown fields, a miss|record: record$)"
    )
    written = figures(tmp_path, "--only", only, "--plot", str(plot), "--people", "200")
    assert written["absent"] == []
    names = {row["contest"] for row in written["rows"]}
    assert names == {
        "start", "load", "first pass", "replay", "miss", "people", "attack", "record"
    }  # fmt: skip
    for row in written["rows"]:
        assert len(row["ours"]) == written["rounds"] == 1
        assert len(row["theirs"]) == (1 if row["against"] else 0)
        assert all(isinstance(value, float) for value in (*row["ours"], *row["theirs"]))
    measured = [aim for aim in written["aims"] if aim["measured"] is not None]
    assert "first pass over 100, shuffled by recorded order" in {aim["aim"] for aim in measured}
    assert all(aim["holds"] in (True, False) for aim in measured)
    assert len(ET.parse(plot).getroot().findall("{*}rect")) == 1
    assert not [path for path in tmp_path.iterdir() if path.is_dir()], "it left something behind"


def test_what_cannot_run_is_absent_with_its_reason(tmp_path: Path) -> None:
    only = ("--only", "^replay: talkback, 1$", "--peers", str(tmp_path / "peers"))
    written = figures(tmp_path, *only, PATH="")
    assert {row["name"] for row in written["rows"]} == {"bare aiohttp"}
    assert written["absent"] == [
        {"contest": "replay", "name": "talkback, 1", "reason": "node is missing"}
    ]


def test_help_and_the_list_name_every_contest() -> None:
    contests = ("start", "load", "first pass", "replay", "miss", "people", "attack", "record")
    usage, listed = ran("--help"), ran("--list")
    for name in contests:
        assert f"\n  {name} " in usage
        assert f"\n  {name}: " in listed


def test_a_cassette_that_repeats_its_block_is_canonical_and_answers_its_suite(lab: Lab) -> None:
    cassette = Cassette(mix, 50, block=20)
    path = cassette.write(lab.place)
    assert path.read_text().count("\n- request:") == 50
    check = subprocess.run([*TOKENTAPE, "fmt", "--check", path], capture_output=True, check=False)
    assert check.returncode == 0, check.stderr
    suite = cassette.suite()
    assert len(set(suite)) == 50
    with ExitStack() as stack:
        server = lab.replaying(stack, cassette)
        assert len(lab.warmed(server, suite).read_bytes()) > 50 * 100
        send_all(server.url, chunked(keyed(suite)), range(50), connections=3)


def test_a_shuffled_suite_retrieves_a_token_after_making_it() -> None:
    suite = mix(500)
    order = shuffled(suite, seed=1)
    assert sorted(order) == list(range(500))
    assert list(order) not in (list(range(500)), shuffled(suite, seed=2))
    assert order == shuffled(suite, seed=1)
    retrieves = [index for index in order if suite[index].retrieves is not None]
    assert len(retrieves) == 100
    assert all(order.index(suite[index].retrieves) < order.index(index) for index in retrieves)


def test_ids_take_their_place_in_targets() -> None:
    *_, retrieve = with_ids(mix(4), {2: "tok_1"})
    assert raw(retrieve).startswith(b"GET /v1/tokens/tok_1 HTTP/1.1\r\n")


def test_a_body_in_chunks_has_no_announced_length() -> None:
    (request,) = posts(1)
    head, _, body = raw(*chunked([request])).partition(b"\r\n\r\n")
    assert b"Transfer-Encoding: chunked" in head
    assert b"Content-Length" not in head
    assert body == b"%x\r\n%b\r\n0\r\n\r\n" % (len(request.body), request.body)


def test_a_pass_ends_at_the_first_answer_that_is_not_what_it_should_be(lab: Lab) -> None:
    unknown = (*mix(2, "a0"), *posts(1, year=2045))
    with ExitStack() as stack:
        server = lab.replaying(stack, Cassette(mix, 10, block=20))
        with pytest.raises(NotRun, match="answer 3 of a pass was 424"):
            send_all(server.url, unknown, range(3))
        with pytest.raises(NotRun, match="answer 1 of a pass was 200 replayed, not 200 recorded"):
            send_all(server.url, unknown, range(1), "recorded")


@pytest.mark.parametrize("program", ["asyncio", "wrk"])
def test_failures_among_the_answers_are_no_figures(lab: Lab, program: str) -> None:
    if program == "wrk" and not shutil.which("wrk"):
        pytest.skip("wrk is not installed")
    cassette, clients = Cassette(mix, 10, block=20), replace(lab.clients, program=program)
    unknown = write(posts(1, year=2045), lab.place.directory / "unknown")
    with ExitStack() as stack:
        server = lab.replaying(stack, cassette)
        assert clients.load(server.url, lab.warmed(server, cassette.suite()))["requests/s"] > 0
        with pytest.raises(NotRun, match="were failures"):
            clients.load(server.url, unknown)


@contextmanager
def listening_for_keys() -> Iterator[tuple[str, list[str]]]:
    """Serve empty answers; yield the URL and the Idempotency-Keys that come."""
    keys: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            keys.append(self.headers["Idempotency-Key"])
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", keys
        finally:
            server.shutdown()


@pytest.mark.parametrize("program", ["asyncio", "wrk"])
def test_no_idempotency_key_comes_a_second_time(tmp_path: Path, program: str) -> None:
    if program == "wrk" and not shutil.which("wrk"):
        pytest.skip("wrk is not installed")
    requests = write(keyed(posts(3)), tmp_path / "requests")
    clients = Clients(program, Cores.available().loading, seconds=0.2)
    with listening_for_keys() as (url, keys):
        clients.load(url, requests, connections=1)
        clients.load(url, requests, connections=1)
    assert len(keys) == len(set(keys)) > 6


def test_a_process_that_needs_more_memory_than_allowed_has_no_figures(lab: Lab) -> None:
    Cassette(mix, 10, block=20).write(lab.place)
    with (
        pytest.raises(NotRun, match="ended at once"),
        lab.place.tokentape("replay", "mix10", memory=8 << 20),
    ):
        pass


def test_each_round_measures_every_contender_and_begins_with_a_different_one() -> None:
    measured: list[str] = []

    def contender(name: str, *compared_with: str) -> Contender:
        def measure() -> dict[str, float]:
            measured.append(name)
            if name == "broken":
                raise NotRun("it broke.")
            return {"ms": float(len(measured))}

        return Contender(name, lambda _: measure, compared_with)

    contenders = (contender("a"), contender("b", "a"), contender("broken"), contender("unwanted"))
    outcome = run(Contest("x", "?", contenders, rounds=2), lambda name: name != "x: unwanted")
    assert measured == ["a", "b", "broken", "b", "a"]
    assert outcome == Outcome(
        (
            Row("x", "a", "ms", (1.0, 5.0)),
            Row("x", "b", "ms", (2.0, 4.0), "a", (1.0, 5.0)),
        ),
        (Absent("x", "broken", "it broke"),),
    )


def test_an_aim_holds_by_the_median_or_by_the_worst_round() -> None:
    rows = (
        Row("x", "b", "s", (2.0, 3.0, 30.0), "a", (2.0, 2.0, 2.0)),
        Row("x", "b", "s", (2.0, 3.0, 30.0), "c", (1.0, 1.0, 1.0)),
    )
    aims = (
        Aim("median", 1.5, "x", "b", "s", "a"),
        Aim("by another", 1.5, "x", "b", "s", "c"),
        Aim("at least", 3, "x", "b", "s", "c", at_least=True),
        Aim("worst", 20, "x", "b", "s", worst=True),
        Aim("missing", 20, "x", "missing", "s"),
    )
    judged = verdicts(aims, rows)
    assert [item.measured for item in judged] == [1.5, 3.0, 3.0, 30.0, None]
    assert [item.holds for item in judged] == [True, False, True, False, None]


def test_tables_show_figures_aims_and_what_is_missing() -> None:
    row = Row("replay", "100", "requests/s", (2_000.0, 30_000.0), "bare", (10_000.0, 20_000.0))
    outcome = Outcome((row,), (Absent("replay", "talkback", "node is missing"),))
    aim = Aim("100, by bare", 0.9, "replay", "100", "requests/s", "bare", at_least=True)
    judged = verdicts((aim,), outcome.rows)
    assert text(outcome, judged).splitlines() == [
        "replay",
        "  what  figure      median  compared with  its median  ratio  min  max",
        "  100   requests/s  16,000  bare               15,000   0.85  0.2  1.5",
        "",
        "aims",
        "  aim           asked  measured  holds",
        "  100, by bare  ≥ 0.9      0.85  no",
        "",
        "Not measured: replay: talkback: node is missing.",
    ]
    written = sections(outcome, judged, "plot.svg")
    assert written["aims"].splitlines()[2] == "| 100, by bare | ≥ 0.9 | 0.85 | **no** |"
    assert "](plot.svg)\n\n### replay\n\n| what |" in written["figures"]
    assert "| 100 | requests/s | 16,000 | bare | 15,000 | 0.85 | 0.2 | 1.5 |" in written["figures"]


def test_a_document_is_filled_between_its_marks() -> None:
    document = "# T\n\n<!-- bench: aims -->\nold\n<!-- bench: end -->\n\nWords.\n"
    expected = "# T\n\n<!-- bench: aims -->\n\nnew\n\n<!-- bench: end -->\n\nWords.\n"
    assert filled(document, {"aims": "new\n"}) == expected
    assert filled(expected, {"aims": "new\n"}) == expected
    with pytest.raises(ValueError, match="no place for figures"):
        filled(document, {"figures": "new\n"})
