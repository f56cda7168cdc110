"""What containers need: health, names of services, settings from the environment, fixed ports."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from contextlib import ExitStack, suppress
from urllib.parse import urlencode

import pytest
from tokentape.pure.http.messages import Response

from tests.listening import Listening
from tests.processes import PROGRAM, Session, Workplace
from tests.sessions.conftest import TOKEN
from tests.upstreams import Upstream
from tests.wire import SECRET, Answer, Client, card


def health(place: Workplace, *words: str, **variables: str) -> tuple[int, str]:
    done = place.run("health", *words, **variables)
    assert done.stdout == ""
    return done.returncode, done.stderr


@pytest.mark.parametrize("words", [("record", "x"), ("mock",), ("serve", "--admin")])
def test_whatever_serves_is_healthy(workplace: Workplace, words: tuple[str, ...]) -> None:
    at = ["127.0.0.1:0"] if words == ("serve", "--admin") else ["--listen", "127.0.0.1:0"]
    variables = {"TOKENTAPE_ADMIN_TOKEN": TOKEN}
    with Session(workplace.directory, *words, *at, **variables) as session:
        assert health(workplace, session.url) == (0, "")
        listen = f"0.0.0.0:{session.port}"
        assert health(workplace, TOKENTAPE_LISTEN=listen) == (0, "")
        assert health(workplace, "--listen", listen) == (0, "")


def test_what_does_not_serve_is_not_healthy(workplace: Workplace) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        before = time.monotonic()
        status, message = health(workplace, f"http://127.0.0.1:{port}", "--timeout", "0.3")
        assert time.monotonic() - before < 5
        assert (status, "no answer in time" in message) == (1, True)
    status, message = health(workplace, f"http://127.0.0.1:{port}")
    assert (status, "Connection refused" in message) == (1, True)
    assert health(workplace, "http://no-such-host.invalid")[0] == 1


class Gibberish(Listening):
    def _exchange(self, connection: socket.socket) -> None:
        connection.recv(1000)
        connection.sendall(b"SSH-2.0-OpenSSH_9.9\r\n")


def test_another_program_is_not_healthy(workplace: Workplace) -> None:
    with Upstream(lambda _: Response(404)) as other:
        assert "another program answers there" in health(workplace, other.url)[1]
    with Gibberish() as other:
        assert "the answer is no HTTP" in health(workplace, other.url)[1]


def test_a_service_is_reached_by_its_name(workplace: Workplace) -> None:
    options = ("--listen", "0.0.0.0:0")
    with workplace.serving("record", "shop", *options, TOKENTAPE_HOSTS="tokentape") as session:
        for host, status in (("tokentape:12121", 200), ("172.18.0.2:12121", 200), ("else", 403)):
            client = Client(f"http://127.0.0.1:{session.port}")
            assert client.send("GET", "/_tokentape/health", Host=host).status == status


def test_mode_and_name_come_from_the_environment(workplace: Workplace) -> None:
    variables = {"TOKENTAPE_LISTEN": "127.0.0.1:0", "TOKENTAPE_CASSETTE": "shop/cards"}
    for mode, result in (("record", "recorded"), ("replay", "replayed"), ("auto", "replayed")):
        with Session(workplace.directory, "run", TOKENTAPE_MODE=mode, **variables) as session:
            assert session.said.startswith(f"tokentape: {mode} shop/cards ")
            assert Client(session.url).post(card()).result == result
            assert session.end() == 0, session.said


def test_a_mode_that_is_none_is_an_error_and_not_shown(workplace: Workplace) -> None:
    done = workplace.run("run", "true", TOKENTAPE_MODE="sk_" + "live_" + "x" * 24)
    assert done.returncode == 2
    assert "TOKENTAPE_MODE: found another value" in done.stderr
    assert "allowed: record, replay, auto" in done.stderr
    assert "sk_" not in done.stderr


def test_what_kubernetes_sets_for_a_service_of_this_name_changes_nothing(
    workplace: Workplace,
) -> None:
    variables = {
        "TOKENTAPE_PORT": "tcp://10.0.0.11:12121",
        "TOKENTAPE_SERVICE_HOST": "10.0.0.11",
        "TOKENTAPE_VERSION": "0.1.0",
    }
    with workplace.serving("record", "shop", **variables) as session:
        assert Client(session.url).post(card()).status == 200
        assert session.end() == 0
    assert "TOKENTAPE_VERSION: unknown environment variable" in session.said
    assert "TOKENTAPE_PORT:" not in session.said
    assert "SERVICE_HOST" not in session.said


def free_ports(count: int) -> tuple[int, int]:
    """Return the first and last of ports in a row that are free now."""
    for first in range(23_000, 32_000, count):
        with ExitStack() as stack, suppress(OSError):
            for port in range(first, first + count):
                stack.enter_context(socket.create_server(("0.0.0.0", port)))
            return first, first + count - 1
    pytest.fail("no free ports")


def test_sessions_of_a_container_have_ports_that_it_can_publish(workplace: Workplace) -> None:
    first, last = free_ports(3)
    words = ("serve", "--admin", "0.0.0.0:0", "--mode", "record", "--session-ports")
    variables = {"TOKENTAPE_ADMIN_TOKEN": TOKEN, "TOKENTAPE_HOSTS": "tokentape"}
    with Session(workplace.directory, *words, f"{first}-{last}", **variables) as server:
        admin = Client(server.url, TOKEN)

        def ask(method: str, path: str = "", host: str = "tokentape", **fields: str) -> Answer:
            headers = {"Content_Type": "application/json", "Host": f"{host}:12122"}
            target = f"/_tokentape/sessions{path}"
            return admin.send(method, target, json.dumps(fields).encode(), **headers)

        opened = [ask("POST", cassette=f"shop/{n}") for n in range(3)]
        urls = [answer.json["url"] for answer in opened]
        assert urls == [f"http://tokentape:{port}" for port in range(first, last + 1)]
        refused = ask("POST", cassette="shop/4")
        assert (refused.status, refused.error["code"]) == (503, "cannot_listen")
        assert f"no port from {first} to {last} is free" in refused.error["message"]
        Client(f"http://127.0.0.1:{first}").post(card())
        assert ask("DELETE", f"/{opened[0].json['id']}").json["recorded"] == 1
        session = ask("POST", cassette="shop/5", host="172.18.0.2")
        assert (session.status, session.json["url"]) == (201, f"http://172.18.0.2:{first}")
        assert server.end() == 0, server.said


@pytest.mark.skipif(
    not shutil.which("setpriv") or not hasattr(os, "geteuid") or os.geteuid() != 0,
    reason="needs root, and setpriv to give its rights up",
)
def test_a_folder_that_another_user_owns_and_nobody_may_write_is_replayed(
    workplace: Workplace,
) -> None:
    with workplace.recorded("shop") as url:
        Client(url).post(card())
    folder = workplace.path("shop").parent
    os.chown(folder, 12345, 12345)
    folder.chmod(0o555)
    words = ("setpriv", "--bounding-set", "-all", "--inh-caps", "-all", *PROGRAM)
    done = subprocess.run(
        [*words, "run", "--", sys.executable, "-c", POST],
        cwd=workplace.directory,
        env={"PATH": os.environ["PATH"], "TOKENTAPE_CASSETTE": "shop", "TOKENTAPE_MODE": "replay"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    folder.chmod(0o755)
    assert done.returncode == 0, done.stderr
    assert "1 replayed" in done.stderr


POST = f"""
import os, urllib.request
url, body = os.environ["TOKENTAPE_URL"] + "/v1/tokens", b"{urlencode(card())}"
urllib.request.urlopen(urllib.request.Request(url, body, {{"Authorization": "Bearer {SECRET}"}}))
"""
