"""The tool's own routes tell a program on this machine what it asks, and a foreign page nothing."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator

import pytest

from tests.processes import PATIENCE, Session, Workplace
from tests.wire import Client, card

HEALTH = "/_tokentape/health"
NAME = "of-no-concern-to-others"


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    place = Workplace(tmp_path_factory.mktemp("routes"))
    with place.serving("record", NAME) as found:
        Client(found.url).post(card())
        yield found
        assert found.end() == 0
    assert place.text(NAME).count("- request:") == 1


def asked(session: Session, target: str, *lines: str, method: str = "GET") -> tuple[int, str]:
    """Return the status and all of an answer."""
    head = "\r\n".join((f"{method} {target} HTTP/1.1", *lines, "Connection: close", "", ""))
    with socket.create_connection(("127.0.0.1", session.port), PATIENCE) as client:
        client.sendall(head.encode("latin-1"))
        answer = b"".join(iter(lambda: client.recv(65536), b"")).decode()
    return int(answer[9:12]), answer


@pytest.mark.parametrize(
    "host",
    [
        *(
            "127.0.0.1",
            "127.0.0.1:{port}",
            "localhost:{port}",
            "LocalHost",
            "[::1]:{port}",
            "[::1]",
        ),
        *("localhost.", "shop.localhost:{port}", "127.9.9.9", "[::ffff:127.0.0.1]"),
    ],
)
def test_its_own_address_is_answered(session: Session, host: str) -> None:
    status, answer = asked(session, HEALTH, f"Host: {host.format(port=session.port)}")
    assert status == 200
    assert NAME in answer
    assert "no-store" in answer
    assert "access-control" not in answer.lower()


@pytest.mark.parametrize(
    "host",
    [
        *(
            "evil.example",
            "evil.example:{port}",
            "127.0.0.1.evil.example",
            "localhost.evil.example",
        ),
        *("evil.example:127.0.0.1", "127.0.0.1@evil.example", "127.1", "0.0.0.0", "10.0.0.1"),
        *(
            "[::1",
            "::1",
            "[::ffff:10.0.0.1]",
            "evil-localhost",
            "localhost..",
            "2130706433",
            "",
            "127.0.0.1:{port}:80",
            "x, localhost",
        ),
    ],
)
def test_another_host_is_refused(session: Session, host: str) -> None:
    status, answer = asked(session, HEALTH, f"Host: {host.format(port=session.port)}")
    assert status in (400, 403)
    assert NAME not in answer
    assert "evil" not in answer


@pytest.mark.parametrize(
    "lines",
    [
        ("Host: localhost", "Host: evil.example"),
        ("Host: evil.example", "Host: localhost"),
        ("X-Forwarded-Host: localhost",),
        ("Host: localhost", "Origin: https://evil.example"),
        ("Host: localhost", "Origin: null"),
        ("Host: localhost", "Sec-Fetch-Site: cross-site"),
        ("Host: localhost", "Sec-Fetch-Site: same-site"),
        ("Host: evil.example", "Origin: http://evil.example", "Sec-Fetch-Site: same-origin"),
        ("Host: localhost", "sec-fetch-site: evil"),
    ],
    ids="|".join,
)
def test_a_foreign_web_page_is_refused(session: Session, lines: tuple[str, ...]) -> None:
    told = [line.format(port=session.port) for line in lines]
    status, answer = asked(session, HEALTH, *told)
    assert status in (400, 403)
    assert NAME not in answer
    assert "evil" not in answer


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_nothing_can_be_changed(session: Session, method: str) -> None:
    status, answer = asked(session, HEALTH, "Host: localhost", method=method)
    assert status == 405
    assert NAME not in answer


@pytest.mark.parametrize(
    "target",
    [
        *(
            "/_tokentape/Zq7Ohnesorg",
            "/_tokentape/health/",
            "/_tokentape/../health",
        ),
        *("/_tokentape", "/_TOKENTAPE/health", "//_tokentape/health", "/%5Ftokentape/health"),
        *("/v1/../_tokentape/health", "/_tokentape/%68ealth", "/v1/tokens/../../_tokentape/health"),
        *("http://localhost/_tokentape/health", "*", "_tokentape/health"),
    ],
)
def test_other_routes_are_none(session: Session, target: str) -> None:
    status, answer = asked(session, target, "Host: localhost")
    assert status in (400, 404)
    assert NAME not in answer
    assert "Zq7" not in answer


def test_what_is_asked_with_it_is_not_told(session: Session) -> None:
    secret = "Zq7Ohnesorg"
    lines = (f"Cookie: {secret}", f"{secret}: {secret}", f"Authorization: Bearer {secret}")
    status, answer = asked(session, f"{HEALTH}?{secret}={secret}", "Host: localhost", *lines)
    assert status == 200
    assert secret not in answer
    assert secret not in session.said
    assert re.search(r'"recorded": 1\b', answer)
