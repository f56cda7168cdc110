"""`tokentape.vcr`: the same cassettes in process, without the proxy."""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import aiohttp
import pytest
import requests
import stripe
import urllib3
from tokentape.errors import CassetteError, CassetteMiss, ConfigurationError
from tokentape.vcr import tokentape_vcr

from tests.processes import Workplace
from tests.upstreams import Upstream
from tests.wire import LIVE, SECRET, Client, card, numbered, person

CARD = numbered("424242000000001")
STRIPE = "https://api.stripe.com"
LINES = {"Authorization": f"Bearer {SECRET}"}

Post = Callable[[str, dict[str, str]], Any]


@pytest.fixture(autouse=True)
def working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CI", raising=False)


def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nothing connect from here on."""

    def connect(*_args: object) -> None:
        raise AssertionError("something connects")

    for name in ("connect", "connect_ex"):
        monkeypatch.setattr(socket.socket, name, connect)


def by_requests(url: str, fields: dict[str, str]) -> Any:
    return requests.post(f"{url}/v1/tokens", fields, headers=LINES, timeout=9).json()


def by_urllib3(url: str, fields: dict[str, str]) -> Any:
    form = {**LINES, "Content-Type": "application/x-www-form-urlencoded"}
    with urllib3.PoolManager() as pool:
        body = urlencode(fields)
        return pool.request("POST", f"{url}/v1/tokens", headers=form, body=body).json()


async def by_aiohttp(url: str, fields: dict[str, str]) -> Any:
    async with (
        aiohttp.ClientSession(headers=LINES) as session,
        session.post(f"{url}/v1/tokens", data=fields) as answer,
    ):
        return await answer.json()


def recorded(place: Workplace, name: str) -> None:
    """Record with the proxy."""
    with place.recorded(name) as url:
        token = Client(url).post(card(CARD, name="Ada"))
        Client(url).get(token.id)
        Client(url).post(card("4000000000000002", name="Ada"))
        Client(url).post(person("Ada", "Byron"))


def test_stripe_replays_what_the_proxy_recorded(
    workplace: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorded(workplace, "shop/pay")
    offline(monkeypatch)
    client = stripe.StripeClient(SECRET)
    with tokentape_vcr("replay").use_cassette("shop/pay") as cassette:
        buyer: Any = {"number": CARD, "exp_month": 5, "exp_year": 2050, "cvc": "314", "name": "Joe"}
        token = client.v1.tokens.create({"card": buyer})
        assert token.card
        assert (token.card.name, token.card.last4) == ("Joe", CARD[-4:])
        assert client.v1.tokens.retrieve(token.id).id == token.id
        named: Any = {"first_name": "Joe", "last_name": "Bloggs"}
        assert client.v1.tokens.create({"person": named}).object == "token"
        assert cassette.play_count == 3
        assert not cassette.all_played


@pytest.mark.parametrize("post", [by_requests, by_urllib3])
def test_clients_record_and_replay(
    workplace: Workplace, upstream: Upstream, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tokentape_vcr("record", upstream=upstream.url).use_cassette("pay"):
        assert post(upstream.url, card(CARD, name="Ada"))["card"]["name"] == "Ada"
        assert post(upstream.url, card(CARD, name="Bob"))["card"]["name"] == "Bob"
    check(workplace, upstream)
    offline(monkeypatch)
    with tokentape_vcr("replay").use_cassette("pay"):
        token = post(STRIPE, card(CARD, name="Grace"))
        assert (token["card"]["name"], token["card"]["last4"]) == ("Grace", CARD[-4:])


async def test_aiohttp_records_and_replays(workplace: Workplace, upstream: Upstream) -> None:
    with tokentape_vcr("record", upstream=upstream.url).use_cassette("pay"):
        await by_aiohttp(upstream.url, card(CARD, name="Ada"))
        await by_aiohttp(upstream.url, card(CARD, name="Bob"))
    check(workplace, upstream)
    with tokentape_vcr("replay").use_cassette("pay"):
        token = await by_aiohttp(STRIPE, card(CARD, name="Grace"))
        assert (token["card"]["name"], token["card"]["last4"]) == ("Grace", CARD[-4:])


def check(place: Workplace, upstream: Upstream) -> None:
    """Check that the cassette is, to the byte, what the proxy records of the same."""
    place.inspect()
    with place.recorded("proxied", "--upstream", upstream.url) as url:
        Client(url).post(card(CARD, name="Ada"))
        Client(url).post(card(CARD, name="Bob"))
    assert place.text("pay") == place.text("proxied")


def test_auto_replays_what_is_known_and_adds_the_rest(
    workplace: Workplace, upstream: Upstream
) -> None:
    recorded(workplace, "pay")
    before = workplace.text("pay")
    with (
        pytest.raises(ConfigurationError, match="recorded from the built-in mock"),
        tokentape_vcr(upstream=upstream.url).use_cassette("pay"),
    ):
        by_requests(upstream.url, card("5555555555554444"))
    tape = tokentape_vcr(upstream=upstream.url, mix_upstreams="true")
    for _ in range(2):
        with tape.use_cassette("pay"):
            by_requests(upstream.url, card(CARD, name="Grace"))
            by_requests(upstream.url, card("5555555555554444"))
            by_requests(upstream.url, card("5555555555554444"))
    assert len(upstream.seen) == 2  # both the first time, and none the second
    assert workplace.text("pay").startswith(before.replace("from: mock", "from: other"))
    assert workplace.text("pay").count("- request:") == before.count("- request:") + 2


def test_a_decorator_names_the_cassette_after_the_function(
    workplace: Workplace, upstream: Upstream
) -> None:
    @tokentape_vcr("auto", upstream=upstream.url).use_cassette()  # type: ignore[untyped-decorator]
    def test_pays() -> None:
        by_requests(upstream.url, card())

    test_pays()
    assert workplace.path("test_pays").exists()


def test_a_miss_says_what_comes_close(
    workplace: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorded(workplace, "pay")
    offline(monkeypatch)
    with tokentape_vcr("replay").use_cassette("pay"), pytest.raises(CassetteMiss) as error:
        by_requests(STRIPE, card("5555555555554444", cvc="9876"))
    assert "{{card:mastercard}} was sent" in str(error.value)
    assert "9876" not in str(error.value)


def test_bindings_order_and_the_end_are_those_of_the_proxy(workplace: Workplace) -> None:
    with workplace.recorded("pay") as url:
        for name in ("Ada", "Bob"):
            Client(url).post(card(name=name))
    tape = tokentape_vcr("replay", on_exhausted="miss", strict="true")
    with tape.use_cassette("pay") as cassette:
        ids = [by_requests(STRIPE, card(name=name))["id"] for name in ("Eve", "Joe")]
        assert len(set(ids)) == 2
        assert cassette.all_played
        with pytest.raises(CassetteMiss):
            by_requests(STRIPE, card(name="Eve"))


def test_other_requests_are_left_alone(workplace: Workplace, upstream: Upstream) -> None:
    recorded(workplace, "pay")
    before = workplace.text("pay")
    with tokentape_vcr("auto", upstream=upstream.url).use_cassette("pay") as cassette:
        requests.get(f"{upstream.url}/v0/customers", headers=LINES, timeout=9)
        assert len(cassette) == 4
    with tokentape_vcr("auto").use_cassette("pay"):
        by_requests(upstream.url, card())  # not Stripe, and not the upstream that is set
    assert len(upstream.seen) == 2
    assert workplace.text("pay") == before


def test_a_live_key_does_not_leave(workplace: Workplace, upstream: Upstream) -> None:
    tape = tokentape_vcr("record", upstream=upstream.url)
    lines = {"Authorization": f"Bearer {LIVE}"}
    with tape.use_cassette("pay"), pytest.raises(ConfigurationError):
        requests.post(f"{upstream.url}/v1/tokens", card(), headers=lines, timeout=9)
    assert upstream.seen == []
    assert not workplace.path("pay").exists()


def test_what_a_failing_test_recorded_is_saved_once(
    workplace: Workplace, upstream: Upstream
) -> None:
    tape = tokentape_vcr("record", upstream=upstream.url)
    with suppress(ZeroDivisionError), tape.use_cassette("pay"):
        by_requests(upstream.url, card(CARD, name="Ada"))
        raise ZeroDivisionError
    assert CARD not in workplace.text("pay")
    assert [path.name for path in workplace.path("pay").parent.iterdir()] == ["pay.yaml"]


@pytest.mark.parametrize("name", ["../pay", "/tmp/pay", ".pay"])
def test_a_name_cannot_leave_the_folder(workplace: Workplace, name: str) -> None:
    with pytest.raises(CassetteError), tokentape_vcr("record").use_cassette(name):
        pass


def test_a_raw_cassette_is_refused(workplace: Workplace) -> None:
    workplace.path("raw").parent.mkdir()
    workplace.path("raw").write_text(
        "version: 1\ninteractions: [{request: {method: get, uri: https://a}}]\n"
    )
    with pytest.raises(CassetteError, match="tokentape import"):
        tokentape_vcr("replay").use_cassette("raw").__enter__()
