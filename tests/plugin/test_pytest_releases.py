"""The plugin works with the lowest and the newest release of pytest that users may have."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.plugin.suites import Suite

RELEASES = {"lowest": "pytest==7.4.0", "newest": "pytest"}
ALONE = ("-p", "no:asyncio", "-p", "no:aiohttp", "-p", "no:xdist", "-p", "no:anyio", "-v")

SHOP = """
import pytest

@pytest.mark.parametrize("number", ["4242424242424242", "5555555555554444"])
def test_cards(pay, number):
    assert pay(number)["last4"] == number[-4:]

class TestNames:
    @pytest.mark.tokentape("shop", on_exhausted="miss")
    def test_pays(self, tokentape, pay):
        assert tokentape.name == "shop"
        pay()

def test_pays(tokentape, pay):
    assert pay() in ({}, "declined") or tokentape.receipt.counts.missed == 0
"""


@pytest.mark.parametrize("release", RELEASES)
def test_the_plugin_works_with_it(release: str, tmp_path: Path) -> None:
    packages = tmp_path / "packages"
    suite = Suite(tmp_path / "suite", str(installed(packages, RELEASES[release])))
    suite.write("test_shop.py", SHOP)
    suite.write("pytest.ini", "[pytest]\nfilterwarnings = error\n")
    assert str(packages) in suite.passes(*ALONE, "-VV") or release == "newest"
    assert "4 passed" in suite.passes(*ALONE)
    assert "4 passed" in suite.passes(*ALONE, "--tokentape-strict", CI="true")
    suite.write("test_shop.py", SHOP.replace("pay() in", "pay('6011111111111117') in"))
    printed = suite.fails(*ALONE, CI="true")
    assert "1 failed, 3 passed" in printed
    assert "{{card:discover}} was sent" in printed


def installed(folder: Path, requirement: str) -> Path:
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--retries", "0")
    install = ("install", "--quiet", "--no-compile", "--target", str(folder), requirement)
    ran = subprocess.run([*pip, *install], capture_output=True, text=True, timeout=300, check=False)
    if ran.returncode:
        pytest.skip(f"pip cannot install it: {ran.stderr.strip()[-200:]}")
    return folder
