"""The benchmark: tokentape beside others, in rounds, servers on one core and clients on another."""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

from bench import loading, misses, plot, recording, replay, starting, table
from bench.figures import Absent, Contest, Row
from bench.load import Clients
from bench.processes import Cores, Place


@dataclass(frozen=True)
class Sizes:
    """How many interactions cassettes have."""

    replayed: tuple[int, ...]
    many: int
    most: int
    folder: int
    """Cassettes in a folder."""


FULL = Sizes((1, 100, 10_000, 100_000), 10_000, 100_000, 1_000)
QUICK = Sizes((1, 100), 100, 300, 20)

_EPILOG = """\
examples:
  python -m bench                         all of it, about half an hour
  python -m bench --quick                 does it run? Its figures mean nothing
  python -m bench --only '^replay: 1'     replay of 1, 100, 10,000 and 100,000 interactions
  python -m bench --only '^(start|load)'  start and load alone
  python -m bench --peers build/peers     talkback, mitmproxy and WireMock too

Contests are: replay, miss, load, start, record. A ratio is ours by theirs: of requests/s more is
better, of ms, s, bytes and µs less. Ratios between 0.8 and 1.2 mean nothing.
"""


def arguments(words: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description=__doc__,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--rounds", type=int, default=5, help="how often all is measured in turn  [5]")
    add("--seconds", type=float, default=3.0, help="of load on each in a round  [3]")
    add("--only", default="", metavar="REGEX", help="what `contest: name` has")
    add("--client", choices=("wrk", "asyncio"), help="what loads  [wrk, where it is installed]")
    add("--peers", type=Path, metavar="DIR", help="measure peers too, installed in DIR")
    add("--quick", action="store_true", help="one short round of tiny cassettes")
    add("--work", type=Path, metavar="DIR", help="a folder for cassettes, on the disk to measure")
    add("--json", type=Path, metavar="FILE", help="write all figures")
    add("--plot", type=Path, metavar="FILE", help="draw replay as SVG")
    add("--document", type=Path, metavar="FILE", help="write tables under its heading Figures")
    return parser.parse_args(words)


def measured(said: argparse.Namespace, place: Place, clients: Clients) -> Iterator[Row | Absent]:
    """Yield what comes of each contest that was asked for."""
    sizes, rounds = QUICK if said.quick else FULL, said.rounds

    def contest(title: str) -> Contest:
        return Contest(title, lambda name: re.search(said.only, name) is not None)

    yield from starting.measured(contest("start"), place, rounds, sizes.folder)
    yield from loading.measured(contest("load"), place, min(rounds, 3), sizes.many, sizes.most)
    yield from replay.measured(
        contest("replay"), place, clients, rounds, sizes.replayed, sizes.many, said.peers
    )
    yield from misses.measured(contest("miss"), place, clients, rounds, sizes.many)
    yield from recording.measured(contest("record"), place, clients, rounds, sizes.most)


def machine(clients: Clients, cores: Cores) -> dict[str, object]:
    """Return what the figures depend on."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "system": platform.platform(terse=True),
        "python": platform.python_version(),
        "aiohttp": version("aiohttp"),
        "tokentape": version("tokentape"),
        "clients": clients.program,
        "servers and clients share a core": cores.serving == cores.loading,
    }


def _processor() -> str:
    told = Path("/proc/cpuinfo")
    lines = told.read_text() if told.exists() else ""
    found = re.search(r"^model name\s*: (.*)$", lines, re.MULTILINE)
    return found[1] if found else platform.machine()


def main(words: Sequence[str]) -> None:
    said = arguments(words)
    cores = Cores.here()
    seconds, said.rounds = (0.2, 1) if said.quick else (said.seconds, said.rounds)
    program = said.client or ("wrk" if shutil.which("wrk") else "asyncio")
    clients = Clients(program, cores.loading, seconds)
    with tempfile.TemporaryDirectory(dir=said.work) as directory:
        outcomes = list(measured(said, Place(Path(directory), cores.serving), clients))
    rows = [one for one in outcomes if isinstance(one, Row)]
    absent = list(dict.fromkeys(one for one in outcomes if isinstance(one, Absent)))
    about = {"machine": machine(clients, cores), "rounds": said.rounds, "seconds": seconds}
    if said.json:
        told = {"rows": [asdict(row) for row in rows], "absent": [asdict(one) for one in absent]}
        said.json.write_text(json.dumps(about | told, indent=1) + "\n")
    if said.plot:
        said.plot.write_text(plot.svg(rows))
    if said.document:
        plotted = said.plot.name if said.plot else ""
        told_before = said.document.read_text()
        said.document.write_text(table.filled(told_before, plotted, rows, absent))
    print(table.text(rows, absent))


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # to end what was started, too
    main(sys.argv[1:])
