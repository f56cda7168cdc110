"""What the official clients see when they are recorded, and again when they are replayed."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from tests.clients.conftest import CLIENTS, HERE, Clients, Takes
from tests.clients.volatile import settled
from tests.processes import Workplace

CALLS: list[dict[str, Any]] = json.loads((HERE / "calls.json").read_text("utf-8").replace("#", "3"))
"""`#` stands for a check digit, so that no scanner sees the number of a card."""
SENT = set(re.findall(r"\b[a-z]+_[A-Za-z0-9]{14,}\b", json.dumps(CALLS)))

STATUSES = {
    "wrong number": 402,
    "wrong month": 402,
    "wrong year": 402,
    "wrong cvc": 402,
    "missing parameter": 400,
    "unknown parameter": 400,
    "nothing": 400,
    "two kinds": 400,
    "no such token": 404,
    "wrong key": 401,
}


@pytest.mark.parametrize("client", CLIENTS)
def test_recording_shows_what_stripe_answers(client: str, takes: Takes) -> None:
    seen = {entry["name"]: entry for entry in takes.recorded(client)}
    assert {name: entry["status"] for name, entry in seen.items()} == {
        call["name"]: STATUSES.get(call["name"], 200) for call in CALLS
    }
    prefixes = {name: entry["body"].get("id", "").split("_")[0] for name, entry in seen.items()}
    kinds = ("card", "bank account", "cvc update", "person", "pii", "company account")
    assert [prefixes[kind] for kind in kinds] == ["tok", "btok", "cvctok", "cpt", "pii", "ct"]
    assert seen["held card"]["body"]["card"]["customer"]["id"] == "cus_NffrFeUfNV2Hib"
    for name in ("card", "person", "held card"):
        assert seen[f"retrieve {name}"]["body"]["id"] == seen[name]["body"]["id"]


@pytest.mark.parametrize("client", CLIENTS)
def test_replay_shows_what_recording_showed(
    client: str, takes: Takes, clients: Clients, workplace: Workplace
) -> None:
    recorded = settled(takes.recorded(client), SENT)
    with workplace.replayed(takes.name(client), "--strict") as url:
        replayed = settled(clients.seen(client, url), SENT)
    assert replayed == recorded


@pytest.mark.parametrize("client", CLIENTS[1:])
def test_what_stripe_python_recorded_is_the_same_to_every_client(
    client: str, takes: Takes, clients: Clients, workplace: Workplace
) -> None:
    recorded = alike(takes.recorded(CLIENTS[0]))
    with workplace.replayed(takes.name(CLIENTS[0]), "--strict") as url:
        assert alike(clients.seen(client, url)) == recorded


def alike(seen: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return what was seen, without what is each client's own."""
    return settled([{**entry, "told": None} for entry in seen], SENT)


@pytest.mark.parametrize("client", CLIENTS[1:])
def test_a_cassette_does_not_tell_who_recorded_it(client: str, takes: Takes) -> None:
    """Apart from the API version that it asks for, and the type of bodies that are empty.

    Neither takes part in the match, so a cassette that serves one client serves all.
    """
    own = re.compile(r"(?m)^ +(?:Stripe-Version|Content-Type): .*\n")
    of_python, of_client = (own.sub("", takes.text(entry)) for entry in (CLIENTS[0], client))
    assert of_client == of_python
