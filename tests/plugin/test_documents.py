"""What docs/ shows, done as it says."""

from __future__ import annotations

import re
from pathlib import Path

import vcr

from tests.plugin.suites import Suite
from tests.processes import shell
from tests.upstreams import Upstream, stripe
from tests.wire import Client, card

DOCS = Path(__file__).parents[2] / "docs"
_BLOCK = re.compile(r"```\w+\n(.*?)```", re.DOTALL)


def follow(document: str, suite: Suite) -> list[str]:
    """Write the files that a document shows and run its commands; return what they print."""
    text = (DOCS / document).read_text()
    printed: list[str] = []
    for block in _BLOCK.findall(text):
        named = re.match(r"# (\S+\.\w+)\n", block)
        if named:
            suite.write(named[1], block)
        lines = re.findall(r"^\$ (.*)$", block, re.MULTILINE)
        printed += (shell(line, suite.directory, patience=120) for line in lines)
    return printed


def test_pytest(suite: Suite) -> None:
    suite.write("pytest.ini", "[pytest]\n")  # as in a project that has set nothing
    first, in_ci, anew = follow("pytest.md", suite)
    assert "3 passed" in first
    assert "3 passed" in in_ci
    assert "3 passed" in anew
    assert suite.cassettes == [
        "checkout/expired",
        "tests/test_checkout/test_async_as_well",
        "tests/test_checkout/test_the_buyer_is_named",
    ]


def record_raw(suite: Suite) -> None:
    """Record with plain vcrpy."""
    raw = suite.directory / "tests/cassettes/test_pay/test_declined.yaml"
    with Upstream(stripe()) as upstream, vcr.use_cassette(str(raw)):
        Client(upstream.url).post({**card(name="Ada"), "card[cvc]": ""})


def test_import(suite: Suite) -> None:
    record_raw(suite)
    scanned, _, rescanned, shown = follow("import.md", suite)
    assert "raw recording (vcrpy)" in scanned
    assert "found" in scanned
    assert "1 file clean" in rescanned
    assert "{{card:visa}}" in shown


def test_vcrpy(suite: Suite) -> None:
    record_raw(suite)
    follow("import.md", suite)
    (ran,) = follow("vcrpy.md", suite)
    assert "1 passed" in ran
