"""Realistic traffic of any size: published cards, names, addresses, people, retrieves."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import chain, repeat
from urllib.parse import urlencode

from tokentape.pure.http.messages import Request

KEY = "sk_test_" + "bench" * 5
CARDS = ("4242424242424242", "4000056655665556", "5555555555554444", "378282246310005")
HEADERS = (
    ("Authorization", f"Bearer {KEY}"),
    ("Content-Type", "application/x-www-form-urlencoded"),
)
RETRIEVE = Request("GET", "/v1/tokens/", HEADERS[:1])
"""Retrieves the token made last: its id is to be appended."""
POSTS = 4
"""How many tokens are made for each that is retrieved."""


def posts(count: int, seed: int = 1, people: str = "", year: int = 2030) -> Iterator[Request]:
    """Yield `count` different requests that make a token, the same for the same seed.

    What tells them apart but for names and addresses is the same for any `people`; with `year`,
    the first year in which their cards expire, they are requests of another kind.
    """
    chance = random.Random(seed)
    for index in range(count):
        yield _post(_fields(index, chance, people, year))


def mix(count: int, people: str = "", year: int = 2030) -> Iterator[Request]:
    """Yield `count` requests that make tokens, and now and then retrieve one."""
    made = posts(count, people=people, year=year)
    for index in range(count):
        yield RETRIEVE if index % (POSTS + 1) == POSTS else next(made)


def alike(count: int, people: str = "") -> Iterator[Request]:
    """Yield `count` requests that differ in names and addresses alone."""
    for index in range(count):
        yield _post(_card(index, 0, people, "Main"))


def keyed(requests: Iterable[Request], key: str) -> Iterator[Request]:
    """Yield requests as official clients send them, each POST with an Idempotency-Key.

    `{}` in it stands for the number of the request.
    """
    for number, one in enumerate(requests):
        line = (("Idempotency-Key", key.format(number)),) if one.method == "POST" else ()
        yield replace(one, headers=(*one.headers, *line))


def raw(request: Request) -> bytes:
    """Return a request as it goes over the wire."""
    length = (("Content-Length", str(len(request.body))),) if request.body else ()
    lines = (("Host", "127.0.0.1"), *request.headers, *length)
    head = "".join(f"{name}: {value}\r\n" for name, value in lines)
    return f"{request.method} {request.target} HTTP/1.1\r\n{head}\r\n".encode() + request.body


def looped(requests: Iterable[Request], count: int) -> Iterator[Request]:
    """Yield the same requests over and over, `count` times all of them."""
    return chain.from_iterable(repeat(tuple(requests), count))


def _post(fields: dict[str, str]) -> Request:
    return Request("POST", "/v1/tokens", HEADERS, urlencode(fields).encode())


def _fields(index: int, chance: random.Random, people: str, year: int) -> dict[str, str]:
    if index % 5 == 4:
        return {
            "person[first_name]": f"Ada{people}x{index}",
            "person[last_name]": f"Lovelace{people}x{index % 97}",
            "person[email]": f"ada{people}x{index}@example.org",
            "person[address][city]": f"Turin{people} {index % 31}",
            "person[relationship][owner]": "true",
        }
    street = chance.choice(("Main", "High", "Mill"))
    return _card(index, index, people, street, year)


def _card(index: int, shape: int, people: str, street: str, year: int = 2030) -> dict[str, str]:
    return {
        "card[number]": CARDS[shape % len(CARDS)],
        "card[exp_month]": str(1 + shape % 12),
        "card[exp_year]": str(year + shape % 7),
        "card[cvc]": "1234" if shape % len(CARDS) == 3 else "314",
        "card[name]": f"Grace{people} Hopper {index}",
        "card[address_line1]": f"{index} {street}{people}",
        "card[address_zip]": f"{10_000 + index % 900}{people}",
    }
