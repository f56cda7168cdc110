"""Realistic traffic of any size: published cards, names, addresses, people, and retrieves."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count, islice
from urllib.parse import urlencode

KEY = "sk_test_" + "bench" * 5
CARDS = ("4242424242424242", "4000056655665556", "5555555555554444", "378282246310005")
HEADERS = (
    ("Authorization", f"Bearer {KEY}"),
    ("Content-Type", "application/x-www-form-urlencoded"),
)
NEW = b"{new}"
"""Clients put a value in its place that is new each time: see `new_value`."""
NEW_LENGTH = 27
ID = b"{id}"
"""Clients put the id in its place that a request retrieves."""


@dataclass(frozen=True)
class Request:
    """A request as a client sends it."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: bytes = b""
    retrieves: int | None = None
    """The index, in its suite, of the request whose answer has the id that the target needs."""
    chunked: bool = False


Suite = Sequence[Request]
"""Requests in the order in which they are recorded."""
Traffic = Callable[[int, str], Suite]
"""Makes so many requests that people of this name send."""


def mix(size: int, people: str = "") -> Suite:
    """Return requests that differ in 480 kinds of card, and in personal data.

    Of five requests, three make tokens of cards, the next retrieves the third token, and the last
    makes the token of a person. All tokens of American Express are retrieved and no others, as a
    suite does the same after the same: so it does not matter which of two requests that differ in
    personal data only comes first. No two tokens have the same name. The three cards of a
    household share its address, and cities, postcodes and family names are common to many.
    """
    return tuple(islice(_visits(people), size))


def alike(size: int, people: str = "") -> Suite:
    """Return requests that differ in names and addresses only."""
    return tuple(_post(_card(index, index, CARDS[0], 0, people)) for index in range(size))


def posts(size: int, people: str = "", year: int = 2030) -> Suite:
    """Return the first requests of a mix that make tokens.

    `year` is the first in which their cards expire: a cassette with another year has no answer.
    """
    makers = (request for request in _visits(people, year) if request.method == "POST")
    return tuple(islice(makers, size))


def strangers(size: int) -> Suite:
    """Return the requests of a mix that make tokens, of somebody new each time that one is sent.

    So their bytes never come again, and no port remembers an answer to them.
    """
    return tuple(request for request in mix(size, NEW.decode()) if request.method == "POST")


def keyed(suite: Suite) -> Suite:
    """Return requests as official clients send them, each POST with a new Idempotency-Key."""
    line = ("Idempotency-Key", NEW.decode())
    return tuple(
        replace(request, headers=(*request.headers, line)) if request.method == "POST" else request
        for request in suite
    )


def chunked(suite: Suite) -> Suite:
    """Return requests as Go sends them: each body in chunks, its length unannounced."""
    return tuple(replace(request, chunked=bool(request.body)) for request in suite)


def shuffled(suite: Suite, seed: int) -> Sequence[int]:
    """Return the indexes of a suite in random order, each retrieve behind what it retrieves.

    No request may be retrieved twice.
    """
    order = list(range(len(suite)))
    random.Random(seed).shuffle(order)
    places = {index: place for place, index in enumerate(order)}
    for index, request in enumerate(suite):
        source = request.retrieves
        if source is not None and places[source] > places[index]:
            first, second = places[index], places[source]
            order[first], order[second] = source, index
    return order


def with_ids(suite: Suite, ids: Mapping[int, str]) -> Iterator[Request]:
    """Yield requests with the ids in their targets that the answers of others had, by index."""
    for request in suite:
        if request.retrieves is None:
            yield request
        else:
            target = request.target.replace(ID.decode(), ids[request.retrieves])
            yield replace(request, target=target, retrieves=None)


def new_value(prefix: str, number: int) -> bytes:
    """Return what stands for `NEW` in a client's request of this number; its prefix has 16 letters.

    >>> len(new_value("0123456789abcdef", 7)) == NEW_LENGTH
    True
    """
    return f"{prefix}-{number:010}".encode()


def raw(request: Request) -> bytes:
    """Return a request as it goes over the wire, but for `ID` and `NEW`."""
    body, lines = request.body, [("Host", "127.0.0.1"), *request.headers]
    length = len(body) + body.count(NEW) * (NEW_LENGTH - len(NEW))
    if request.chunked:
        lines.append(("Transfer-Encoding", "chunked"))
        body = b"%x\r\n%b\r\n0\r\n\r\n" % (length, body)
    elif body:
        lines.append(("Content-Length", str(length)))
    head = "".join(f"{name}: {value}\r\n" for name, value in lines)
    return f"{request.method} {request.target} HTTP/1.1\r\n{head}\r\n".encode() + body


def repeated(blocks: Iterable[Suite]) -> Iterator[Request]:
    """Yield the requests of suites one after the other, as a single suite."""
    start = 0
    for block in blocks:
        for request in block:
            source = request.retrieves
            yield request if source is None else replace(request, retrieves=source + start)
        start += len(block)


def _visits(people: str, year: int = 2030) -> Iterator[Request]:
    for visit in count():
        first, kind = 5 * visit, visit // 2
        for index, card in enumerate((CARDS[visit % 2], *CARDS[2:]), first):
            yield _post(_card(index, visit, card, kind, people, year))
        yield Request("GET", f"/v1/tokens/{ID.decode()}", HEADERS[:1], retrieves=first + 2)
        yield _post(_person(first + 4, people))


def _post(fields: Mapping[str, str]) -> Request:
    return Request("POST", "/v1/tokens", HEADERS, urlencode(fields, safe="{}").encode())


def _person(index: int, people: str) -> Mapping[str, str]:
    return {
        "person[first_name]": f"Ada{people}x{index}",
        "person[last_name]": f"Lovelace{people}x{index % 97}",
        "person[email]": f"ada{people}x{index}@example.org",
        "person[address][city]": f"Turin{people} {index % 31}",
        "person[relationship][owner]": "true",
    }


def _card(
    index: int, household: int, number: str, kind: int, people: str, year: int = 2030
) -> Mapping[str, str]:
    """Return a card; of `kind`, 120 differ in the month and the year in which they expire."""
    return {
        "card[number]": number,
        "card[exp_month]": str(1 + kind % 12),
        "card[exp_year]": str(year + kind // 12 % 10),
        "card[cvc]": "1234" if number == CARDS[3] else "314",
        "card[name]": f"Grace{people} Hopper {index}",
        "card[address_line1]": f"{household} Main Street{people}",
        "card[address_zip]": f"{10_000 + household % 900}{people}",
    }
