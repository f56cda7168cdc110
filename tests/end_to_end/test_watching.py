"""What a session shows while it runs: on a terminal, in a file, in a pipe that nobody reads."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import signal
import subprocess
import sys
from typing import Any

import pytest

from tests.processes import PATIENCE, PROGRAM, Session, Workplace, awaited, environment
from tests.wire import Client, card

LINE = re.compile(
    r"^tokentape: POST /v1/tokens card\[number\]=\{\{card:visa\}\} .* 200 recorded [\d,]+ ms$",
    re.MULTILINE,
)


def shown(session: Session, text: str) -> str:
    """Return what a session has said once it has said `text`."""
    return awaited(lambda: session.said if text in session.said else None, text)


@pytest.fixture
def shop(workplace: Workplace) -> Workplace:
    with workplace.recorded("shop") as url:
        Client(url).post(card(name="Ada"))
    return workplace


def test_each_request_has_a_line_while_the_session_runs(workplace: Workplace) -> None:
    with workplace.serving("record", "shop") as session:
        Client(session.url).post(card(name="Ada Zq7Ohnesorg"))
        assert LINE.search(shown(session, "recorded"))
        Client(session.url).send("GET", "/v1/Zq7Ohnesorg")
        shown(session, "tokentape: GET … 404 refused")
        assert session.end() == 0
    assert "Zq7" not in session.said


def test_a_quiet_session_says_what_goes_wrong(shop: Workplace) -> None:
    with shop.serving("replay", "shop", "-q") as session:
        Client(session.url).post(card(name="Ada"))
        Client(session.url).post(card(name="Ada", exp_month="7"))
        shown(session, "interaction 1: card[exp_month] is recorded as 5, and 7 was sent")
        assert session.end() == 1
    assert "200 replayed" not in session.said
    assert session.said.startswith(f"tokentape: replay shop on {session.url}\n")
    assert "1 replayed, 1 missed" in session.said


def test_answers_that_are_given_again_are_counted(shop: Workplace) -> None:
    with shop.serving("replay", "shop") as session:
        client = Client(session.url)
        assert {client.post(card(name="Ada")).status for _ in range(31)} == {200}
        assert session.end() == 0
    again = re.findall(
        r"([\d,]+) more: POST /v1/tokens .* 200 replayed$", session.said, re.MULTILINE
    )
    assert sum(map(int, again)) == 30
    assert "31 replayed" in session.said


def documents(session: Session) -> list[dict[str, Any]]:
    return [json.loads(line) for line in session.said.splitlines()]


@pytest.mark.parametrize("by", ["option", "variable"])
def test_json_is_an_object_a_line(shop: Workplace, by: str) -> None:
    options = ("--log-format", "json") if by == "option" else ()
    variables = {} if options else {"TOKENTAPE_LOG_FORMAT": "json"}
    session = Session(
        *(shop.directory, "replay", "shop", "--listen", "127.0.0.1:0", *options), **variables
    )
    try:
        ready = awaited(lambda: session.said if "\n" in session.said else None, "a line")
        session.url = re.findall(r"http://[\d.:]+", ready)[0]
        client = Client(session.url)
        for month in ("5", "5", "7"):
            client.post(card(name="Ada", exp_month=month))
        assert session.end() == 1
    finally:
        session.__exit__()
    lines = documents(session)
    assert [line["type"] for line in lines].count("message") >= 2
    requests = [line for line in lines if line["type"] == "request"]
    assert [line["result"] for line in requests] == ["replayed", "miss"]
    assert requests[1]["miss"]["near"][0]["differences"] == [
        {"field": "card[exp_month]", "recorded": "5", "sent": "7"}
    ]
    repeats = [line for line in lines if line["type"] == "repeats"]
    assert [line["counts"] for line in repeats] == [{"1": 1}]


def test_sessions_and_their_events_have_names(workplace: Workplace) -> None:
    script = """if True:
        import json, os, urllib.request
        def call(url, data, **headers):
            request = urllib.request.Request(url, data, headers)
            return json.load(urllib.request.urlopen(request))
        admin = os.environ["TOKENTAPE_ADMIN"] + "/_tokentape/sessions"
        token = "Bearer " + os.environ["TOKENTAPE_ADMIN_TOKEN"]
        headers = {"Authorization": token, "Content-Type": "application/json"}
        key = "Bearer sk_" + "test_" + "x" * 24
        for name in ("one", "two"):
            opened = call(admin, json.dumps({"cassette": name}).encode(), **headers)
            call(opened["url"] + "/v1/tokens", b"pii[id_number]=000000000", Authorization=key)
    """
    ran = workplace.run("serve", "--", sys.executable, "-c", script)
    assert ran.returncode == 0, ran.stderr
    for name in ("one", "two"):
        assert re.search(
            rf"^tokentape: {name}: POST /v1/tokens .* 200 recorded", ran.stderr, re.MULTILINE
        )


@pytest.mark.parametrize(
    ("variables", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False)], ids=["colour", "none"]
)
def test_a_terminal_has_colour(shop: Workplace, variables: dict[str, str], coloured: bool) -> None:
    ours, theirs = pty.openpty()
    words = (*PROGRAM, "run", "--mode", "replay", "--cassette", "shop", "--")
    request = 'curl -s "$TOKENTAPE_URL/products" >"$HOME/answer"'
    process = subprocess.Popen(
        [*words, "sh", "-c", request],
        cwd=shop.directory,
        env=environment(shop.directory, **variables),
        stderr=theirs,
    )
    os.close(theirs)
    text = b""
    try:
        while piece := os.read(ours, 4096):
            text += piece
    except OSError:  # Linux: the other end is closed
        pass
    assert process.wait(PATIENCE) == 0
    os.close(ours)
    assert b"404 refused" in text
    assert (b"\x1b[" in text) == coloured


@pytest.mark.skipif(sys.platform != "linux", reason="sets the size of a pipe")
def test_a_pipe_that_nobody_reads_holds_up_nobody(shop: Workplace) -> None:
    reading, writing = os.pipe()
    fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, 4096)
    process = subprocess.Popen(
        [*PROGRAM, "replay", "shop", "--listen", "127.0.0.1:0"],
        cwd=shop.directory,
        env=environment(shop.directory),
        stderr=writing,
    )
    os.close(writing)
    try:
        ready = os.read(reading, 200).decode()
        client = Client(re.findall(r"http://[\d.:]+", ready)[0])
        for number in range(300):
            assert client.post(card(name="Ada", exp_month=str(number))).status in (200, 424)
        assert client.send("GET", "/_tokentape/health").json["missed"] >= 290
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 1
    finally:
        process.kill()
        process.wait()
        os.close(reading)
