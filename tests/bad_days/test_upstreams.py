"""Upstreams that break off: the client is told, nothing is kept, and no call is made twice."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.bad_days.scripted import Scripted
from tests.processes import Workplace
from tests.wire import Client, card, person

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
WHOLE = HEAD + b'Content-Length: 34\r\n\r\n{"id": "tok_1", "object": "token"}'


@pytest.fixture
def upstream() -> Iterator[Scripted]:
    with Scripted() as scripted:
        yield scripted


BROKEN = {
    "nothing": b"",
    "half a status": b"HTTP/1.1 20",
    "half a head": HEAD,
    "no body": HEAD + b"Content-Length: 34\r\n\r\n",
    "half a body": HEAD + b'Content-Length: 34\r\n\r\n{"id": "tok_1", ',
    "half a chunk": HEAD + b'Transfer-Encoding: chunked\r\n\r\n22\r\n{"id": "tok_1", ',
    "no last chunk": HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n",
    "a wrong chunk": HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
    "no HTTP": b"SSH-2.0-OpenSSH_9.6\r\n",
    "a header without end": HEAD + b"X-A: " + b"a" * 100_000,
}


@pytest.mark.parametrize("mode", ["record", "auto"])
def test_a_broken_answer_is_a_bad_gateway_and_is_not_kept(
    workplace: Workplace, upstream: Scripted, mode: str
) -> None:
    count = 0
    with workplace.serving(mode, "broken", "--upstream", upstream.url) as session:
        client = Client(session.url)
        for reset in (False, True):
            for what, upstream.answer in BROKEN.items():
                upstream.reset = reset
                count += 1
                answer = client.post(card(name=f"Ada {count}"))
                assert (answer.status, answer.result) == (502, "forwarded"), what
                assert answer.error["type"] == "api_connection_error"
                assert "stripe-should-retry" not in answer.headers
                assert upstream.asked == count, f"{what}: asked twice"
        upstream.answer, upstream.reset = WHOLE, False
        assert client.post(card(name="Ada")).result == "recorded"
        assert session.end() == 0, session.said
    assert f"{count} forwarded and not recorded" in session.said
    assert "1 recorded, 0 replayed, 0 missed" in session.said
    assert workplace.text("broken").count("- request:") == 1


def test_what_is_known_is_served_while_the_upstream_is_down(
    workplace: Workplace, upstream: Scripted
) -> None:
    with workplace.recorded("known") as url:
        Client(url).post(person("Ada", "Quast"))
    with workplace.serving(
        "auto", "known", "--upstream", upstream.url, "--mix-upstreams"
    ) as session:
        client = Client(session.url)
        assert client.post(card()).status == 502
        assert client.post(person("Ada", "Quast")).result == "replayed"
        assert session.end() == 1, session.said
    assert workplace.text("known").count("- request:") == 1


def test_more_than_was_announced_is_cut_as_the_protocol_has_it(
    workplace: Workplace, upstream: Scripted
) -> None:
    upstream.answer = WHOLE + b"HTTP/1.1 200 OK\r\n\r\nAda Ohnesorg"
    with workplace.serving("record", "more", "--upstream", upstream.url) as session:
        answers = [Client(session.url).post(card(name=str(number))) for number in range(3)]
        assert session.end() == 0
    assert {one.body for one in answers} == {WHOLE.partition(b"\r\n\r\n")[2]}
    assert "Ohnesorg" not in workplace.text("more") + session.said
