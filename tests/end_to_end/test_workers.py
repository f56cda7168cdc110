"""Replay in several processes at one port: a session in each, one receipt."""

from __future__ import annotations

import http.client
import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest

from tests.processes import Session, Workplace, awaited
from tests.wire import Client, card, person

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Linux alone spreads clients")


PEOPLE = (("Ada", "Lovelace"), ("Grace", "Hopper"))


@pytest.fixture(scope="module")
def place(shared: Workplace) -> Workplace:
    with shared.recorded("shared") as url:
        Client(url).post(card(name="Ada"))
        for name in PEOPLE:
            Client(url).post(person(*name))
    return shared


@pytest.fixture
def session(place: Workplace) -> Iterator[Session]:
    with place.serving("replay", "shared", "--workers", "2", "--on-exhausted", "miss") as session:
        yield session


class Connected:
    """A client that keeps its connection, and so its worker."""

    def __init__(self, session: Session) -> None:
        self._connection = http.client.HTTPConnection(urlsplit(session.url).netloc, timeout=60)
        self.close = self._connection.close

    def _asked(self, method: str, target: str, body: str | None = None) -> tuple[int, bytes]:
        self._connection.request(method, target, body)
        answer = self._connection.getresponse()
        return answer.status, answer.read()

    def post(self, fields: dict[str, str]) -> int:
        return self._asked("POST", "/v1/tokens", urlencode(fields))[0]

    def replayed(self) -> int:
        """Return how much the worker has replayed."""
        counts = json.loads(self._asked("GET", "/_tokentape/health")[1])
        assert isinstance(counts["replayed"], int)
        return counts["replayed"]


Connect = Callable[[Session], Connected]


@pytest.fixture
def connected() -> Iterator[Connect]:
    with ExitStack() as stack:
        yield lambda session: stack.enter_context(closing(Connected(session)))


def of_the_other(session: Session, connected: Connect) -> Connected:
    """Return a client of a worker that has replayed nothing yet: half of all new ones are."""
    return next(client for _ in range(100) if not (client := connected(session)).replayed())


def workers(session: Session) -> list[int]:
    """Return the processes that serve."""
    own = session.process.pid
    return [int(pid) for pid in Path(f"/proc/{own}/task/{own}/children").read_text().split()]


def refused(session: Session) -> bool | None:
    try:
        Client(session.url).get("tok_visa")
    except ConnectionError:
        return True
    return None


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_counts_are_added_up_and_unused_is_what_none_used(
    session: Session, connected: Connect, number: signal.Signals
) -> None:
    one = connected(session)
    assert (one.post(card(name="Ada")), one.post(person("Ada", "Lovelace"))) == (200, 200)
    assert of_the_other(session, connected).post(card(name="Ada")) == 200
    assert session.end(number) == 0
    lines = session.said.splitlines()
    assert lines[0] == f"tokentape: replay shared on {session.url}"
    assert [" 200 replayed " in line for line in lines[1:-2]] == [True] * 3
    assert lines[-2:] == [
        "tokentape: 0 recorded, 3 replayed, 0 missed, 0 refused, 1 unused",
        "tokentape: never asked for: interactions 3",
    ]


def test_order_and_instances_are_those_of_each_worker(session: Session, connected: Connect) -> None:
    one = connected(session)
    assert [one.post(person(*name)) for name in PEOPLE] == [200, 200]
    other = of_the_other(session, connected)
    assert [other.post(person(*name)) for name in PEOPLE] == [200, 200]
    assert one.post(person("Ada", "Lovelace")) == 424
    assert session.end() == 1
    assert "4 replayed, 1 missed, 0 refused, 1 unused" in session.said


def test_a_worker_that_is_lost_ends_the_session(session: Session) -> None:
    os.kill(workers(session)[0], signal.SIGKILL)
    assert session.ended() == 1
    assert session.said.endswith(
        "tokentape: error: a worker was lost, so the others were ended: the receipt is not known\n"
    )
    assert refused(session)


def test_workers_do_not_outlive_the_program(session: Session) -> None:
    session.kill()
    assert awaited(lambda: refused(session), "the end of the workers")


def test_none_joins_the_workers_of_another_session(place: Workplace, session: Session) -> None:
    at = ("--listen", urlsplit(session.url).netloc)
    done = place.run("replay", "shared", "--workers", "2", *at)
    assert done.returncode == 2
    assert "another program listens there" in done.stderr


def test_a_cassette_that_is_not_there_is_told_once(place: Workplace) -> None:
    done = place.run("replay", "nowhere", "--workers", "2")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)


def test_what_no_worker_used_is_pruned(workplace: Workplace, connected: Connect) -> None:
    with workplace.recorded("pruned") as url:
        Client(url).post(card(name="Ada"))
        Client(url).post(person("Ada", "Lovelace"))
    with workplace.serving("replay", "pruned", "--workers", "2", "--prune") as session:
        assert connected(session).post(card(name="Grace")) == 200
        assert session.end() == 0
    assert workplace.text("pruned").count("- request:") == 1


@pytest.mark.parametrize("mode", ["record", "auto"])
def test_what_writes_a_cassette_does_so_in_one_process(workplace: Workplace, mode: str) -> None:
    done = workplace.run(mode, "one", "--workers", "2")
    assert done.returncode == 2
    assert "--workers is for replay" in done.stderr
