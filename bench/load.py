"""Clients on a core of their own, and what they saw."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from io import BufferedReader
from itertools import islice
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from tokentape.pure.http.messages import Request

from bench.figures import Figures, NotRun
from bench.processes import ROOT, pinned, python_module
from bench.traffic import raw

RATE, P50, P99 = "requests/s", "p50 ms", "p99 ms"

_AHEAD = 32
"""Requests that `checked` sends before it reads their answers."""


def write(requests: Iterable[Request], path: Path) -> Path:
    """Write raw requests for a client to send: each behind a line with its length."""
    with path.open("wb") as file:
        for text in map(raw, requests):
            file.write(b"%d\n%b" % (len(text), text))
    return path


def output(*words: str | Path) -> str:
    """Return what a program prints. Raises NotRun if it fails."""
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(words, check=False, capture_output=True, text=True, env=environment)
    if done.returncode:
        raise NotRun(f"{Path(words[0]).name} failed: {done.stderr.strip()[-200:]}")
    return done.stdout


@dataclass(frozen=True)
class Clients:
    """Keep-alive connections that ask as fast as they are answered."""

    program: str
    """`wrk` or `asyncio`"""
    core: int
    seconds: float

    def load(self, url: str, requests: Path, connections: int = 8) -> Figures:
        """Load a server. Raises NotRun if an answer was none, or not 2xx or 3xx."""
        with pinned(self.core):
            said = output(*self._words(url, requests, connections))
        told = json.loads(said.splitlines()[-1])
        if told["failed"] or not told["requests"]:
            raise NotRun(f"{told['failed']} of {told['requests']} answers were failures")
        return {RATE: told["requests"] / told["seconds"], P50: told["p50"], P99: told["p99"]}

    def _words(self, url: str, requests: Path, connections: int) -> tuple[str, ...]:
        if self.program == "asyncio":
            counted = (str(connections), str(self.seconds))
            return (*python_module("client"), url, str(requests), *counted)
        script = str(Path(__file__).with_name("wrk.lua"))
        seconds = f"{max(1, round(self.seconds))}s"
        counts = ("-t1", f"-c{connections}", f"-d{seconds}", "--timeout", "30s")
        return ("wrk", *counts, "-s", script, url, "--", str(requests))


class Client:
    """One client that reads every answer. Use with `with`."""

    def __init__(self, url: str) -> None:
        address = urlsplit(url)
        where = (address.hostname or "", address.port or 80)
        self._socket = socket.create_connection(where, timeout=300)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._answers = self._socket.makefile("rb")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self._answers.close()
        self._socket.close()

    def check(self, requests: Iterable[Request], result: str = "", ahead: int = _AHEAD) -> int:
        """Send requests in order, `ahead` at a time, and return how many they were.

        Raises NotRun unless each is answered with 200 and, if said, this Tokentape-Result.
        """
        waiting, count = iter(requests), 0
        while turn := [raw(one) for one in islice(waiting, ahead)]:
            self._socket.sendall(b"".join(turn))
            for _ in turn:
                count += 1
                status, said = answer(self._answers)
                if status != 200 or said != result:
                    raise NotRun(f"answer {count} of the check was {status} {said}".strip())
        return count

    def milliseconds(self, request: Request, status: int) -> float:
        """Return how long the answer took. Raises NotRun if it has another status."""
        text = raw(request)
        begun = time.perf_counter()
        self._socket.sendall(text)
        found, _ = answer(self._answers)
        took = time.perf_counter() - begun
        if found != status:
            raise NotRun(f"an answer was {found} and not {status}")
        return 1e3 * took


def answer(stream: BufferedReader) -> tuple[int, str]:
    """Read one answer; return its status and Tokentape-Result."""
    status, result, length, chunked = stream.readline()[9:12], "", 0, False
    while (line := stream.readline()) not in (b"\r\n", b""):
        name, _, value = line.partition(b":")
        match name.lower():
            case b"content-length":
                length = int(value)
            case b"transfer-encoding":
                chunked = True
            case b"tokentape-result":
                result = value.strip().decode("ascii")
    stream.read(length)
    if chunked:
        _skip_chunks(stream)
    return int(status or 0), result


def _skip_chunks(stream: BufferedReader) -> None:
    while size := int(stream.readline() or b"0", 16):
        stream.read(size + 2)
    stream.readline()


def counts(url: str) -> Mapping[str, int]:
    """Return what a tokentape tells of itself."""
    with urllib.request.urlopen(f"{url}/_tokentape/health", timeout=60) as told:
        found: Mapping[str, int] = json.load(told)
    return found
