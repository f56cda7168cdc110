"""The fixture beside other plugins, and in a process that has nothing left to open."""

from __future__ import annotations

import pytest

from tests.network_proxy import NetworkProxy
from tests.plugin.suites import CONFTEST, Suite

PAYS = """
def test_pays(pay):
    assert pay(name="Ada")["name"] == "Ada"
"""


@pytest.mark.parametrize("more", [(), ("--allow-unix-socket",), ("-W", "error")])
def test_blocked_sockets_fail_at_once_with_the_option_that_helps(
    suite: Suite, more: tuple[str, ...]
) -> None:
    pytest.importorskip("pytest_socket")
    suite.write("test_shop.py", PAYS)
    printed = suite.fails("--disable-socket", *more)
    assert "Run pytest with --allow-hosts=127.0.0.1" in printed
    assert "1 error" in printed
    suite.passes("--disable-socket", "--allow-hosts=127.0.0.1")


def test_a_test_with_sockets_is_not_spoilt_by_one_without(suite: Suite) -> None:
    pytest.importorskip("pytest_socket")
    suite.write(
        "test_shop.py",
        PAYS + "import pytest\n@pytest.mark.enable_socket\ndef test_more(pay):\n    pay()\n",
    )
    assert "1 passed, 1 error" in suite.fails("--disable-socket")


def test_an_upstream_that_is_blocked_fails_the_test_and_is_named(suite: Suite) -> None:
    pytest.importorskip("pytest_socket")
    suite.write("pytest.ini", "[pytest]\n")
    suite.write("test_shop.py", "def test_pays(pay):\n    pay()\n")
    options = ("--allow-hosts=127.0.0.1",)
    printed = suite.fails(*options, TOKENTAPE_UPSTREAM="http://127.0.0.2:9")
    assert "failed inside at a request: SocketConnectBlockedError" in printed
    assert "the host of the upstream" in printed
    assert "1 error" not in printed  # at the end of the test, for the same


def test_a_process_that_can_open_nothing_more_fails_at_once(suite: Suite) -> None:
    suite.write(
        "test_shop.py",
        """
import os, resource

import pytest
import tokentape.pure.cassette.naming
import tokentape.session.in_process

@pytest.fixture
def hardly_any_left(request):
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
    held = []
    with pytest.raises(OSError):
        while True:
            held.append(os.open("/dev/null", os.O_RDONLY))
    for _ in range(request.param):
        os.close(held.pop())
    yield
    for descriptor in held:
        os.close(descriptor)

@pytest.mark.parametrize("hardly_any_left", [0, 2], indirect=True)
def test_pays(hardly_any_left, tokentape):
    pass

def test_goes_on(pay):
    pay()
""",
    )
    printed = suite.fails()
    assert "1 passed, 2 errors" in printed
    assert "tokentape: the session cannot be opened: Too many open files" in printed
    assert "tokentape: the thread that serves the sessions ended: Too many open files" in printed


def test_a_client_that_cannot_be_accepted_fails_at_once(suite: Suite) -> None:
    suite.write(
        "test_shop.py",
        """
import os, resource, socket
from urllib.parse import urlsplit

import pytest

def test_pays(tokentape):
    address = ("127.0.0.1", urlsplit(tokentape.url).port)
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
    held = []
    with pytest.raises(OSError):
        while True:
            held.append(os.open("/dev/null", os.O_RDONLY))
    os.close(held.pop())
    with socket.create_connection(address, timeout=20) as client:
        assert client.recv(1) == b""
    for descriptor in held:
        os.close(descriptor)
""",
    )
    assert "failed inside at a request: OSError" in suite.fails()


def test_the_marker_of_vcrpy_is_an_error_before_anything_is_sent(suite: Suite) -> None:
    pytest.importorskip("pytest_recording")
    suite.write("conftest.py", CONFTEST.replace("return paid", "paid()\n    return paid"))
    suite.write(
        "test_shop.py",
        """
import pytest

@pytest.mark.vcr
def test_pays(pay):
    pass

@pytest.mark.vcr
def test_pays_later(request):
    request.getfixturevalue("pay")
""",
    )
    printed = suite.fails("--record-mode=all")
    assert "Remove the marker, or the fixture" in printed
    assert "1 failed, 1 error" in printed
    assert not list(suite.directory.rglob("*.yaml"))


def test_nothing_goes_to_a_proxy_of_the_network(suite: Suite) -> None:
    check = """
import os

def test_exceptions_are_kept(tokentape):
    assert os.environ["NO_PROXY"] == "internal,127.0.0.1,localhost"
"""
    suite.write("test_shop.py", PAYS + check)
    with NetworkProxy({}, 404) as proxy:
        suite.passes(HTTP_PROXY=f"http://{proxy.address}", NO_PROXY="internal")
    assert proxy.heads == []


def test_anyio_runs_tests_on_asyncio_and_trio(suite: Suite) -> None:
    pytest.importorskip("trio")
    suite.write("pytest.ini", "[pytest]\nfilterwarnings = error\n")
    suite.write(
        "test_shop.py",
        """
import pytest

@pytest.mark.anyio
async def test_pays(pay, tokentape, anyio_backend_name):
    assert pay(name=anyio_backend_name)["name"] == anyio_backend_name
    counts = tokentape.receipt.counts
    assert counts.recorded + counts.replayed == 1
""",
    )
    alone = ("-p", "no:asyncio", "-p", "no:aiohttp")
    assert "2 passed" in suite.passes(*alone)
    assert "2 passed" in suite.passes(*alone, CI="true")
    assert suite.cassettes == ["test_shop/test_pays-0", "test_shop/test_pays-1"]


def test_names_differ_where_capitals_count_for_nothing(suite: Suite) -> None:
    suite.write(
        "test_shop.py",
        """
class TestCards:
    def test_pays(self, pay):
        pay()

class Testcards:
    def test_pays(self, pay):
        pay()

def test_pays(pay):
    pay()

def test_PAYS(pay):
    pay()

class TestOther:
    def test_pays(self, pay):
        pay()
""",
    )
    suite.passes()
    names = suite.cassettes
    assert len({name.lower() for name in names}) == 5
    assert {"test_shop/test_pays", "test_shop/TestOther/test_pays"} < {*names}
    suite.passes("test_shop.py::test_PAYS", "test_shop.py::TestCards", CI="true")


def test_two_names_for_one_file_are_refused(suite: Suite) -> None:
    suite.write(
        "test_shop.py",
        """
import pytest

@pytest.mark.tokentape("shop/Visa")
def test_pays(pay):
    pay()

@pytest.mark.tokentape("shop/visa")
def test_pays_again(pay):
    pay()
""",
    )
    printed = suite.fails()
    assert "its name differs from that of Visa.yaml in capitals only" in printed
    assert suite.cassettes == ["shop/Visa"]
