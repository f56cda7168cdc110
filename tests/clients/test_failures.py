"""What the SDKs make of a miss, of a refusal, and of an upstream that fails for a while."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.clients import scripts
from tests.processes import Session, Workplace
from tests.upstreams import Upstream, in_turn, saying, stripe
from tests.wire import LIVE, SECRET, Client, card

PYTHON = """
import stripe, sys
url, key = sys.argv[1:]
client = stripe.StripeClient(key, base_addresses={"api": url}, max_network_retries=2)
try:
    print(client.v1.tokens.create({"pii": {"id_number": "000000000"}}).type)
except stripe.StripeError as error:
    code = error.json_body["error"]["code"]  # `error.code` is for card errors and the like alone
    print(type(error).__name__, error.http_status, code, error.user_message)
"""
NODE = """
import Stripe from "stripe";
const [url, key] = process.argv.slice(2);
const { hostname: host, port } = new URL(url);
const stripe = new Stripe(key, { host, port, protocol: "http", maxNetworkRetries: 2 });
await stripe.tokens.create({ pii: { id_number: "000000000" } }).then(
  (token) => console.log(token.type),
  (error) => console.log(error.type, error.statusCode, error.code, error.message),
);
process.exit(); // a retry leaves the first connection open
"""


def python(url: str, key: str, home: Path) -> str:
    return scripts.python(PYTHON, home, url, key)


def node(url: str, key: str, home: Path) -> str:
    return scripts.node(NODE, home, url, key)


Sdk = Callable[[str, str, Path], str]

each_sdk = pytest.mark.parametrize("sdk", [python, node])


@each_sdk
def test_a_miss_is_an_error_at_once_and_is_not_tried_again(sdk: Sdk, tmp_path: Path) -> None:
    place = Workplace(tmp_path)
    with place.recorded("take") as url:
        Client(url).post(card())
    with place.serving("replay", "take") as session:
        outcome = sdk(session.url, SECRET, tmp_path)
        assert session.end() == 1
    assert outcome.split()[1:3] == ["424", "cassette_miss"]
    assert "cassette take" in outcome
    assert "1 missed" in session.said


@each_sdk
def test_a_live_key_is_an_error_at_once_and_is_not_tried_again(sdk: Sdk, tmp_path: Path) -> None:
    with Session(tmp_path, "record", "take", "--listen", "127.0.0.1:0") as session:
        outcome = sdk(session.url, LIVE, tmp_path)
        assert session.end() == 0
    assert outcome.split()[1] == "403"
    assert "--allow-live" in outcome
    assert "1 refused" in session.said


@each_sdk
def test_what_it_tries_again_after_a_failure_is_recorded_once(sdk: Sdk, tmp_path: Path) -> None:
    place = Workplace(tmp_path)
    with (
        Upstream(in_turn(saying(503), stripe())) as upstream,
        place.recorded("take", "--upstream", upstream.url) as url,
    ):
        assert sdk(url, SECRET, tmp_path) == "pii"
    keys = {request.header("idempotency-key") for request in upstream.seen}
    assert (len(upstream.seen), len(keys)) == (2, 1)
    assert None not in keys
    with place.replayed("take", "--strict") as url:
        assert sdk(url, SECRET, tmp_path) == "pii"
