"""A recording that is told to end, and one that is killed: nothing answered is lost."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from tests.processes import PATIENCE, PROGRAM, Session, Workplace, awaited, environment
from tests.upstreams import Slow, Upstream
from tests.wire import Answer, Client, card, person

NAMES = ("Ada", "Bea", "Cleo", "Dora")


@pytest.fixture
def slow() -> Iterator[tuple[Slow, Upstream]]:
    answer = Slow()
    with Upstream(answer) as upstream:
        yield answer, upstream
        answer.let.set()


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(8) as executor:
        yield executor


def begun(
    threads: ThreadPoolExecutor, session: Session, upstream: Upstream
) -> list[Future[Answer]]:
    """Send requests that the upstream holds back; return once it has them."""
    client, before = Client(session.url), len(upstream.seen)
    pending = [threads.submit(client.post, person(name, "Ohnesorg")) for name in NAMES]
    awaited(lambda: len(upstream.seen) == before + len(NAMES) or None, "requests in flight")
    return pending


def deaf(session: Session) -> bool | None:
    try:
        socket.create_connection(("127.0.0.1", session.port)).close()
    except OSError:
        return True
    return None


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_told_to_end_it_waits_for_what_is_under_way(
    workplace: Workplace,
    slow: tuple[Slow, Upstream],
    threads: ThreadPoolExecutor,
    number: signal.Signals,
) -> None:
    answer, upstream = slow
    with workplace.serving("record", "slow", "--upstream", upstream.url) as session:
        Client(session.url).post(card())
        pending = begun(threads, session, upstream)
        session.process.send_signal(number)
        awaited(lambda: deaf(session), "the port to close")
        answer.let.set()
        answers = [one.result() for one in pending]
        assert session.ended() == 0, session.said
    assert {(one.status, one.result) for one in answers} == {(200, "recorded")}
    assert "5 recorded" in session.said
    with workplace.replayed("slow", "--strict") as url:
        assert Client(url).post(card()).status == 200
        assert {Client(url).post(person(name, "Ohnesorg")).status for name in NAMES} == {200}


def test_an_upstream_that_never_answers_does_not_hold_it_up(
    workplace: Workplace, slow: tuple[Slow, Upstream], threads: ThreadPoolExecutor
) -> None:
    workplace.configure("timeouts:\n  shutdown: 0.2\n")
    with workplace.serving("record", "slow", "--upstream", slow[1].url) as session:
        Client(session.url).post(card())
        pending = begun(threads, session, slow[1])
        assert session.end() == 0, session.said
        assert all(isinstance(one.exception(PATIENCE), OSError) for one in pending)
    with workplace.replayed("slow", "--strict") as url:
        assert Client(url).post(card()).status == 200


def test_killed_it_leaves_the_old_cassette_and_all_that_was_answered(
    workplace: Workplace, slow: tuple[Slow, Upstream], threads: ThreadPoolExecutor
) -> None:
    with workplace.recorded("killed") as url:
        Client(url).post(card())
    old = workplace.path("killed").read_bytes()
    with workplace.serving("record", "killed", "--upstream", slow[1].url) as session:
        made = [Client(session.url).post(person(name, "Quast")) for name in NAMES]
        assert {one.result for one in made} == {"recorded"}
        pending = begun(threads, session, slow[1])
        session.kill()
        assert all(isinstance(one.exception(PATIENCE), OSError) for one in pending)

    assert workplace.path("killed").read_bytes() == old
    with workplace.replayed("killed", "--strict") as url:
        assert Client(url).post(card()).status == 200

    for mode in ("record", "auto"):
        refused = workplace.run(mode, "killed", "--listen", "127.0.0.1:0")
        assert refused.returncode == 2
        assert "tokentape recover killed" in refused.stderr

    recovered = workplace.run("recover", "killed")
    assert recovered.returncode == 0, recovered.stderr
    assert workplace.path("killed").read_bytes() != old
    with workplace.replayed("killed", "--strict") as url:
        names = [Client(url).post(person(name, "Quast")).json["type"] for name in NAMES]
        assert names == ["person"] * len(NAMES)
    assert workplace.run("recover", "killed").returncode == 2


def test_killed_while_it_carries_on_it_can_be_taken_over_whole(workplace: Workplace) -> None:
    with workplace.recorded("carried") as url:
        Client(url).post(card())
    with workplace.serving("auto", "carried") as session:
        assert Client(session.url).post(card()).result == "replayed"
        assert Client(session.url).post(person("Ada", "Quast")).result == "recorded"
        session.kill()
    assert workplace.run("recover", "carried").returncode == 0
    with workplace.replayed("carried", "--strict") as url:
        assert Client(url).post(card()).status == 200
        assert Client(url).post(person("Ada", "Quast")).status == 200


def test_what_was_left_can_be_dropped(workplace: Workplace) -> None:
    with workplace.serving("record", "left") as session:
        Client(session.url).post(card())
        session.kill()
    assert workplace.run("recover", "left", "--discard").returncode == 0
    assert not workplace.path("left").exists()
    with workplace.recorded("left") as url:
        Client(url).post(card())


def test_killed_at_any_moment_of_a_storm_nothing_answered_is_lost(workplace: Workplace) -> None:
    answered: list[str] = []

    def client(number: int) -> None:
        for count in range(10_000):
            name = f"Ada{number:03}x{count:05}"
            try:
                if Client(session.url).post(person(name, name)).result == "recorded":
                    answered.append(name)
            except OSError:
                return

    with workplace.serving("record", "storm") as session, ThreadPoolExecutor(8) as threads:
        done = [threads.submit(client, number) for number in range(8)]
        awaited(lambda: len(answered) > 100 or None, "a hundred answers")
        session.kill()
        for one in done:
            one.result()
    told = workplace.run("recover", "storm")
    assert told.returncode == 0, told.stderr
    kept = workplace.text("storm").count("\n- request:\n")
    assert len(answered) <= kept <= len(answered) + 8
    found = re.search(r"\b(\d+) interactions", told.stderr)
    assert found is not None
    assert int(found[1]) == kept


def test_a_client_that_keeps_its_connection_does_not_hold_it_up(workplace: Workplace) -> None:
    workplace.configure("timeouts:\n  shutdown: 3600\n")
    with workplace.recorded("kept") as url:
        Client(url).post(card())
    with workplace.serving("replay", "kept") as session:
        idle, begun = (socket.create_connection(("127.0.0.1", session.port)) for _ in range(2))
        with idle, begun:
            idle.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert idle.recv(12) == b"HTTP/1.1 404"
            begun.sendall(b"POST /v1/tokens HTTP/1.1\r\n")
            assert session.end() == 0


def test_it_goes_on_when_no_one_reads_what_it_says(workplace: Workplace) -> None:
    program = [*PROGRAM, "record", "unheard", "--listen", "127.0.0.1:0"]
    with subprocess.Popen(
        program,
        cwd=workplace.directory,
        env=environment(workplace.directory),
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        url = process.stderr.readline().split()[-1]
        process.stderr.close()
        try:
            odd = Client(url).send("POST", "/v1/tokens", b"x", Content_Type="text/plain")
            made = Client(url).post(card())
            process.send_signal(signal.SIGINT)
            assert process.wait(PATIENCE) == 0
        finally:
            process.kill()
    assert (odd.result, made.result) == ("forwarded", "recorded")
    with workplace.replayed("unheard", "--strict") as url:
        assert Client(url).post(card()).status == 200


def test_two_cannot_record_one_cassette_at_once(workplace: Workplace) -> None:
    with workplace.serving("record", "once") as session:
        other = workplace.run("record", "once", "--listen", "127.0.0.1:0")
        assert other.returncode == 2
        assert "being recorded by another process" in other.stderr
        Client(session.url).post(card())
        assert session.end() == 0


def test_a_client_that_went_away_is_recorded_all_the_same(
    workplace: Workplace, slow: tuple[Slow, Upstream]
) -> None:
    """Its request was carried out upstream: without it the take would not tell what happened."""
    answer, upstream = slow
    with workplace.serving("record", "gone", "--upstream", upstream.url) as session:
        body = b"person[first_name]=Ada&person[last_name]=Ohnesorg"
        head = (
            "POST /v1/tokens HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer sk_test_abcdefgh"
        )
        with socket.create_connection(("127.0.0.1", session.port)) as client:
            client.sendall(f"{head}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
            awaited(lambda: upstream.seen or None, "the request upstream")
        answer.let.set()
        assert session.end() == 0, session.said
    assert "1 recorded" in session.said
