"""Realistic traffic of any size: published cards, names, addresses, people, retrieves."""

from __future__ import annotations

import random
from collections.abc import Iterator
from urllib.parse import urlencode

from proxy.pure.messages import Request

KEY = "sk_test_" + "bench" * 5
CARDS = ("4242424242424242", "4000056655665556", "5555555555554444", "378282246310005")
HEADERS = (
    ("Authorization", f"Bearer {KEY}"),
    ("Content-Type", "application/x-www-form-urlencoded"),
)


def posts(count: int, seed: int = 1) -> Iterator[Request]:
    """Yield `count` different requests that make a token, the same for the same seed."""
    chance = random.Random(seed)
    for index in range(count):
        yield Request("POST", "/v1/tokens", HEADERS, urlencode(_fields(index, chance)).encode())


def _fields(index: int, chance: random.Random) -> dict[str, str]:
    if index % 5 == 4:
        return {
            "person[first_name]": f"Ada{index}",
            "person[last_name]": f"Lovelace{index % 97}",
            "person[email]": f"ada{index}@example.org",
            "person[address][city]": f"Turin {index % 31}",
            "person[relationship][owner]": "true",
        }
    return {
        "card[number]": CARDS[index % len(CARDS)],
        "card[exp_month]": str(1 + index % 12),
        "card[exp_year]": str(2030 + index % 7),
        "card[cvc]": "1234" if index % len(CARDS) == 3 else "314",
        "card[name]": f"Grace Hopper {index}",
        "card[address_line1]": f"{index} {chance.choice(('Main', 'High', 'Mill'))} Street",
        "card[address_zip]": f"{10_000 + index % 900}",
    }
