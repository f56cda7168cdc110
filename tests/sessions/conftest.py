"""A server of sessions, and a client of its admin port."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.processes import Session, Workplace
from tests.wire import Answer, Client

TOKEN = "only-for-these-tests"
SESSIONS = "/_tokentape/sessions"


@dataclass(frozen=True)
class Opened:
    """A session that was opened."""

    id: str
    client: Client


@dataclass(frozen=True)
class Desk:
    """The admin port of a server, with its token."""

    server: Session
    token: str = TOKEN

    def send(self, method: str, path: str = "", document: Any = None, **headers: str) -> Answer:
        body = None if document is None else json.dumps(document).encode()
        own = {"Content-Type": "application/json", **headers}
        return Client(self.server.url, self.token).send(method, SESSIONS + path, body, **own)

    def post(self, cassette: str, mode: str = "replay", **fields: Any) -> Answer:
        return self.send("POST", document={"cassette": cassette, "mode": mode, **fields})

    def open(self, cassette: str, mode: str = "replay", **fields: Any) -> Opened:
        answer = self.post(cassette, mode, **fields)
        assert answer.status == 201, answer.body
        return Opened(answer.json["id"], Client(answer.json["url"]))

    def look(self, session: Opened) -> Any:
        answer = self.send("GET", f"/{session.id}")
        assert answer.status == 200, answer.body
        return answer.json

    def close(self, session: Opened) -> Any:
        answer = self.send("DELETE", f"/{session.id}")
        assert answer.status == 200, answer.body
        return answer.json

    def cassettes(self) -> list[str]:
        """Return the cassettes of the open sessions."""
        return [session["cassette"] for session in self.send("GET").json["sessions"]]


Start = Callable[..., Desk]


@pytest.fixture
def workplace(tmp_path: Path) -> Iterator[Workplace]:
    place = Workplace(tmp_path)
    yield place
    place.inspect()


@pytest.fixture
def start(workplace: Workplace) -> Iterator[Start]:
    """Start servers of sessions, which end with the test."""
    with ExitStack() as running:

        def serve(*options: str) -> Desk:
            words = ("serve", "--admin", "127.0.0.1:0", *options)
            server = Session(workplace.directory, *words, TOKENTAPE_ADMIN_TOKEN=TOKEN)
            return Desk(running.enter_context(server))

        yield serve


@pytest.fixture
def desk(start: Start) -> Desk:
    return start()
