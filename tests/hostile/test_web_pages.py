"""Web pages at the port: those of this machine use it, those from elsewhere get nothing from it."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.processes import PATIENCE, PROGRAM, Session, Workplace, awaited, environment
from tests.sessions.conftest import TOKEN
from tests.wire import SECRET, Client, card

NAME = "Ada Ohnesorg"
LOCAL = "http://localhost:3000"
EVIL = "https://evil.example"
LANES = {"fast": (), "aiohttp": ("X-Lane: \u00e9",)}
PREFLIGHT = (
    "Access-Control-Request-Method: POST",
    "Access-Control-Request-Headers: authorization",
)


@pytest.fixture(params=LANES)
def lane(request: pytest.FixtureRequest) -> tuple[str, ...]:
    return LANES[request.param]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Workplace:
    place = Workplace(tmp_path_factory.mktemp("pages"))
    with place.recorded("take") as url:
        Client(url).get(Client(url).post(card(name=NAME)).id)
    return place


@pytest.fixture(params=["replay", "record"])
def session(request: pytest.FixtureRequest, place: Workplace) -> Iterator[Session]:
    name = {"replay": "take", "record": "page"}[request.param]
    with place.serving(request.param, name) as session:
        yield session
        session.end()


def body_of(name: str = NAME) -> str:
    return "&".join(f"{key}={value.replace(' ', '+')}" for key, value in card(name=name).items())


class Wire:
    """One connection, on which whole requests are sent and answers read."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), PATIENCE)
        self.answers = self.socket.makefile("rb")

    def send(self, method: str, target: str, *lines: str, body: str = "") -> Reply:
        head = (f"{method} {target} HTTP/1.1", *lines, f"Content-Length: {len(body)}", "", body)
        self.socket.sendall("\r\n".join(head).encode())
        status = int(self.answers.readline()[9:12])
        headers = [line.decode().strip() for line in iter(self.answers.readline, b"\r\n")]
        length = re.search(r"Content-Length: (\d+)", "\n".join(headers))
        return Reply(status, headers, self.answers.read(int(length[1]) if length else 0).decode())

    def close(self) -> None:
        self.answers.close()
        self.socket.close()


class Reply:
    def __init__(self, status: int, lines: list[str], body: str) -> None:
        self.status = status
        self.headers = {name.lower(): text for name, text in (x.split(": ", 1) for x in lines)}
        self.body = body

    @property
    def allowed(self) -> str | None:
        return self.headers.get("access-control-allow-origin")

    def refused(self, code: str) -> bool:
        return self.status == 403 and f'"code": "{code}"' in self.body and self.allowed is None


@pytest.fixture
def wire(session: Session) -> Iterator[Wire]:
    wire = Wire(session.port)
    yield wire
    wire.close()


def post(wire: Wire, *lines: str, name: str = NAME) -> Reply:
    form = "Content-Type: application/x-www-form-urlencoded"
    key = f"Authorization: Bearer {SECRET}"
    return wire.send("POST", "/v1/tokens", form, key, *lines, body=body_of(name))


def health(session: Session) -> dict[str, Any]:
    found: dict[str, Any] = Client(session.url).send("GET", "/_tokentape/health").json
    return found


FOREIGN = [
    (("Host: evil.example",), "foreign_host"),
    (("Host: evil.example", f"Origin: {LOCAL}"), "foreign_host"),
    (("Host: evil.example:{port}", "Origin: http://evil.example:{port}"), "foreign_host"),
    (("Host: localhost", f"Origin: {EVIL}"), "foreign_origin"),
    (("Host: localhost", "Origin: null"), "foreign_origin"),
    (("Host: localhost", "Sec-Fetch-Site: cross-site"), "foreign_origin"),
]


@pytest.mark.parametrize(("lines", "code"), FOREIGN, ids=lambda value: str(value)[:60])
def test_a_foreign_page_gets_nothing_on_any_route(
    session: Session, wire: Wire, lane: tuple[str, ...], lines: tuple[str, ...], code: str
) -> None:
    before = health(session)
    sent = [line.format(port=session.port) for line in (*lines, *lane)]
    own = ("GET", "/_tokentape/health")
    for method, target in (own, ("GET", "/v1/tokens/tok_1"), ("DELETE", "/v1/other"), ("PUT", "/")):
        assert wire.send(method, target, *sent).refused(code)
    assert wire.send("OPTIONS", "/v1/tokens", *sent, *PREFLIGHT).refused(code)
    assert post(wire, *sent).refused(code)
    assert health(session) == {**before, "refused": 6, "refusals": {f"{code} (403)": 6}}
    awaited(lambda: session.said.count(" 403 refused ") == 6 or None, "a line for each")
    assert session.said.count("tokentape:   tokentape ") == 1
    assert "evil" not in session.said


@pytest.mark.parametrize(
    "lines", [lines for lines, _ in FOREIGN], ids=lambda value: str(value)[:60]
)
def test_a_remembered_answer_is_not_for_a_foreign_page(
    place: Workplace, lane: tuple[str, ...], lines: tuple[str, ...]
) -> None:
    with place.serving("replay", "take") as session:
        wire = Wire(session.port)
        sent = [line.format(port=session.port) for line in (*lines, *lane)]
        for _ in range(3):
            assert post(wire, "Host: localhost", *lane).status == 200
        for _ in range(2):
            assert post(wire, *sent).status == 403
            assert post(wire, "Host: localhost", *lane).status == 200
        wire.close()


def test_a_remembered_answer_names_the_origin_of_each_request(
    place: Workplace, lane: tuple[str, ...]
) -> None:
    origins = (LOCAL, "http://127.0.0.1:5173", None, "https://a.localhost")
    with place.serving("replay", "take") as session:
        wires = [Wire(session.port), Wire(session.port)]
        bodies = set()
        for _ in range(3):
            for wire in wires:
                for origin in origins:
                    lines = [f"Origin: {origin}"] if origin else []
                    reply = post(wire, "Host: localhost", *lines, *lane)
                    assert reply.allowed == (origin or "*")
                    assert "Origin" in reply.headers["vary"]
                    bodies.add(reply.body)
        assert len(bodies) == 1
        assert session.end() == 0
        for wire in wires:
            wire.close()


def test_a_page_of_this_machine_is_served_and_may_read_the_answer(
    session: Session, wire: Wire, lane: tuple[str, ...]
) -> None:
    lines = ("Host: localhost", f"Origin: {LOCAL}", *lane)
    before = health(session)
    asked = wire.send("OPTIONS", "/v1/tokens", *lines, *PREFLIGHT)
    assert (asked.status, asked.allowed) == (204, LOCAL)
    assert asked.headers["access-control-allow-headers"] == "authorization"
    assert health(session) == before
    for reply in (
        post(wire, *lines),
        wire.send("GET", "/_tokentape/health", *lines),
        wire.send("GET", "/v1/other", *lines),
    ):
        assert reply.allowed == LOCAL
        assert "Tokentape-Result" in reply.headers["access-control-expose-headers"]
    assert health(session)["forwarded"] == 0


def test_a_cassette_is_the_same_whatever_page_was_recorded(workplace: Workplace) -> None:
    pages: tuple[tuple[str, ...], ...] = (
        (),
        (f"Origin: {LOCAL}", "Sec-Fetch-Site: cross-site"),
        ("Origin: http://127.0.0.1:9", "Sec-Fetch-Site: same-site"),
    )
    texts = set()
    for lines in pages:
        with workplace.serving("record", "take") as session:
            wire = Wire(session.port)
            if lines:
                assert wire.send("OPTIONS", "/v1/tokens", "Host: x.localhost", lines[0], *PREFLIGHT)
            assert post(wire, "Host: localhost", *lines).status == 200
            wire.close()
            assert session.end() == 0
        texts.add(workplace.text("take"))
    assert len(texts) == 1
    assert "Access-Control-Allow-Origin: ['*']" in texts.pop()


def test_hosts_and_origins_of_the_settings_are_served(
    workplace: Workplace, lane: tuple[str, ...]
) -> None:
    workplace.configure('hosts: [tokentape]\norigins: ["https://app.example", "null"]\n')
    with workplace.serving("record", "take") as session:
        wire = Wire(session.port)
        assert post(wire, f"Host: tokentape:{session.port}", *lane).status == 200
        for origin in ("https://app.example", "null", "http://tokentape:3000"):
            assert post(wire, "Host: tokentape", f"Origin: {origin}", *lane).allowed == origin
        assert post(wire, "Host: other", *lane).refused("foreign_host")
        assert post(wire, "Host: tokentape", f"Origin: {EVIL}", *lane).refused("foreign_origin")
        wire.close()
    variables = {"TOKENTAPE_HOSTS": "other,more", "TOKENTAPE_ORIGINS": EVIL}
    with workplace.serving("record", "more", **variables) as session:
        wire = Wire(session.port)
        assert post(wire, "Host: other", f"Origin: {EVIL}", *lane).allowed == EVIL
        assert post(wire, "Host: tokentape", *lane).refused("foreign_host")
        wire.close()


def test_any_address_is_a_host_where_the_port_listens_beyond_loopback(workplace: Workplace) -> None:
    with workplace.serving("record", "take", "--listen", "0.0.0.0:0") as session:
        wire = Wire(session.port)
        for host in ("172.17.0.2", "0.0.0.0", "[fd00::2]:80", "localhost"):
            assert post(wire, f"Host: {host}").status == 200
        assert post(wire, "Host: tokentape").refused("foreign_host")
        assert post(wire, "Host: 172.17.0.2", "Origin: http://172.17.0.9").refused("foreign_origin")
        wire.close()


def test_the_mock_is_for_pages_of_this_machine_too(workplace: Workplace) -> None:
    with Session(workplace.directory, "mock", "--listen", "127.0.0.1:0") as session:
        wire = Wire(session.port)
        assert post(wire, "Host: localhost").allowed == "*"
        assert post(wire, "Host: localhost", f"Origin: {LOCAL}").allowed == LOCAL
        assert post(wire, "Host: localhost", f"Origin: {EVIL}").refused("foreign_origin")
        wire.close()
    variables = {"TOKENTAPE_HOSTS": "mock"}
    with Session(workplace.directory, "mock", "--listen", "127.0.0.1:0", **variables) as session:
        wire = Wire(session.port)
        assert post(wire, "Host: mock:12111").status == 200
        wire.close()


def test_sessions_of_an_admin_port_and_the_port_itself_obey_the_settings(
    workplace: Workplace,
) -> None:
    workplace.configure("hosts: [tokentape]\n")
    words = ("serve", "--admin", "127.0.0.1:0", "--mode", "record")
    with Session(workplace.directory, *words, TOKENTAPE_ADMIN_TOKEN=TOKEN) as server:
        admitted = ("Content-Type: application/json", f"Authorization: Bearer {TOKEN}")
        wire = Wire(server.port)

        def opened(*lines: str) -> Reply:
            body = '{"cassette": "a"}'
            return wire.send("POST", "/_tokentape/sessions", *lines, *admitted, body=body)

        assert opened("Host: evil.example").refused("foreign_host")
        assert opened("Host: localhost", f"Origin: {EVIL}").refused("foreign_origin")
        reply = opened("Host: tokentape", f"Origin: {LOCAL}")
        assert (reply.status, reply.allowed) == (201, LOCAL)
        session = Wire(int(re.findall(r'"url": "http://127.0.0.1:(\d+)"', reply.body)[0]))
        assert post(session, "Host: tokentape").status == 200
        assert post(session, "Host: tokentape", f"Origin: {LOCAL}").allowed == LOCAL
        assert post(session, "Host: evil.example").refused("foreign_host")
        session.close()
        wire.close()


@pytest.mark.skipif(not shutil.which("curl"), reason="needs curl")
@pytest.mark.parametrize(
    ("host", "options", "status"),
    [
        *((host, (), "200") for host in ("127.0.0.1", "localhost", "LOCALHOST")),
        *(("127.0.0.1", options, "200") for options in (("-0",), ("-0", "-H", "Host:"))),
        ("tokentape", ("--resolve", "tokentape:{port}:127.0.0.1"), "403"),
        ("127.0.0.1", ("-H", f"Origin: {LOCAL}"), "200"),
        ("127.0.0.1", ("-H", f"Origin: {EVIL}"), "403"),
    ],
)
def test_curl_is_answered_under_the_addresses_of_this_machine(
    session: Session, host: str, options: tuple[str, ...], status: str
) -> None:
    more = [option.format(port=session.port) for option in options]
    url = f"http://{host}:{session.port}/v1/tokens"
    words = ("curl", "-s", "-w", "%{http_code}", "-o", os.devnull, "-u", f"{SECRET}:", "-d")
    done = subprocess.run(
        [*words, body_of(), *more, url], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout == status


@pytest.mark.skipif(not shutil.which("curl"), reason="needs curl")
def test_curl_is_answered_on_the_loopback_address_of_ip_version_6(workplace: Workplace) -> None:
    if not socket.has_ipv6 or not Path("/proc/net/if_inet6").exists():
        pytest.skip("needs IPv6")
    with workplace.serving("record", "six", "--listen", "[::1]:0") as session:
        words = ("curl", "-s", "-g", "-u", f"{SECRET}:", "-d", body_of())
        url = f"http://[::1]:{session.port}/v1/tokens"
        done = subprocess.run([*words, url], capture_output=True, text=True, check=True, timeout=60)
        assert '"object": "token"' in done.stdout


SUITE = f"""
import http.client, urllib.parse

def test_pages(tokentape):
    at = urllib.parse.urlsplit(tokentape.url)

    def status(**headers):
        connection = http.client.HTTPConnection(at.netloc, timeout=30)
        connection.request("GET", "/_tokentape/health", headers=headers)
        answer = connection.getresponse()
        answer.read()
        return answer.status, answer.headers["Access-Control-Allow-Origin"]

    assert status() == (200, None)
    assert status(Origin="{LOCAL}") == (200, "{LOCAL}")
    assert status(Origin="{EVIL}") == (403, None)
    assert status(Host="evil.example") == (403, None)
"""


def test_the_session_of_a_pytest_fixture_looks_at_pages_too(tmp_path: Path) -> None:
    (tmp_path / "test_pages.py").write_text(SUITE)
    words = [*PROGRAM[:2], "pytest", "-q", "-p", "no:cacheprovider", "test_pages.py"]
    done = subprocess.run(
        words, cwd=tmp_path, env=environment(tmp_path), capture_output=True, text=True, check=False
    )
    assert "1 passed" in done.stdout, done.stdout + done.stderr
