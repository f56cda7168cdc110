"""The wire of every official client, byte for byte, those included that cannot run here."""

from __future__ import annotations

import base64
import http.client
import json
import re
import socket
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from tests.clients.conftest import HERE
from tests.processes import PATIENCE, Session, Workplace
from tests.wire import SECRET, Answer

Dialect = dict[str, str]

DIALECTS: dict[str, Dialect] = yaml.safe_load((HERE / "dialects.yaml").read_text("utf-8"))
FIRST, *OTHERS = DIALECTS
OWN = re.compile(r"(?m)^ +(?:Stripe-Version|Content-Type): .*\n")
"""What a cassette keeps of a client; neither takes part in the match."""


class Speaker:
    """Says a dialect's calls over one connection."""

    def __init__(self, dialect: Dialect, port: int) -> None:
        self._dialect = dialect
        self._host = f"127.0.0.1:{port}"
        self._connection = socket.create_connection(("127.0.0.1", port), PATIENCE)

    def seen(self) -> dict[str, Answer]:
        """Make all calls; return their answers."""
        with self._connection:
            seen = {kind: self._post(kind) for kind in ("card", "bank_account", "person")}
            for call in ("retrieved", "expanded"):
                seen[call] = self._get(self._dialect[call].replace("{token}", seen["card"].id))
            return seen

    def _post(self, kind: str) -> Answer:
        body = self._dialect[kind].encode()
        head = self._head("POST", "/v1/tokens", length=str(len(body)))
        chunked = b"Transfer-Encoding: chunked" in head
        self._connection.sendall(head)
        if b"Expect: 100-continue" in head:
            assert self._connection.recv(64) == b"HTTP/1.1 100 Continue\r\n\r\n"
        self._connection.sendall(b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body) if chunked else body)
        return self._answer()

    def _get(self, target: str) -> Answer:
        self._connection.sendall(self._head("GET", target))
        return self._answer()

    def _head(self, method: str, target: str, **values: str) -> bytes:
        basic = base64.b64encode(f"{SECRET}:".encode()).decode()
        values |= {"host": self._host, "key": SECRET, "basic": basic, "uuid": str(uuid.uuid4())}
        lines = re.sub(r"\{(\w+)\}", lambda name: values[name[1]], self._dialect[method.lower()])
        head = f"{method} {target} HTTP/1.1\n{lines}\n"
        return head.replace("\n", "\r\n").encode()

    def _answer(self) -> Answer:
        answer = http.client.HTTPResponse(self._connection)
        answer.begin()
        headers = {name.lower(): value for name, value in answer.getheaders()}
        return Answer(answer.status, headers, answer.read())


def recorded(dialect: str, workplace: Workplace) -> str:
    """Record the calls of a dialect; return the cassette but for what it keeps of the client."""
    with workplace.serving("record", dialect, "--strict") as session:
        seen = Speaker(DIALECTS[dialect], session.port).seen()
        assert session.end() == 0, session.said
    assert {(each.status, each.result) for each in seen.values()} == {(200, "recorded")}
    return OWN.sub("", workplace.text(dialect))


@pytest.fixture(scope="module")
def tape(workplace: Workplace) -> str:
    return recorded(FIRST, workplace)


@pytest.fixture(scope="module")
def replay(workplace: Workplace, tape: str) -> Iterator[Session]:
    with workplace.serving("replay", FIRST, "--strict") as session:
        yield session
        assert session.end() == 0, session.said


@pytest.fixture(scope="module")
def expected(replay: Session) -> dict[str, Any]:
    return answered(FIRST, replay)


def answered(dialect: str, replay: Session) -> dict[str, Any]:
    seen = Speaker(DIALECTS[dialect], replay.port).seen()
    assert {call: each.result for call, each in seen.items()} == dict.fromkeys(seen, "replayed")
    return {call: json.loads(each.body) for call, each in seen.items()}


@pytest.mark.parametrize("dialect", OTHERS)
def test_what_one_recorded_answers_all_the_same(
    dialect: str, replay: Session, expected: dict[str, Any]
) -> None:
    assert answered(dialect, replay) == expected


@pytest.mark.parametrize("dialect", OTHERS)
def test_whoever_records_makes_the_same_cassette(
    dialect: str, workplace: Workplace, tape: str
) -> None:
    assert recorded(dialect, workplace) == tape


def test_no_two_write_alike() -> None:
    """If they did, nothing of the above would say much."""
    spellings = {(each["card"], each["person"], each["retrieved"]) for each in DIALECTS.values()}
    assert len(spellings) == len(DIALECTS)
