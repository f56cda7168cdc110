"""A shorter visit against localstripe, which emulates Stripe too: recorded, and replayed to others.

It comes from PyPI and is GPL: a process of its own, installed for itself, on 127.0.0.1.
"""

from __future__ import annotations

import base64
import fcntl
import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.processes import Workplace
from tests.shops.visits import Visitor, open_shop

HERE = Path(__file__).parent / "localstripe"
VERSION = "1.15.10"
SERVE = """
import socket
from aiohttp import web
from localstripe.server import app, store
type(store).dump_to_disk = lambda self: None
listening = socket.create_server(("127.0.0.1", 0))
print(f"http://127.0.0.1:{listening.getsockname()[1]}", flush=True)
web.run_app(app, sock=listening, print=None)
"""
"""It writes no file, and listens on this machine only."""
KEY = "sk_test_" + 24 * "a"


@pytest.fixture(scope="module")
def localstripe() -> Iterator[str]:
    """Serve localstripe; skip where it cannot be installed."""
    python = HERE / ".venv" / "bin" / "python"
    HERE.mkdir(exist_ok=True)
    with (HERE / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not python.exists() and not installed(python):
            pytest.skip("localstripe is not installed, and pip cannot install it")
    with open_shop(str(python), "-c", SERVE) as url:
        yield url


def installed(python: Path) -> bool:
    commands = (
        (sys.executable, "-m", "venv", str(HERE / ".venv")),
        (str(python), "-m", "pip", "install", "--quiet", f"localstripe=={VERSION}"),
    )
    done = [subprocess.run(command, capture_output=True, check=False) for command in commands]
    return not any(each.returncode for each in done)


def send(url: str, method: str, path: str, fields: Mapping[str, str] | None = None) -> Any:
    basic = base64.b64encode(f"{KEY}:".encode()).decode()
    body = urlencode(fields).encode() if fields else None
    request = urllib.request.Request(url + path, body, method=method)
    request.add_header("Authorization", f"Basic {basic}")
    with urllib.request.urlopen(request, timeout=30) as response:
        return json.load(response)


def visit(url: str, visitor: Visitor) -> list[object]:
    """Register, buy, be refunded; return what was shown."""
    sent = visitor.sends()
    card = {"number": sent["card"], "exp_month": "12", "exp_year": "2050", "cvc": sent["cvc"]}
    fields = {f"card[{name}]": value for name, value in card.items()}
    token = send(url, "POST", "/v1/tokens", fields)
    bought = {"amount": "2000", "currency": "usd", "metadata[order_id]": sent["order"]}
    own = {"source": token["id"], "email": sent["email"]}
    customer = send(url, "POST", "/v1/customers", own)
    again = send(url, "GET", f"/v1/customers/{customer['id']}")
    charge = send(url, "POST", "/v1/charges", {**bought, "customer": customer["id"]})
    refund = send(url, "POST", "/v1/refunds", {"charge": charge["id"], "amount": "500"})
    seen = send(url, "GET", f"/v1/charges/{charge['id']}")
    return [
        again["email"],
        charge["customer"] == customer["id"],
        charge["metadata"],
        (refund["amount"], refund["status"]),
        (seen["amount"], seen["amount_refunded"], seen["status"], seen["metadata"]),
    ]


def test_what_localstripe_answers_is_replayed_to_others(localstripe: str, tmp_path: Path) -> None:
    people = [Visitor(number) for number in range(1, 6)]
    expected = [visit(localstripe, visitor) for visitor in people]
    workplace = Workplace(tmp_path)
    with workplace.recorded("visits", "--strict", "--upstream", localstripe) as url:
        assert visit(url, people[0]) == expected[0]
    with workplace.replayed("visits") as url:
        assert [visit(url, visitor) for visitor in people] == expected
    assert workplace.run("scan", "cassettes").returncode == 0
    assert not any(value in workplace.text("visits") for value in people[0].values().values())
