"""Processes that are measured: each on its core, at a loopback port, ended with the run."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from bench.contests import NotRun

ROOT = Path(__file__).parents[1]
TOKENTAPE = (sys.executable, "-m", "tokentape")
PATIENCE = 900.0
"""Seconds that a process may take to be ready: loading may be what is slow."""

_READY = re.compile(r" on (http://[\w.:]+)")
_LIMITED = 'ulimit -v "$0" && exec "$@"'


@dataclass(frozen=True)
class Cores:
    """Where servers run, and where clients do; the same core if there is only one."""

    serving: int
    loading: int

    @classmethod
    def available(cls) -> Cores:
        """Return the first and the last core that this process may use."""
        allowed = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else [0]
        return cls(allowed[0], allowed[-1])


@contextmanager
def pinned(core: int) -> Iterator[None]:
    """Run a body on a core, with all processes that it starts, where the system can do that."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def output(*words: str | Path) -> str:
    """Return what a program prints. Raises NotRun if it fails."""
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    process = subprocess.run(words, check=False, capture_output=True, text=True, env=environment)
    if process.returncode:
        raise NotRun(f"{Path(words[0]).name} failed: {process.stderr.strip()[-200:]}")
    return process.stdout


class Server:
    """A server on a core. Use with `with`: it is up inside, and gone afterwards.

    Its URL is what it prints on standard error, `… on http://…`.
    """

    def __init__(
        self,
        words: Sequence[str],
        directory: Path,
        core: int,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._log = directory / f".{time.monotonic_ns()}.log"
        inherited = {"PATH": os.environ["PATH"], "HOME": str(directory), "PYTHONPATH": str(ROOT)}
        self._start = time.perf_counter()
        with pinned(core), self._log.open("wb") as log:
            self.process = subprocess.Popen(
                words,
                cwd=directory,
                env={**inherited, **(environment or {})},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def __enter__(self) -> Self:
        try:
            self.url = self._awaited()
        except BaseException:
            self.end()
            raise
        self.seconds = time.perf_counter() - self._start
        """From its start until it was ready."""
        return self

    def __exit__(self, *_exc: object) -> None:
        self.end()

    def _awaited(self) -> str:
        while (url := self.ready()) is None:
            if self.process.poll() is not None:
                raise NotRun(f"it ended at once: {self.log().strip()[:200] or 'printing nothing'}")
            if time.perf_counter() - self._start > PATIENCE:
                raise NotRun(f"it was not ready within {PATIENCE:.0f} s")
            time.sleep(0.001)
        return url

    def ready(self) -> str | None:
        """Return its URL once it accepts connections at it."""
        match = _READY.search(self.log())
        return match[1] if match else None

    def log(self) -> str:
        """Return what it has printed."""
        return self._log.read_text(errors="replace")

    def memory(self) -> int:
        """Return the bytes that it holds in memory."""
        return self._status("VmRSS")

    def peak(self) -> int:
        """Return the bytes of memory that it held at most, since its start or `forget_peak`."""
        return self._status("VmHWM")

    def forget_peak(self) -> None:
        """Measure `peak` from now on."""
        Path(f"/proc/{self.process.pid}/clear_refs").write_text("5")

    def _status(self, field: str) -> int:
        status = Path(f"/proc/{self.process.pid}/status")
        match = re.search(rf"^{field}:\s+(\d+)", _text(status), re.MULTILINE)
        if match is None:
            raise NotRun("there is no /proc to read its memory from, or it has ended")
        return int(match[1]) << 10

    def end(self) -> None:
        """End it, and wait until it is gone."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


def _text(path: Path) -> str:
    return path.read_text() if path.exists() else ""


def python_module(name: str) -> tuple[str, ...]:
    """Return the words that run a module of this folder."""
    return (sys.executable, "-m", f"bench.{name}")


def limited(words: Sequence[str], memory: int) -> Sequence[str]:
    """Return words that run a program with so many bytes of address space at most."""
    return ("sh", "-c", _LIMITED, str(memory >> 10), *words)


@dataclass(frozen=True)
class Place:
    """A directory with cassettes, and the core of the servers that use them."""

    directory: Path
    core: int

    @property
    def cassettes(self) -> Path:
        return self.directory / "cassettes"

    def tokentape(
        self,
        mode: str,
        name: str,
        *options: str,
        memory: int = 0,
        environment: Mapping[str, str] | None = None,
    ) -> Server:
        """Serve a cassette, within so many bytes of memory if that is not 0."""
        words = (*TOKENTAPE, mode, name, "--listen", "127.0.0.1:0", *options)
        if memory:
            words = tuple(limited(words, memory))
        return Server(words, self.directory, self.core, environment)

    def module(self, name: str, *words: str) -> Server:
        """Start a server of this folder."""
        return Server((*python_module(name), *words), self.directory, self.core)
