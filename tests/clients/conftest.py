from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import npm
from tests.clients import curl, stripe_cli
from tests.processes import Workplace, environment
from tests.wire import SECRET

HERE = Path(__file__).parent
NODE = HERE / "node"

CLIENTS = (
    "stripe-python module",
    "stripe-python module-async",
    "stripe-python client",
    "stripe-python client-async",
    "stripe-node http",
    "stripe-node fetch",
    "stripe-cli",
    "curl",
)


class Clients:
    """The official clients, ready to make the calls."""

    def __init__(self, home: Path) -> None:
        self._environment = environment(home)

    def seen(self, client: str, url: str) -> list[dict[str, Any]]:
        """Make all calls with a client; return what its user saw. Skips for what is not here."""
        if client == "curl":
            if not shutil.which("curl"):
                pytest.skip("there is no curl")
            return curl.seen(url, SECRET, self._environment)
        if client == "stripe-cli":
            return stripe_cli.seen(installed_cli(), url, SECRET, self._environment)
        sdk, style = client.split()
        if sdk == "stripe-node":
            return self._run("node", str(installed() / "stripe_node.mjs"), style, url, SECRET)
        return self._run(sys.executable, str(HERE / "stripe_python.py"), style, url, SECRET)

    def _run(self, *words: str) -> list[dict[str, Any]]:
        done = subprocess.run(
            words, env=self._environment, capture_output=True, text=True, check=False, timeout=120
        )
        assert done.returncode == 0, done.stderr
        parsed: list[dict[str, Any]] = json.loads(done.stdout)
        return parsed


def installed() -> Path:
    """Return the folder in which npm's packages are installed; skip where they cannot be."""
    return npm.installed(NODE)


def installed_cli() -> Path:
    """Return the Stripe CLI; skip where it cannot be, or is not made for this machine."""
    program = next((installed() / "node_modules").glob("@stripe/cli-*/bin/stripe*"), None)
    if program is None:
        pytest.skip("there is no Stripe CLI for this machine")
    return program


@pytest.fixture(scope="session")
def clients(tmp_path_factory: pytest.TempPathFactory) -> Clients:
    return Clients(tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="session")
def workplace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workplace]:
    place = Workplace(tmp_path_factory.mktemp("workplace"))
    yield place
    place.inspect()


class Takes:
    """One cassette for each client, recorded when it is first asked for."""

    def __init__(self, workplace: Workplace, clients: Clients) -> None:
        self._workplace = workplace
        self._clients = clients
        self._seen: dict[str, list[dict[str, Any]]] = {}

    def name(self, client: str) -> str:
        return client.replace(" ", "-")

    def recorded(self, client: str) -> list[dict[str, Any]]:
        """Return what a client saw when its cassette was recorded."""
        if client not in self._seen:
            with self._workplace.recorded(self.name(client), "--strict") as url:
                self._seen[client] = self._clients.seen(client, url)
        return self._seen[client]

    def text(self, client: str) -> str:
        self.recorded(client)
        return self._workplace.text(self.name(client))


@pytest.fixture(scope="session")
def takes(workplace: Workplace, clients: Clients) -> Takes:
    return Takes(workplace, clients)
