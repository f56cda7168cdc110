"""Clients that ask as fast as they are answered, on a core of their own, and what they saw."""

from __future__ import annotations

import json
import os
import urllib.request
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from bench.contests import Figures, NotRun
from bench.processes import output, pinned, python_module
from bench.traffic import Request, raw

RATE, P50, P99 = "requests/s", "p50 ms", "p99 ms"
CONNECTIONS = 8


def write(requests: Iterable[Request], path: Path) -> Path:
    """Write raw requests for a client to send: each behind a line with its length."""
    with path.open("wb") as file:
        for text in map(raw, requests):
            file.write(b"%d\n%b" % (len(text), text))
    return path


@dataclass(frozen=True)
class Clients:
    """Keep-alive connections that ask as fast as they are answered."""

    program: str
    """`wrk` or `asyncio`"""
    core: int
    seconds: float

    def load(self, url: str, requests: Path, connections: int = CONNECTIONS) -> Figures:
        """Load a server. Raises NotRun if an answer was none, or not 2xx or 3xx."""
        with pinned(self.core):
            lines = output(*self._words(url, requests, connections)).splitlines()
        report = json.loads(lines[-1])
        if report["failed"] or not report["requests"]:
            raise NotRun(f"{report['failed']} of {report['requests']} answers were failures")
        return {
            RATE: report["requests"] / report["seconds"],
            P50: report["p50"],
            P99: report["p99"],
        }

    def _words(self, url: str, requests: Path, connections: int) -> tuple[str, ...]:
        new = os.urandom(8).hex()
        if self.program == "asyncio":
            words = (*python_module("client"), url, str(requests), new)
            return (*words, str(connections), str(self.seconds))
        script = str(Path(__file__).with_name("wrk.lua"))
        seconds = f"{max(1, round(self.seconds))}s"
        words = ("wrk", "-t1", f"-c{connections}", f"-d{seconds}", "--timeout", "30s")
        return (*words, "-s", script, url, "--", str(requests), new)


def session_counts(url: str) -> Mapping[str, int]:
    """Return what a session of tokentape has counted."""
    with urllib.request.urlopen(f"{url}/_tokentape/health", timeout=60) as response:
        health: Mapping[str, object] = json.load(response)
    return {name: value for name, value in health.items() if isinstance(value, int)}


def check_counts(url: str, *unwanted: str) -> None:
    """Raise NotRun if a session counted something that is not wanted."""
    counts = session_counts(url)
    wrong = {name: counts[name] for name in unwanted if counts.get(name)}
    if wrong:
        raise NotRun(f"the session counted {wrong}")
