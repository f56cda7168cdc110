"""Suites of somebody who uses the plugin, run as they would: a pytest of their own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.processes import environment

CONFTEST = '''
import json, urllib.error, urllib.request
from urllib.parse import urlencode

import pytest

KEY = "sk_" + "test_" + "4eC39HqLyjWDarjtT1zdp7dc"


@pytest.fixture
def pay(tokentape):
    """Pay with a card; whatever goes wrong, the buyer is told that it was declined."""

    def paid(number="4242424242424242", **fields):
        card = {"number": number, "exp_month": "5", "exp_year": "2050", **fields}
        body = urlencode({f"card[{name}]": value for name, value in card.items()}).encode()
        asked = urllib.request.Request(
            tokentape.url + "/v1/tokens", body, {"Authorization": f"Bearer {KEY}"}
        )
        try:
            with urllib.request.urlopen(asked) as answer:
                return json.load(answer)["card"]
        except urllib.error.HTTPError as error:
            error.close()
            return "declined"

    return paid
'''


class Suite:
    """A folder with tests in it."""

    def __init__(self, directory: Path, packages: str = "") -> None:
        """`packages` is a folder of packages that stand before those of this environment."""
        self.directory = directory
        self._packages = {"PYTHONPATH": packages} if packages else {}
        self.write("conftest.py", CONFTEST)
        self.write(
            "pytest.ini",
            "[pytest]\nasyncio_mode = auto\nasyncio_default_fixture_loop_scope = function\n"
            "addopts = -p no:cacheprovider\nfilterwarnings = error\n",
        )

    def write(self, name: str, text: str) -> None:
        path = self.directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def run(
        self, *options: str, within: str = ".", **variables: str
    ) -> subprocess.CompletedProcess[str]:
        """Run pytest in it."""
        return subprocess.run(
            [sys.executable, "-m", "pytest", "--strict-markers", *options],
            cwd=self.directory / within,
            env=environment(self.directory, **self._packages, **variables),
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    def passes(self, *options: str, **variables: str) -> str:
        """Run it, and return what pytest prints; all tests have to pass."""
        ran = self.run(*options, **variables)
        assert ran.returncode == 0, ran.stdout + ran.stderr
        return ran.stdout

    def fails(self, *options: str, **variables: str) -> str:
        """Run it, and return what pytest prints; some test has to fail."""
        ran = self.run(*options, **variables)
        assert ran.returncode == 1, ran.stdout + ran.stderr
        return ran.stdout

    @property
    def cassettes(self) -> list[str]:
        """The names of its cassettes."""
        folder = self.directory / "cassettes"
        paths = (
            path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()
        )
        return sorted(name.removesuffix(".yaml") for name in paths)

    def cassette(self, name: str) -> str:
        """Return the text of one."""
        return (self.directory / "cassettes" / f"{name}.yaml").read_text("ascii")
