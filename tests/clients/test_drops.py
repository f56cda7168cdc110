"""Lines that drop: the SDKs try again with the same Idempotency-Key, and it comes out as one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.clients import scripts
from tests.clients.dropping import Dropping
from tests.processes import Workplace
from tests.upstreams import Upstream, stripe
from tests.wire import SECRET

PYTHON = """
import stripe, sys
url, key = sys.argv[1:]
client = stripe.StripeClient(key, base_addresses={"api": url}, max_network_retries=2)
for number in ("000000000", "222222222"):
    made = client.v1.tokens.create({"pii": {"id_number": number}})
    print(made.id, client.v1.tokens.retrieve(made.id).id == made.id)
"""
NODE = """
import Stripe from "stripe";
const [url, key] = process.argv.slice(2);
const { hostname: host, port } = new URL(url);
const stripe = new Stripe(key, { host, port, protocol: "http", maxNetworkRetries: 2 });
for (const id_number of ["000000000", "222222222"]) {
  const made = await stripe.tokens.create({ pii: { id_number } });
  console.log(made.id, (await stripe.tokens.retrieve(made.id)).id === made.id);
}
process.exit(); // a retry leaves the first connection open
"""
SDKS = {"stripe-python": (scripts.python, PYTHON), "stripe-node": (scripts.node, NODE)}
LOST = 2
"""As many answers as tries again: the third comes through."""
IN_THE_BODY = -10
IN_THE_STATUS = 8
"""Where every client notices. To requests, under stripe-python, a short head or body is whole."""


@pytest.fixture(params=SDKS)
def sdk(request: pytest.FixtureRequest) -> tuple[scripts.Run, str]:
    return SDKS[request.param]


def called(sdk: tuple[scripts.Run, str], home: Path, url: str) -> list[str]:
    """Create two tokens and retrieve them; return their ids."""
    run, script = sdk
    lines = [line.split() for line in run(script, home, url, SECRET).splitlines()]
    assert [same.lower() for _, same in lines] == ["true", "true"]
    return [token for token, _ in lines]


@pytest.fixture
def place(tmp_path: Path) -> Workplace:
    return Workplace(tmp_path)


@pytest.fixture
def calm(sdk: tuple[scripts.Run, str], place: Workplace, tmp_path: Path) -> str:
    """Return the cassette of a day when all went well."""
    with place.recorded("calm", "--strict") as url:
        called(sdk, tmp_path, url)
    return place.text("calm")


def test_an_upstream_that_drops_answers_leaves_one_interaction(
    sdk: tuple[scripts.Run, str], place: Workplace, tmp_path: Path, calm: str
) -> None:
    with Upstream(stripe()) as upstream, Dropping(upstream.url, lost=LOST, cut=IN_THE_BODY) as line:
        with place.recorded("storm", "--strict", "--upstream", line.url) as url:
            called(sdk, tmp_path, url)
        keys = [sent.header("idempotency-key") for sent in upstream.seen if sent.method == "POST"]
    assert (keys[0], keys[1], len({*keys})) == (keys[1], keys[2], 2)
    assert place.text("storm") == calm.replace("recorded_from: mock", "recorded_from: other")
    with place.replayed("storm", "--strict") as url:
        assert called(sdk, tmp_path, url) == called(sdk, tmp_path, url)


def test_a_client_whose_line_drops_is_recorded_once_and_replayed_right(
    sdk: tuple[scripts.Run, str], place: Workplace, tmp_path: Path, calm: str
) -> None:
    with place.serving("record", "dropped", "--strict") as session:
        with Dropping(session.url, lost=LOST, cut=IN_THE_STATUS) as line:
            called(sdk, tmp_path, line.url)
        assert session.end() == 0
    assert re.search(r"\b4 recorded\b", session.said)
    assert place.text("dropped") == calm
    with place.serving("replay", "dropped", "--strict", "--on-exhausted", "miss") as session:
        with Dropping(session.url, lost=LOST, cut=IN_THE_STATUS) as line:
            called(sdk, tmp_path, line.url)
            assert line.tries == 4 + LOST
        assert session.end() == 0
    assert re.search(r"\b0 missed, 0 refused, 0 unused\b", session.said)
