"""Clients that go away in the middle: what they had no answer to can still be answered."""

from __future__ import annotations

import json
import secrets
import socket
import struct
import time
from collections.abc import Iterator
from urllib.parse import urlencode

import pytest
from tokentape.pure.http.messages import Request, Response

from tests.processes import Session, Workplace, awaited
from tests.upstreams import Upstream
from tests.wire import SECRET, Client, card

SIZE = 5_000_000
"""Bytes of an answer, more than the system buffers on the way to a client that does not read."""
NAME = "Ada" * 1_000
KEY = "retry-of-a-client-7Qx"


def echo(request: Request) -> Response:
    """Answer with a name as many times as it takes, so that a small cassette has a large answer."""
    cards = [{"object": "card", "name": NAME}] * (SIZE // len(NAME))
    body = {"object": "list", "url": "/v1/tokens", "has_more": False, "data": cards}
    made_up = "req_" + secrets.token_hex(7)
    headers = (("Content-Type", "application/json"), ("Request-Id", made_up))
    return Response(200, headers, json.dumps(body).encode())


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workplace]:
    """A workplace with two recorded calls alike, with large answers."""
    place = Workplace(tmp_path_factory.mktemp("large"))
    with Upstream(echo) as upstream, place.recorded("large", "--upstream", upstream.url) as url:
        for _ in range(2):
            assert len(Client(url).post(card(name=NAME)).body) > SIZE
    assert len(place.text("large")) < SIZE / 10
    yield place
    place.inspect()


def give_up(session: Session, body: bytes, *headers: str) -> None:
    """Send a request, wait until an answer is on its way, and go without reading it."""
    head = "\r\n".join(("POST /v1/tokens HTTP/1.1", "Host: localhost", *headers))
    head += f"\r\nAuthorization: Bearer {SECRET}\r\nContent-Length: {len(body)}\r\n\r\n"
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect(("127.0.0.1", session.port))
        client.sendall(head.encode() + body)
        assert client.recv(12) == b"HTTP/1.1 200"
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def in_vain(session: Session, *headers: str) -> None:
    give_up(session, urlencode(card(name=NAME)).encode(), *headers)
    time.sleep(0.1)  # until the program has noticed


def test_an_answer_that_did_not_arrive_is_still_there(large: Workplace) -> None:
    with large.serving("replay", "large", "--on-exhausted", "miss") as session:
        for _ in range(3):
            in_vain(session)
        client = Client(session.url)
        assert [client.post(card(name=NAME)).status for _ in range(3)] == [200, 200, 424]
        assert session.end() == 1
    assert "5 replayed, 1 missed, 0 refused, 0 unused" in session.said


def test_an_answer_that_did_not_arrive_is_not_used(large: Workplace) -> None:
    with large.serving("replay", "large", "--strict") as session:
        in_vain(session)
        assert Client(session.url).post(card(name=NAME)).status == 200
        assert session.end() == 1
    assert "never asked for: interactions 2" in session.said


def test_an_answer_that_did_not_arrive_waits_for_the_retry_of_that_client(large: Workplace) -> None:
    with large.serving("replay", "large", "--on-exhausted", "miss", "--strict") as session:
        in_vain(session, f"Idempotency-Key: {KEY}")
        client = Client(session.url)
        other = client.post(card(name=NAME), Idempotency_Key=KEY + "2")
        again = client.post(card(name=NAME), Idempotency_Key=KEY)
        assert (again.status, other.status) == (200, 200)
        assert again.headers["idempotent-replayed"] == "true"
        assert again.headers["request-id"] != other.headers["request-id"]
        assert client.post(card(name=NAME)).status == 424
        assert session.end() == 1
    assert "1 missed, 0 refused, 0 unused" in session.said


def test_half_a_request_is_no_request(workplace: Workplace) -> None:
    with workplace.serving("record", "half") as session:
        for end in (b"", b"Content-Length: 100\r\n\r\ncard[cvc]=123", b"Content-Le"):
            for linger in (0, 1):
                with socket.create_connection(("127.0.0.1", session.port)) as client:
                    client.sendall(b"POST /v1/tokens HTTP/1.1\r\nHost: localhost\r\n" + end)
                    client.setsockopt(
                        socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", linger, 0)
                    )
        awaited(lambda: len(session.said.splitlines()) == 1 or None, "silence")
        assert Client(session.url).post(card()).result == "recorded"
        assert session.end() == 0
    assert "1 recorded, 0 replayed, 0 missed" in session.said
    assert "failed" not in session.said
