"""Replay talks to no one; what it does not know, it says."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.processes import Workplace, environment
from tests.upstreams import Upstream, saying
from tests.wire import Client, card, person

CAGE = ("unshare", "--net", "--map-root-user", "sh", "-c", 'ip link set lo up && exec "$@"', "sh")
"""Runs a command in a network of its own, in which there is nothing but the loopback interface."""


@pytest.fixture(scope="module")
def place(shared: Workplace) -> Workplace:
    with shared.recorded("offline") as url:
        Client(url).get(Client(url).post(card(name="Ada Ohnesorg")).id)
    return shared


@pytest.fixture
def trap() -> Iterator[Upstream]:
    with Upstream(saying(200)) as upstream:
        yield upstream
        assert upstream.seen == []


def test_no_upstream_and_no_proxy_is_asked(place: Workplace, trap: Upstream) -> None:
    settings = dict.fromkeys(("TOKENTAPE_UPSTREAM", "http_proxy", "HTTPS_PROXY"), trap.url)
    with place.serving("replay", "offline", **settings) as session:
        client = Client(session.url)
        assert client.get(client.post(card(name="Ada")).id).status == 200
        assert client.post(person("Ada", "Ohnesorg")).status == 424
        assert session.end() == 1


def test_an_upstream_that_is_nowhere_does_not_matter(place: Workplace) -> None:
    nowhere = {"TOKENTAPE_UPSTREAM": "https://nowhere.invalid"}
    with place.serving("replay", "offline", **nowhere) as session:
        assert Client(session.url).post(card(name="Ada")).result == "replayed"
        assert session.end() == 0


def _can_be_caged() -> bool:
    found = all(map(shutil.which, ("unshare", "ip", "curl")))
    return (
        found and not subprocess.run([*CAGE, "true"], capture_output=True, check=False).returncode
    )


@pytest.mark.skipif(not _can_be_caged(), reason="needs unshare with user namespaces, ip and curl")
def test_it_works_with_no_network_at_all(place: Workplace) -> None:
    fields = (f"-d{name}={value}" for name, value in card(name="Ada").items())
    curl = (
        "sh",
        "-c",
        'exec curl -sSf "$TOKENTAPE_URL/v1/tokens" -u sk_test_x: "$@"',
        "sh",
        *fields,
    )
    program = (
        sys.executable,
        "-m",
        "tokentape",
        "run",
        "--mode",
        "replay",
        "--cassette",
        "offline",
    )
    done = subprocess.run(
        [*CAGE, *program, "--", *curl],
        cwd=place.directory,
        env=environment(place.directory),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert '"name": "Ada"' in done.stdout
    assert "1 replayed, 0 missed" in done.stderr


def test_a_miss_is_told_to_the_client_to_the_person_and_to_the_script(place: Workplace) -> None:
    with place.serving("replay", "offline") as session:
        client = Client(session.url)
        answer = client.post(card("378282246310005", cvc="3141", name="Ada", address_zip="10115"))
        assert session.end() == 1
    assert answer.status == 424
    assert answer.result == "miss"
    assert answer.headers["stripe-should-retry"] == "false"
    assert answer.headers["content-type"] == "application/json"
    assert answer.error["type"] == "api_error"
    assert answer.error["code"] == "cassette_miss"
    message = answer.error["message"]
    assert "cassette offline" in message
    closest = message.partition("Interaction 1 is close: ")[2].partition(". ")[0]
    assert [part.split()[0] for part in closest.split("; ")] == [
        "card[address_zip]",
        "card[cvc]",
        "card[number]",
    ]
    assert "{{card:visa}}, and {{card:amex}} was sent" in closest
    lines = session.said.splitlines()
    (place_of_miss,) = (at for at, line in enumerate(lines) if " 424 miss " in line)
    assert lines[place_of_miss].startswith("tokentape: POST /v1/tokens card[number]={{card:amex}} ")
    for number, difference in enumerate(closest.split("; "), 1):
        assert lines[place_of_miss + number] == f"tokentape:   interaction 1: {difference}"
    assert "1 missed" in session.said


def test_a_miss_spends_nothing(place: Workplace) -> None:
    with place.serving("replay", "offline", "--strict", "--on-exhausted", "miss") as session:
        client = Client(session.url)
        assert client.post(card(name="Ada", address_zip="10115")).status == 424
        assert client.get(client.post(card(name="Ada")).id).status == 200
        assert client.post(card(name="Ada")).status == 424
        assert session.end() == 1


@pytest.mark.parametrize("name", ["gone", "../offline"])
def test_a_cassette_that_cannot_be_had_is_told_at_the_start(place: Workplace, name: str) -> None:
    done = place.run("replay", name, "--listen", "127.0.0.1:0")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("tokentape: error: ")
    assert "Traceback" not in done.stderr


def test_a_port_that_is_taken_is_told_at_the_start(place: Workplace) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        for mode in ("replay", "record"):
            done = place.run(mode, "offline", "--listen", address)
            assert done.returncode == 2
            assert "another program listens there" in done.stderr
    assert [path.name for path in place.path("offline").parent.iterdir()] == ["offline.yaml"]
