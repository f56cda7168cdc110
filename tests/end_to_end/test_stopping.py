"""The first signal saves what is answered and waits a little, the second ends it now."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from tests.processes import PATIENCE, Session, Workplace, awaited
from tests.upstreams import Slow, Upstream
from tests.wire import Answer, Client, card, person

SIGNALS = (signal.SIGTERM, signal.SIGINT)


@pytest.fixture
def slow() -> Iterator[Slow]:
    answer = Slow()
    yield answer
    answer.let.set()


@pytest.fixture
def upstream(slow: Slow) -> Iterator[Upstream]:
    with Upstream(slow) as upstream:
        yield upstream
        slow.let.set()


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(4) as executor:
        yield executor


def begun(threads: ThreadPoolExecutor, client: Client, upstream: Upstream) -> Future[Answer]:
    """Send a request that the upstream holds back; return once it has it."""
    before = len(upstream.seen)
    pending = threads.submit(client.post, person("Ada", "Ohnesorg"))
    awaited(lambda: len(upstream.seen) > before or None, "the request at the upstream")
    return pending


def told(session: Session) -> str:
    return awaited(
        lambda: session.said if "the next signal ends now" in session.said else None, "the line"
    )


@pytest.mark.parametrize("number", SIGNALS)
def test_the_first_signal_saves_at_once_and_waits(
    workplace: Workplace,
    slow: Slow,
    upstream: Upstream,
    threads: ThreadPoolExecutor,
    number: signal.Signals,
) -> None:
    with workplace.serving("record", "take", "--upstream", upstream.url) as session:
        Client(session.url).post(card())
        pending = begun(threads, Client(session.url), upstream)
        session.process.send_signal(number)
        assert (
            "saved cassettes/take.yaml so far; waiting up to 5 s for 1 request under way; "
            "the next signal ends now"
        ) in told(session)
        assert workplace.text("take").count("- request:") == 1
        slow.let.set()
        assert pending.result().result == "recorded"
        assert session.ended() == 0
    assert workplace.text("take").count("- request:") == 2
    assert [path.name for path in workplace.path("take").parent.iterdir()] == ["take.yaml"]


@pytest.mark.parametrize("number", SIGNALS)
def test_the_second_signal_ends_it_now(
    workplace: Workplace, upstream: Upstream, threads: ThreadPoolExecutor, number: signal.Signals
) -> None:
    workplace.configure("timeouts:\n  shutdown: 3600\n")
    with workplace.serving("record", "take", "--upstream", upstream.url) as session:
        Client(session.url).post(card())
        pending = begun(threads, Client(session.url), upstream)
        session.process.send_signal(number)
        told(session)
        session.process.send_signal(number)
        assert session.end(number) == 0  # a third does no harm
        assert isinstance(pending.exception(PATIENCE), OSError)
    assert "1 under way got no answer: the session ended" in session.said
    assert "1 recorded" in session.said
    assert workplace.text("take").count("- request:") == 1


def test_a_request_that_the_upstream_never_answered_came_in_all_the_same(
    workplace: Workplace, upstream: Upstream, threads: ThreadPoolExecutor
) -> None:
    workplace.configure("timeouts:\n  shutdown: 1\n")
    with workplace.serving("record", "take", "--upstream", upstream.url) as session:
        begun(threads, Client(session.url), upstream)
        assert session.end() == 1
    assert "1 of these not answered by the upstream" in session.said
    assert "no request came in" not in session.said


def test_as_docker_stops_it_is_over_long_before_it_is_killed(
    workplace: Workplace, upstream: Upstream, threads: ThreadPoolExecutor
) -> None:
    with workplace.serving("record", "take", "--upstream", upstream.url) as session:
        Client(session.url).post(card())
        begun(threads, Client(session.url), upstream)
        since = time.monotonic()
        assert session.end() == 0
        assert time.monotonic() - since < 9
    assert workplace.text("take").count("- request:") == 1


def test_killed_while_it_waits_everything_answered_is_in_the_cassette(
    workplace: Workplace, upstream: Upstream, threads: ThreadPoolExecutor
) -> None:
    with workplace.serving("record", "take", "--upstream", upstream.url) as session:
        Client(session.url).post(card())
        begun(threads, Client(session.url), upstream)
        session.process.send_signal(signal.SIGTERM)
        told(session)
        session.kill()
    assert workplace.text("take").count("- request:") == 1
    with workplace.recorded("take") as url:  # nothing is left to be recovered
        Client(url).post(card())


def test_what_must_not_replace_a_good_cassette_does_not_on_the_way_out_either(
    workplace: Workplace, upstream: Upstream, threads: ThreadPoolExecutor
) -> None:
    with workplace.recorded("take") as url:
        Client(url).post(card())
    old = workplace.text("take")
    with workplace.serving("record", "take", "--upstream", upstream.url) as session:
        Client(session.url, "sk_toast_1").post(card())
        begun(threads, Client(session.url), upstream)
        session.process.send_signal(signal.SIGTERM)
        assert "so far" not in told(session)
        session.kill()
    assert workplace.text("take") == old
    assert workplace.run("recover", "take").returncode == 0


def test_sessions_of_an_admin_port_too(
    workplace: Workplace, upstream: Upstream, threads: ThreadPoolExecutor
) -> None:
    workplace.configure("timeouts:\n  shutdown: 3600\n")
    token = "only-for-these-tests"
    words = ("serve", "--admin", "127.0.0.1:0", "--upstream", upstream.url)
    with Session(workplace.directory, *words, TOKENTAPE_ADMIN_TOKEN=token) as server:
        path, body = "/_tokentape/sessions", b'{"cassette": "take", "mode": "record"}'
        opened = Client(server.url, token).send("POST", path, body, Content_Type="application/json")
        Client(opened.json["url"]).post(card())
        begun(threads, Client(opened.json["url"]), upstream)
        server.process.send_signal(signal.SIGTERM)
        assert "waiting up to 3600 s for 1 request under way" in told(server)
        assert workplace.text("take").count("- request:") == 1
        assert server.end() == 0
    assert "1 session, 0 failed" in server.said


def test_a_signal_to_a_command_saves_what_is_recorded_so_far(workplace: Workplace) -> None:
    child = """
import os, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
parent = os.getppid()
print("ready", flush=True)
while os.getppid() == parent:
    time.sleep(0.1)
"""
    command = ("--", sys.executable, "-c", child)
    words = ("run", "--mode", "auto", "--cassette", "take", *command)
    with Session(workplace.directory, *words) as session:
        awaited(lambda: session.printed or None, "the command to start")
        Client(session.url).post(card())
        session.process.send_signal(signal.SIGTERM)
        line = "saved cassettes/take.yaml so far; waiting for the command to end"
        awaited(lambda: line in session.said or None, "the line")
        assert session.process.poll() is None
    assert workplace.text("take").count("- request:") == 1


@pytest.mark.parametrize("had", [0, 3])
def test_what_was_saved_on_the_way_out_is_not_taken_for_what_was_before(
    workplace: Workplace, slow: Slow, upstream: Upstream, threads: ThreadPoolExecutor, had: int
) -> None:
    options = ("--upstream", upstream.url)
    if had:
        with workplace.recorded("take", *options) as url:
            for month in range(had):
                Client(url).post(card(exp_month=str(month + 1)))
    with workplace.serving("record", "take", *options) as session:
        Client(session.url).post(card(exp_month="9"))
        pending = begun(threads, Client(session.url), upstream)
        session.process.send_signal(signal.SIGTERM)
        told(session)
        slow.let.set()
        assert pending.result().result == "recorded"
        assert session.ended() == 0
    assert workplace.text("take").count("- request:") == 2
    assert ("2 interactions (was 3)" in session.said) == bool(had)


def said_by_a_recording_that_a_signal_ends(workplace: Workplace) -> str:
    child = "import time; print('ready', flush=True); time.sleep(60)"
    words = ("run", "--mode", "record", "--cassette", "take", "--", sys.executable, "-c", child)
    with Session(workplace.directory, *words) as session:
        awaited(lambda: session.printed or None, "the command to start")
        Client(session.url).post(card())
        assert session.end() == 128 + signal.SIGTERM
    return session.said


def test_a_first_recording_that_a_signal_ends_is_saved_whole(workplace: Workplace) -> None:
    assert "stands aside" not in said_by_a_recording_that_a_signal_ends(workplace)
    assert workplace.text("take").count("- request:") == 1
    assert [path.name for path in workplace.path("take").parent.iterdir()] == ["take.yaml"]


def test_a_later_recording_that_a_signal_ends_stands_aside(place: Workplace) -> None:
    old = place.text("take")
    said = said_by_a_recording_that_a_signal_ends(place)
    assert "the command failed: cassettes/take.yaml stays as it was" in said
    assert place.text("take") == old
    assert place.run("recover", "take").returncode == 0
