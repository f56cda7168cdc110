"""Measures tokentape as test suites use it, beside others: shuffled, repeated, by other people.

Everything runs in rounds, each contender in each round, servers on one core and clients on
another. A ratio is ours by theirs in the same round.
"""

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
from dataclasses import asdict, replace
from importlib.metadata import version
from pathlib import Path

from bench import (
    attack,
    checkout,
    first_pass,
    loading,
    misses,
    people,
    plot,
    recording,
    replay,
    starting,
    table,
)
from bench.aims import Verdict, aims, verdicts
from bench.contests import Contest, Outcome, run
from bench.lab import FULL, QUICK, Lab
from bench.load import Clients
from bench.processes import Cores, Place

_EPILOG = """\
contests (--list shows who takes part, and has the names that --only selects):
  start        from the start of a process until it is ready
  load         seconds and memory of large cassettes, beside vcrpy
  first pass   each request once, in recorded order and shuffled: does the order matter?
  replay       requests/s, p50 and p99 of sessions that a shuffled pass has warmed: cassettes of
               1 to 100,000, requests that repeat, other people, official clients, Go's chunks
  checkout     25 calls that build on each other: recorded of one person, replayed to many
  miss         what nothing answers, and the other clients meanwhile
  people       one process and 1,000,000 different people: do time and memory stay flat?
  attack       one request with 2,000 fields: milliseconds and memory
  record       what a call takes more that is recorded on its way

examples:
  python -m bench                           all of it, in less than half an hour
  python -m bench --quick                   does it run? Its figures mean nothing
  python -m bench --only '^first pass'      one contest
  python -m bench --only '^replay: 1'       replay of 1, 100, 10,000 and 100,000 interactions
  python -m bench --only '^people' --people 200000
  python -m bench --peers build/peers       talkback, mitmproxy and WireMock too

how to read it:
  Of requests/s more is better, of ms, s, MiB, bytes and µs less. Ratios between 0.8 and 1.2 mean
  nothing. Behind all figures stands which aims hold. A contender that answered wrong has no
  figures, but the reason why. Fast servers look slower than they are without wrk.
"""


def arguments(words: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description=__doc__,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--rounds", type=int, default=5, help="how often everything is measured in turn  [5]")
    add("--seconds", type=float, default=3.0, help="of load on each in a round  [3]")
    add("--only", default="", metavar="REGEX", help="measure what has this in `contest: name`")
    add("--list", action="store_true", help="print all `contest: name` and measure nothing")
    add("--seed", type=int, default=1, help="of the order of shuffled passes  [1]")
    add("--people", type=int, help="how many one process serves  [1000000]")
    add("--fields", type=int, help="of an attacking request  [2000]")
    add("--client", choices=("wrk", "asyncio"), help="what loads  [wrk, where it is installed]")
    add("--peers", type=Path, metavar="DIR", help="measure peers too, installed in DIR")
    add("--quick", action="store_true", help="one short round of tiny cassettes")
    add("--work", type=Path, metavar="DIR", help="a folder for cassettes, on the disk to measure")
    add("--json", type=Path, metavar="FILE", help="write all figures")
    add("--plot", type=Path, metavar="FILE", help="draw replay as SVG")
    add("--document", type=Path, metavar="FILE", help="write aims and figures between its marks")
    return parser.parse_args(words)


def contests(lab: Lab, rounds: int, peers: Path | None) -> Iterator[Contest]:
    """Yield all contests, what is quick first."""
    yield starting.contest(lab, rounds)
    yield loading.contest(lab, rounds)
    yield first_pass.contest(lab, rounds)
    yield replay.contest(lab, rounds, peers)
    yield checkout.contest(lab, rounds)
    yield misses.contest(lab, rounds)
    yield people.contest(lab)
    yield attack.contest(lab, rounds)
    yield recording.contest(lab, rounds)


def laboratory(options: argparse.Namespace, directory: Path) -> Lab:
    """Return where everything is measured."""
    cores, sizes = Cores.available(), QUICK if options.quick else FULL
    program = options.client or ("wrk" if shutil.which("wrk") else "asyncio")
    clients = Clients(program, cores.loading, 0.2 if options.quick else options.seconds)
    sizes = replace(
        sizes,
        people=options.people or sizes.people,
        fields=options.fields or sizes.fields,
    )
    return Lab(Place(directory, cores.serving), clients, sizes, options.seed)


def measured(lab: Lab, options: argparse.Namespace) -> Outcome:
    """Return the outcome of everything that is wanted."""
    rounds, outcome = 1 if options.quick else options.rounds, Outcome()

    def wanted(name: str) -> bool:
        return re.search(options.only, name) is not None

    for contest in contests(lab, rounds, options.peers):
        outcome += run(contest, wanted)
    return outcome


def circumstances(lab: Lab, options: argparse.Namespace) -> dict[str, object]:
    """Return what the figures depend on."""
    machine = {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "system": platform.platform(terse=True),
        "python": platform.python_version(),
        "aiohttp": version("aiohttp"),
        "tokentape": version("tokentape"),
        "clients": lab.clients.program,
        "servers and clients share a core": lab.place.core == lab.clients.core,
    }
    rounds = 1 if options.quick else options.rounds
    return {
        "machine": machine,
        "rounds": rounds,
        "seconds": lab.clients.seconds,
        "seed": lab.seed,
    }


def _processor() -> str:
    path = Path("/proc/cpuinfo")
    lines = path.read_text() if path.exists() else ""
    match = re.search(r"^model name\s*: (.*)$", lines, re.MULTILINE)
    return match[1] if match else platform.machine()


def write(
    options: argparse.Namespace, lab: Lab, outcome: Outcome, judged: tuple[Verdict, ...]
) -> None:
    """Write the files that are wanted."""
    if options.json:
        judgements = [
            {
                "aim": item.aim.text,
                "limit": item.aim.limit,
                "measured": item.measured,
                "holds": item.holds,
            }
            for item in judged
        ]
        figures = circumstances(lab, options) | asdict(outcome) | {"aims": judgements}
        options.json.write_text(json.dumps(figures, indent=1) + "\n")
    if options.plot:
        options.plot.write_text(plot.svg(outcome.rows))
    if options.document:
        sections = table.sections(outcome, judged, options.plot.name if options.plot else "")
        options.document.write_text(table.filled(options.document.read_text(), sections))


def main(words: Sequence[str]) -> None:
    options = arguments(words)
    with tempfile.TemporaryDirectory(dir=options.work) as directory:
        lab = laboratory(options, Path(directory))
        if options.list:
            for contest in contests(lab, options.rounds, options.peers):
                print(f"{contest.name}: {contest.question}")
                print(*(f"  {contest.name}: {item.name}" for item in contest.contenders), sep="\n")
            return
        print(f"the seed of shuffled passes is {lab.seed}", file=sys.stderr)
        outcome = measured(lab, options)
    judged = verdicts(aims(lab), outcome.rows)
    write(options, lab, outcome, judged)
    print(table.text(outcome, judged))


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # to end what was started, too
    main(sys.argv[1:])
