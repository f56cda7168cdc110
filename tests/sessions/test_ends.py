"""Sessions end when they are closed, when nobody asks them anything, and with the server."""

from __future__ import annotations

import re
import signal
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from tokentape.pure.http.messages import Request, Response

from tests.processes import PATIENCE, Session, Workplace, awaited
from tests.sessions.conftest import TOKEN, Desk, Opened, Start
from tests.upstreams import Upstream, stripe
from tests.wire import card


def ended(desk: Desk, session: Opened) -> bool | None:
    return None if desk.look(session)["open"] else True


def test_a_session_that_is_asked_nothing_expires(start: Start, workplace: Workplace) -> None:
    desk = start("--idle", "0.3")
    session = desk.open("a", "record")
    session.client.post(card())
    awaited(lambda: ended(desk, session), "the session's end")
    assert workplace.text("a").count("- request:") == 1
    receipt = desk.look(session)
    assert (receipt["expired"], receipt["ok"], receipt["recorded"]) == (True, True, 1)
    assert receipt["saved"] == "cassettes/a.yaml"
    assert "expired: not asked anything for 0.3 seconds" in receipt["lines"]
    assert desk.close(session) == receipt
    assert desk.cassettes() == []
    assert desk.server.end() == 0
    assert "tokentape: a: expired: not asked anything for 0.3 seconds\n" in desk.server.said
    assert "tokentape: 1 session, 0 failed, 1 expired\n" in desk.server.said


def test_a_session_that_is_asked_stays(start: Start) -> None:
    desk = start("--idle", "0.5")
    session, idle_session = desk.open("a", "record"), desk.open("b", "record")
    since = time.monotonic()
    while time.monotonic() < since + 1.2 or desk.look(idle_session)["open"]:
        session.client.post(card())
    assert desk.look(session)["open"]
    assert desk.look(idle_session)["expired"]


def test_a_session_that_answers_is_not_idle(start: Start) -> None:
    received, may_answer = threading.Event(), threading.Event()

    def answer(request: Request) -> Response:
        received.set()
        assert may_answer.wait(PATIENCE)
        return stripe()(request)

    with Upstream(answer) as slow, ThreadPoolExecutor(1) as client:
        desk = start("--idle", "1", "--upstream", slow.url)
        session, idle_session = desk.open("a", "record"), desk.open("b", "record")
        response = client.submit(session.client.post, card())
        assert received.wait(PATIENCE)
        awaited(lambda: ended(desk, idle_session), "the end of the one that is asked nothing")
        assert session.client.send("GET", "/_tokentape/health").status == 200  # it listens still
        may_answer.set()
        assert response.result().status == 200
        awaited(lambda: ended(desk, session), "the session's end")


def test_how_long_is_a_setting(start: Start, workplace: Workplace) -> None:
    workplace.configure("timeouts:\n  idle: 0.2\n")
    desk = start()
    session = desk.open("a", "record")
    awaited(lambda: ended(desk, session), "the session's end")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_server_closes_all_of_them(
    start: Start, workplace: Workplace, number: signal.Signals
) -> None:
    desk = start()
    for name in ("a", "b", "c"):
        desk.open(name, "record").client.post(card())
    desk.close(desk.open("d", "record"))
    assert desk.server.end(number) == 0, desk.server.said
    assert all(workplace.text(name).count("- request:") == 1 for name in ("a", "b", "c"))
    assert desk.server.said.splitlines()[-2:] == [
        "tokentape: 4 sessions, 0 failed",
        "tokentape: 3 recorded, 0 replayed, 0 missed, 0 refused, 0 unused",
    ]


def test_a_session_that_missed_is_named_and_fails_the_server(start: Start) -> None:
    desk = start()
    recording = desk.open("good", "record")
    recording.client.post(card())
    desk.close(recording)
    good, bad = desk.open("good"), desk.open("good")
    assert good.client.post(card()).status == 200
    assert bad.client.post(card(exp_month="7")).status == 424
    desk.close(bad)
    assert desk.server.end() == 1
    assert re.search(
        r"^tokentape: good: POST /v1/tokens .* 424 miss", desk.server.said, re.MULTILINE
    )
    assert "tokentape: good:   interaction 1: card[exp_month] is recorded as 5" in desk.server.said
    assert desk.server.said.splitlines()[-4:] == [
        "tokentape: good: 0 recorded, 0 replayed, 1 missed, 0 refused, 1 unused",
        "tokentape: good: never asked for: interactions 1",
        "tokentape: 3 sessions, 1 failed",
        "tokentape: 1 recorded, 1 replayed, 1 missed, 0 refused, 1 unused",
    ]


OPENS = """
import json, os, sys, urllib.request
admin, token = os.environ["TOKENTAPE_ADMIN"], os.environ["TOKENTAPE_ADMIN_TOKEN"]
headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
said = json.dumps({"cassette": "made"}).encode()
asked = urllib.request.Request(admin + "/_tokentape/sessions", said, headers)
print(json.load(urllib.request.urlopen(asked))["mode"], len(token))
sys.exit(int(sys.argv[1]))
"""


@pytest.mark.parametrize("status", [0, 3])
def test_a_command_finds_the_port_and_a_token(workplace: Workplace, status: int) -> None:
    ran = workplace.run("serve", "--", sys.executable, "-c", OPENS, str(status))
    assert ran.returncode == status, ran.stderr
    assert ran.stdout == "auto 32\n"
    assert "tokentape: 1 session, 0 failed" in ran.stderr


def test_a_command_gets_the_token_that_is_set(workplace: Workplace) -> None:
    words = ("serve", "--mode", "record", "--admin", "127.0.0.1:0")
    command = ("--", sys.executable, "-c", OPENS, "0")
    ran = workplace.run(*words, *command, TOKENTAPE_ADMIN_TOKEN=TOKEN)
    assert (ran.returncode, ran.stdout) == (0, f"record {len(TOKEN)}\n")
    assert TOKEN not in ran.stderr


def test_sessions_replay_in_ci(workplace: Workplace) -> None:
    ran = workplace.run("serve", "--", sys.executable, "-c", OPENS, "0", CI="true")
    assert ran.returncode == 1  # there is nothing to replay: the command's request was refused
    assert "422" in ran.stderr


def test_a_signal_reaches_the_command(workplace: Workplace) -> None:
    program = (
        "import signal, sys, time;"
        "signal.signal(signal.SIGTERM, lambda *_: sys.exit(7));"
        "print('here', flush=True); time.sleep(60)"
    )
    with Session(workplace.directory, "serve", "--", sys.executable, "-c", program) as server:
        awaited(lambda: server.printed or None, "the command")
        assert server.end() == 7


def test_a_command_that_cannot_be_started(workplace: Workplace) -> None:
    ran = workplace.run("serve", "--", "no-such-command")
    assert ran.returncode == 2
    assert "cannot run 'no-such-command'" in ran.stderr
