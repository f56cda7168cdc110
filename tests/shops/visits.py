"""People who visit a shop: what each sends in each step, and what all of them got to see."""

from __future__ import annotations

import json
import subprocess
import urllib.request
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from random import Random
from typing import Any

STEPS = (
    *("register", "card", "buy", "later", "declined-token", "declined-method"),
    *("twice", "refund", "history", "leave"),
)


@dataclass(frozen=True)
class Visitor:
    """A person; the number makes all values of two people different."""

    number: int

    def sends(self) -> dict[str, str]:
        cvc = f"{100 + self.number * 37 % 900}"
        return {**self.values(), "card": "4242424242424242", "cvc": cvc}

    def values(self) -> dict[str, str]:
        """Return what nobody else sends."""
        number = self.number
        return {
            "name": f"Visitor {number} of Lovelace",
            "email": f"visitor-{number}@example.com",
            "order": f"order-{number * 7919}",
        }


CALLS = 25
"""What a visit sends to Stripe."""
Shown = list[Any]
"""What each step of a visit showed."""
DECLINES = {
    "declined-token": "tok_visa_chargeDeclinedInsufficientFunds",
    "declined-method": "tok_visa_chargeDeclinedLostCard",
}


def visit(shop: str, visitor: Visitor) -> Shown:
    """Go through all steps, one after the other; return what each showed."""
    return [taken(shop, visitor, step) for step in STEPS]


def taken(shop: str, visitor: Visitor, step: str) -> Any:
    sent = {**visitor.sends(), "token": DECLINES.get(step, "")}
    request = urllib.request.Request(
        f"{shop}/{visitor.number}/{step}",
        json.dumps(sent).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=60) as response:
        return json.load(response)


def visits_one_by_one(shop: str, visitors: Sequence[Visitor]) -> list[Shown]:
    """Let each person through the shop before the next comes."""
    return [visit(shop, visitor) for visitor in visitors]


def visits_at_once(shop: str, visitors: Sequence[Visitor]) -> list[Shown]:
    """Let all people through the shop at once, in whatever order their steps come."""
    with ThreadPoolExecutor(len(visitors)) as pool:
        return list(pool.map(lambda visitor: visit(shop, visitor), visitors))


def visits_in_turns(shop: str, visitors: Sequence[Visitor], seed: int) -> list[Shown]:
    """Let people take their steps in turns, in an order that a seed decides."""
    turns = [visitor for visitor in visitors for _ in STEPS]
    Random(seed).shuffle(turns)
    shown: dict[Visitor, Shown] = {visitor: [] for visitor in visitors}
    for visitor in turns:
        shown[visitor].append(taken(shop, visitor, STEPS[len(shown[visitor])]))
    return list(shown.values())


@contextmanager
def open_shop(*command: str) -> Iterator[str]:
    """Run a shop that prints its URL; return it. What it logs of its own visitors goes nowhere."""
    logs = subprocess.DEVNULL
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=logs, text=True) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().strip()
        finally:
            process.kill()
