"""Two hundred tests with a cassette each, in four processes."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from tests.plugin.suites import Suite
from tests.upstreams import Upstream, stripe

TESTS = 200
SUITE = f"""
import pytest

@pytest.mark.parametrize("buyer", range({TESTS}))
def test_pays(pay, buyer):
    assert pay(name=f"Buyer {{buyer}}")["name"] == f"Buyer {{buyer}}"
"""


@contextmanager
def nobody_connects(url: str) -> Iterator[None]:
    """Stand where an upstream was; fail if anyone connects."""
    port = urlsplit(url).port
    assert port
    with socket.create_server(("127.0.0.1", port)) as listening:
        yield
        listening.setblocking(False)
        try:
            listening.accept()
        except BlockingIOError:
            return
    raise AssertionError("the upstream was asked")


def test_two_hundred_tests_in_four_processes(suite: Suite) -> None:
    suite.write("test_shop.py", SUITE)
    with Upstream(stripe()) as upstream:
        suite.write("tokentape.yaml", f"upstream: {upstream.url}\n")
        assert f"{TESTS} passed" in suite.passes("-n4")
        assert len(upstream.seen) == len(suite.cassettes) == TESTS
    with nobody_connects(upstream.url):
        assert f"{TESTS} passed" in suite.passes("-n4", "--tokentape-strict", CI="true")


def test_tests_that_share_a_cassette_go_to_one_process(suite: Suite) -> None:
    suite.write(
        "test_shop.py",
        """
import pytest

pytestmark = pytest.mark.tokentape("shop")

@pytest.mark.parametrize("number", ["4242424242424242", "5555555555554444"] * 4)
def test_pays(pay, number):
    pay(number)
""",
    )
    suite.passes("-n2", "--dist=loadfile")
    assert suite.cassettes == ["shop"]
    assert suite.cassette("shop").count("- request:") == 2
    suite.passes("-n2", CI="true")
