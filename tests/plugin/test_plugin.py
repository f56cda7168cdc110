"""The fixture, the marker and the options, in suites of their own."""

from __future__ import annotations

import pytest

from tests.plugin.suites import CONFTEST, Suite
from tests.wire import numbered

PAYS = """
def test_pays(pay):
    assert pay(name="Ada")["name"] == "Ada"
"""
ANOTHER_CARD = """
def test_pays(pay):
    pay("5555555555554444")
"""

MAKES = """
import json, urllib.request
from conftest import KEY

def call(tokentape, path, body=None):
    headers = {"Authorization": f"Bearer {KEY}"}
    with urllib.request.urlopen(urllib.request.Request(tokentape.url + path, body, headers)) as got:
        return json.load(got)["id"]

def test_it(tokentape):
    made = call(tokentape, "/v1/tokens", b"pii[id_number]=123456789")
"""


def test_a_good_cassette_outlasts_a_test_that_fails_while_it_records(suite: Suite) -> None:
    suite.write("test_shop.py", PAYS)
    suite.passes("--tokentape-mode=record")
    (path,) = (suite.directory / "cassettes").rglob("*.yaml")
    before = path.read_text()
    suite.write("test_shop.py", ANOTHER_CARD + "    assert not pay\n")
    printed = suite.fails("--tokentape-mode=record")
    assert "the test failed: " in printed
    assert f"`tokentape recover {path.parent.name}/test_pays`" in printed
    assert path.read_text() == before


def test_a_test_is_recorded_and_replayed(suite: Suite) -> None:
    suite.write(
        "tests/checkout/test_pay.py",
        """
class TestCards:
    def test_pays(self, tokentape, pay):
        assert tokentape.name == "tests/checkout/test_pay/TestCards/test_pays"
        assert pay()["brand"] == "Visa"
        print(tokentape.mode, tokentape.receipt.counts)
""",
    )
    assert "auto Counts(recorded=1, replayed=0" in suite.passes("-s")
    assert suite.cassettes == ["tests/checkout/test_pay/TestCards/test_pays"]
    assert "replay Counts(recorded=0, replayed=1" in suite.passes("-s", CI="true")
    printed = suite.passes("-s", "--tokentape-mode=record", CI="true")
    assert "record Counts(recorded=1, replayed=0" in printed


def test_a_miss_fails_a_test_that_swallowed_it(suite: Suite) -> None:
    suite.write("test_shop.py", PAYS)
    suite.passes()
    suite.write("test_shop.py", ANOTHER_CARD)
    printed = suite.fails("--tokentape-mode=replay")
    assert "1 failed" in printed
    assert "card[number] is recorded as {{card:visa}}, and {{card:mastercard}} was sent" in printed
    assert "Record it with `pytest --tokentape-mode=auto`" in printed
    assert "tokentape auto" not in printed


def test_a_test_that_has_grown_by_a_call_with_a_replayed_id_says_what_to_do(suite: Suite) -> None:
    suite.write("test_shop.py", MAKES)
    suite.passes()
    before = suite.cassette("test_shop/test_it")
    suite.write("test_shop.py", MAKES + "    call(tokentape, f'/v1/tokens/{made}')\n")
    printed = suite.fails("--tokentape-mode=auto")
    assert "made up for this replay" in printed
    assert "again with `pytest --tokentape-mode=record`" in printed
    assert suite.cassette("test_shop/test_it") == before
    suite.passes("--tokentape-mode=record")


def test_a_test_that_failed_anyway_shows_the_miss(suite: Suite) -> None:
    suite.write("test_shop.py", PAYS)
    suite.passes()
    suite.write("test_shop.py", ANOTHER_CARD + "    assert pay('5555555555554444')['last4']")
    printed = suite.fails("--tokentape-mode=replay")
    assert "string indices must be integers" in printed
    assert "0 recorded, 0 replayed, 2 missed" in printed
    assert "1 failed" in printed
    assert "error" not in printed.rpartition("====")[2]


def test_a_test_that_fails_otherwise_shows_its_requests(suite: Suite) -> None:
    suite.write("test_shop.py", PAYS + "    assert False\n\ndef test_none(tokentape):\n    1 / 0\n")
    printed = suite.fails()
    assert "Captured tokentape call" in printed
    assert "card[name]={{name}} 200 recorded" in printed
    assert "no request came in: give the client the base URL `tokentape.url`" in printed


def test_a_refused_request_is_shown_with_its_reason(suite: Suite) -> None:
    suite.write("test_shop.py", MAKES.replace("/v1/tokens", "/v1/v1/tokens"))
    printed = suite.fails()
    assert "POST … 404 refused" in printed
    assert "a base URL that ends in /v1" in printed


def test_the_page_shows_the_requests_of_a_test(suite: Suite) -> None:
    suite.write(
        "test_shop.py",
        """
import json, urllib.request

def test_it(tokentape, pay):
    pay()
    with urllib.request.urlopen(tokentape.url + "/_tokentape/events") as answer:
        assert len(json.load(answer)["events"]) == 1
""",
    )
    suite.passes()


def test_a_marker_may_name_the_file_of_a_cassette(suite: Suite) -> None:
    mark = 'import pytest\n\n@pytest.mark.tokentape("cassettes/shop/pays.yaml")'
    suite.write("test_shop.py", mark + PAYS)
    suite.passes()
    assert suite.cassettes == ["shop/pays"]


@pytest.mark.parametrize("when", ["setup", "teardown"])
def test_a_miss_outside_of_the_test_itself_is_an_error(suite: Suite, when: str) -> None:
    body = {"setup": ["pay(name='Ada')", "yield"], "teardown": ["yield", "pay(name='Ada')"]}[when]
    fixture = "\n    ".join(["import pytest\n@pytest.fixture\ndef around(pay):", *body])
    suite.write("test_shop.py", f"{fixture}\n\ndef test_it(around):\n    pass\n")
    suite.passes()
    suite.write(
        "test_shop.py", (suite.directory / "test_shop.py").read_text().replace("name=", "phone=")
    )
    printed = suite.fails("--tokentape-mode=replay")
    assert ("1 failed" if when == "setup" else "1 passed, 1 error") in printed
    assert "1 missed" in printed


def test_a_cassette_that_is_not_there(suite: Suite) -> None:
    suite.write("test_shop.py", PAYS)
    printed = suite.fails(CI="1")
    assert "test_pays.yaml: there is no such cassette" in printed
    assert "Record it with `pytest --tokentape-mode=auto`" in printed
    assert suite.cassettes == []


def test_a_test_that_sends_nothing_needs_no_cassette(suite: Suite) -> None:
    suite.write("test_shop.py", "def test_it(tokentape):\n    assert tokentape.url\n")
    suite.passes()
    suite.passes(CI="1")
    assert suite.cassettes == []


def test_strict_fails_on_what_was_not_used(suite: Suite) -> None:
    suite.write("test_shop.py", PAYS + "    pay('5555555555554444')")
    suite.passes("--tokentape-strict")
    suite.write("test_shop.py", PAYS)
    suite.passes("--tokentape-mode=replay")
    assert "never asked for: interactions 2" in suite.fails(
        "--tokentape-mode=replay", "--tokentape-strict"
    )


def test_what_a_failing_test_recorded_is_kept(suite: Suite) -> None:
    suite.write("test_shop.py", PAYS + "    assert False")
    suite.fails()
    suite.write("test_shop.py", PAYS)
    suite.passes("--tokentape-mode=replay", "--tokentape-strict")


def test_parameters_do_not_reach_file_names(suite: Suite) -> None:
    number = numbered("424242000000001")
    suite.write(
        "test_cards.py",
        f"""
import pytest

@pytest.mark.parametrize("twice", [False, True])
@pytest.mark.parametrize("number, of", [("4242424242424242", "visa"), ("{number}", "other")])
def test_card(pay, number, of, twice):
    assert pay(number)["last4"] == number[-4:]
""",
    )
    suite.passes("-n2")
    assert suite.cassettes == [f"test_cards/test_card-{case}" for case in range(4)]
    assert not [name for name in suite.cassettes if number in suite.cassette(name)]
    chosen = f"test_cards.py::test_card[{number}-other-True]"
    assert "1 passed" in suite.passes(chosen, "--tokentape-mode=replay")


def test_parameters_in_names_of_another_plugin_do_not_reach_file_names(
    suite: Suite,
) -> None:
    hook = """
def pytest_pycollect_makeitem(collector, name, obj):
    if name == "check":
        names = [f"check[{value}]" for value in ("Ada", "Bea")]
        return [pytest.Function.from_parent(collector, name=one, callobj=obj) for one in names]
"""
    suite.write("conftest.py", CONFTEST + hook)
    suite.write("test_shop.py", "def check(pay):\n    assert pay()['brand'] == 'Visa'\n")
    suite.passes()
    assert suite.cassettes == ["test_shop/check-0", "test_shop/check-1"]


def test_markers_name_cassette_mode_and_end(suite: Suite) -> None:
    suite.write(
        "test_marked.py",
        """
import pytest

pytestmark = pytest.mark.tokentape("shared/one")

@pytest.mark.tokentape(mode="record")
def test_records(tokentape, pay):
    assert (tokentape.mode, tokentape.name) == ("record", "shared/one")
    assert pay()["brand"] == "Visa"

def test_carries_on(tokentape, pay):
    assert tokentape.mode == "auto"
    assert pay()["brand"] == "Visa"
    assert pay("5555555555554444")["brand"] == "MasterCard"
    assert (tokentape.receipt.counts.replayed, tokentape.receipt.counts.recorded) == (1, 1)

@pytest.mark.tokentape(mode="replay", on_exhausted="miss")
@pytest.mark.xfail(strict=True)
def test_ends(tokentape, pay):
    pay(), pay()
""",
    )
    assert "2 passed, 1 xfailed" in suite.passes("--tokentape-mode=record")
    assert suite.cassettes == ["shared/one"]


@pytest.mark.parametrize("words", ['"a", "b", "c", "d", "e"', 'colour="red"', 'mode="play"'])
def test_a_marker_that_says_nothing_known(suite: Suite, words: str) -> None:
    mark = f"import pytest\n\n@pytest.mark.tokentape({words})"
    suite.write("test_shop.py", mark + PAYS)
    printed = suite.fails()
    assert "tokentape(name, mode, on_exhausted, faults)" in printed
    assert "another exception" not in printed


def test_async_tests(suite: Suite) -> None:
    suite.write(
        "test_async.py",
        """
import aiohttp
import pytest

@pytest.fixture
async def session():
    async with aiohttp.ClientSession() as session:
        yield session

async def test_pays(tokentape, session):
    key = {"Authorization": "Bearer sk_" + "test_" + "4eC39HqLyjWDarjtT1zdp7dc"}
    body = {"pii[id_number]": "000000000"}
    async with session.post(tokentape.url + "/v1/tokens", data=body, headers=key) as answer:
        assert (await answer.json())["object"] == "token"

@pytest.mark.parametrize("backend", ["asyncio"])
async def test_misses(tokentape, session, backend):
    await (await session.get(tokentape.url + "/v1/tokens/tok_visa")).read()
""",
    )
    suite.passes("--tokentape-mode=auto")
    suite.passes(CI="true")
    suite.write(
        "test_async.py", (suite.directory / "test_async.py").read_text().replace("visa", "x")
    )
    assert "1 failed, 1 passed" in suite.fails(CI="true")


def test_settings_are_those_of_the_root_directory(suite: Suite) -> None:
    suite.write("tokentape.yaml", "cassettes: tapes\nlisten: 127.0.0.1:1\n")
    suite.write("tests/test_shop.py", PAYS)
    suite.passes(within="tests")
    assert (suite.directory / "tapes/tests/test_shop/test_pays.yaml").exists()
    suite.write("tokentape.yaml", "casettes: tapes\n")
    assert "casettes" in suite.fails()


def test_whoever_does_not_use_it_does_not_pay_for_it(suite: Suite) -> None:
    suite.write(
        "test_nothing.py",
        """
import sys

def test_nothing():
    assert "tokentape.pytest_plugin" in sys.modules
    assert not {"tokentape.session.opening", "click", "re2"} & {*sys.modules}
""",
    )
    suite.passes("-p", "no:aiohttp", "-p", "no:xdist", TOKENTAPE_NONSENSE="1")


def test_mode_comes_from_the_environment_too(suite: Suite) -> None:
    suite.write("test_shop.py", PAYS)
    suite.passes(TOKENTAPE_MODE="record")
    suite.passes(TOKENTAPE_MODE="replay")
    shown = suite.fails(TOKENTAPE_MODE="sk_" + "live_" + "x" * 24)
    assert "TOKENTAPE_MODE: found another value (not shown: it may be a secret)" in shown
    assert "sk_live" not in shown


def test_an_unknown_variable_is_a_warning(suite: Suite) -> None:
    suite.write("test_shop.py", PAYS)
    suite.passes("-W", "default", TOKENTAPE_SERVICE_HOST="10.0.0.11")
    shown = suite.passes("-W", "default", TOKENTAPE_UPSTREM="SECRET")
    assert "TOKENTAPE_UPSTREM: unknown environment variable" in shown
    assert "SECRET" not in shown
    assert "did you mean TOKENTAPE_UPSTREAM?" in suite.fails(TOKENTAPE_UPSTREM="SECRET")
