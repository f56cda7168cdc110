"""The program as people run it: real processes, each in a directory of its own."""

from __future__ import annotations

import os
import re
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self, TypeVar

from tokentape.edges.cassette_file.plain_files import umask
from vcr.cassette import Cassette
from vcr.serializers import yamlserializer

PROGRAM = (sys.executable, "-m", "tokentape")
PATIENCE = 20.0
"""Seconds after which a process that should have said or done something counts as stuck."""

T = TypeVar("T")

_READY = re.compile(r"^tokentape: .* on (https?://\S+)$", re.MULTILINE)


def environment(home: Path, **variables: str) -> dict[str, str]:
    """Return an environment without what this machine or a CI has set."""
    return {"PATH": os.environ["PATH"], "HOME": str(home), **variables}


def shell(line: str, directory: Path, *, patience: float = 60) -> str:
    """Run a command line with this environment's programs; return what it printed."""
    variables = environment(directory)
    variables["PATH"] = f"{Path(sys.executable).parent}:{variables['PATH']}"
    ran = subprocess.run(
        ["sh", "-c", line],
        cwd=directory,
        env=variables,
        capture_output=True,
        text=True,
        check=False,
        timeout=patience,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


class Session:
    """A command that serves until it is told to end. Use with `with`: it never outlives that."""

    def __init__(self, directory: Path, *words: str, **variables: str) -> None:
        self.directory = directory
        self._files = [directory / f".{words[0]}-{time.monotonic_ns()}.{end}" for end in "oe"]
        with self._files[0].open("wb") as out, self._files[1].open("wb") as err:
            self.process = subprocess.Popen(
                [*PROGRAM, *words],
                cwd=directory,
                env=environment(directory, **variables),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
            )

    def __enter__(self) -> Self:
        self.url = awaited(self._address, f"the address of the program ({self.said})")
        return self

    def __exit__(self, *_exc: object) -> None:
        if self.process.poll() is None:
            self.kill()

    def _address(self) -> str | None:
        assert self.process.poll() is None, self.said
        found = _READY.search(self.said)
        return found[1] if found else None

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    @property
    def printed(self) -> str:
        """What it said on standard output."""
        return self._files[0].read_text()

    @property
    def said(self) -> str:
        """What it said on standard error."""
        return self._files[1].read_text()

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Tell it to end, and return its exit status."""
        self.process.send_signal(number)
        return self.ended()

    def ended(self) -> int:
        """Return its exit status once it has ended."""
        return self.process.wait(PATIENCE)

    def kill(self) -> None:
        """End it as a crash would."""
        self.process.kill()
        self.process.wait(PATIENCE)


class Workplace:
    """A directory in which tokentape is used, with the cassettes that come of it."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self.directory = directory

    def serving(self, mode: str, name: str, *options: str, **variables: str) -> Session:
        """Start a session on a free port."""
        return Session(self.directory, mode, name, "--listen", "127.0.0.1:0", *options, **variables)

    @contextmanager
    def recorded(self, name: str, *options: str, mode: str = "record") -> Iterator[str]:
        """Serve while a body of calls is made at the URL; afterwards the cassette is there."""
        with self.serving(mode, name, *options) as session:
            yield session.url
            assert session.end() == 0, session.said

    @contextmanager
    def replayed(self, name: str, *options: str) -> Iterator[str]:
        """Serve a cassette; afterwards nothing may have been missed."""
        with self.serving("replay", name, *options) as session:
            yield session.url
            assert session.end() == 0, session.said

    def run(self, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run a command that ends by itself."""
        return subprocess.run(
            [*PROGRAM, *words],
            cwd=self.directory,
            env=environment(self.directory, **variables),
            capture_output=True,
            text=True,
            check=False,
            timeout=3 * PATIENCE,
        )

    def configure(self, text: str) -> None:
        """Write the settings file."""
        (self.directory / "tokentape.yaml").write_text(text)

    def path(self, name: str) -> Path:
        """Return where a cassette is."""
        return self.directory / "cassettes" / f"{name}.yaml"

    def text(self, name: str) -> str:
        """Return a cassette's text."""
        return self.path(name).read_text("ascii")

    def inspect(self) -> None:
        """Check of every cassette made here what holds for all: its mode, and good for vcrpy."""
        for path in (self.directory / "cassettes").rglob("*.yaml"):
            assert stat.S_IMODE(path.stat().st_mode) == 0o666 & ~umask(), path
            load_with_vcrpy(path)


def load_with_vcrpy(path: Path) -> list[tuple[Any, Mapping[str, Any]]]:
    """Load a cassette with vcrpy itself; return its requests and responses."""
    cassette = Cassette.load(path=str(path), serializer=yamlserializer)
    assert len(cassette) == path.read_text("ascii").count("\n- request:\n")
    return list(cassette.data)


def awaited(look: Callable[[], T | None], what: str) -> T:
    """Return what `look` returns once that is something."""
    until = time.monotonic() + PATIENCE
    while (found := look()) is None:
        assert time.monotonic() < until, f"waited in vain for {what}"
        time.sleep(0.005)
    return found
