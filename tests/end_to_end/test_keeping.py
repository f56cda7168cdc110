"""A good cassette is not lost to a bad recording, and whatever was turned away is told."""

from __future__ import annotations

import socket
import sys
import textwrap
from pathlib import Path

import pytest

from tests.processes import Workplace, awaited
from tests.wire import LIVE, Client, card

MISTYPED = "sk_toast_4eC39HqLyjWDarjt"


@pytest.fixture
def place(workplace: Workplace) -> Workplace:
    """A workplace with a good cassette of three interactions."""
    with workplace.recorded("take") as url:
        for month in ("5", "6", "7"):
            Client(url).post(card(exp_month=month))
    return workplace


def aside(place: Workplace) -> Path:
    return place.path("take").parent / ".take~.take"


class TestMistypedKey:
    def test_a_take_of_401s_stands_aside(self, place: Workplace) -> None:
        old = place.text("take")
        with place.serving("record", "take") as session:
            assert Client(session.url, MISTYPED).post(card()).status == 401
            assert session.end() == 1
        assert place.text("take") == old
        assert "every answer was a 401, as for a mistyped API key" in session.said
        assert "cassettes/take.yaml stays as it was" in session.said
        assert "`tokentape recover take`" in session.said
        assert "saved" not in session.said

    def test_it_is_in_nobodys_way(self, place: Workplace) -> None:
        for _ in range(2):
            with place.serving("record", "take") as session:
                Client(session.url, MISTYPED).post(card())
                assert session.end() == 1
        with place.recorded("take") as url:
            Client(url).post(card(exp_month="8"))
        assert place.text("take").count("- request:") == 1
        assert [path.name for path in place.path("take").parent.iterdir()] == ["take.yaml"]

    def test_recover_takes_it_over(self, place: Workplace) -> None:
        with place.serving("record", "take") as session:
            Client(session.url, MISTYPED).post(card())
            session.end()
        recovered = place.run("recover", "take")
        assert recovered.returncode == 0, recovered.stderr
        assert "code: 401" in place.text("take")
        assert not aside(place).exists()
        assert place.run("recover", "take").returncode == 2

    def test_or_drops_it(self, place: Workplace) -> None:
        old = place.text("take")
        with place.serving("record", "take") as session:
            Client(session.url, MISTYPED).post(card())
            session.end()
        assert place.run("recover", "take", "--discard").returncode == 0
        assert (place.text("take"), aside(place).exists()) == (old, False)

    def test_a_cassette_of_401s_alone_can_be_made_and_made_again(
        self, workplace: Workplace
    ) -> None:
        for _ in range(2):
            with workplace.recorded("take") as url:
                Client(url, MISTYPED).post(card())
        assert workplace.text("take").count("code: 401") == 1

    def test_one_other_answer_is_enough(self, place: Workplace) -> None:
        with place.recorded("take") as url:
            Client(url, MISTYPED).post(card())
            Client(url).post(card())
        assert place.text("take").count("- request:") == 2


CHILD = """
    import os, sys, urllib.request
    headers = {"Authorization": "Bearer sk_test_abcdefgh"}
    url = os.environ["TOKENTAPE_URL"] + "/v1/tokens"
    urllib.request.urlopen(urllib.request.Request(url, b"pii[id_number]=000000000", headers))
    sys.exit(int(sys.argv[1]))
"""


def run(place: Workplace, status: int, mode: str = "record") -> str:
    command = (sys.executable, "-c", textwrap.dedent(CHILD), str(status))
    ran = place.run("run", "--mode", mode, "--cassette", "take", "--", *command)
    assert ran.returncode == status, ran.stderr
    return ran.stderr


class TestCommandThatFails:
    def test_its_take_stands_aside(self, place: Workplace) -> None:
        old = place.text("take")
        printed = run(place, 3)
        assert place.text("take") == old
        assert "the command failed: cassettes/take.yaml stays as it was" in printed
        assert place.run("recover", "take").returncode == 0
        assert place.text("take").count("- request:") == 1

    def test_in_auto_mode_what_is_new_is_added(self, place: Workplace) -> None:
        assert "saved" in run(place, 3, "auto")
        assert place.text("take").count("- request:") == 4

    def test_a_first_take_is_saved(self, workplace: Workplace) -> None:
        assert "saved" in run(workplace, 3)

    def test_one_that_succeeds_and_has_less_is_told(self, place: Workplace) -> None:
        assert "saved cassettes/take.yaml: 1 interaction (was 3)\n" in run(place, 0)
        assert "saved cassettes/take.yaml\n" in run(place, 0)


class TestRefusals:
    @pytest.mark.parametrize(("options", "status"), [((), 0), (("--strict",), 1)])
    def test_are_told_when_they_happen_and_counted_at_the_end(
        self, workplace: Workplace, options: tuple[str, ...], status: int
    ) -> None:
        with workplace.serving("record", "take", *options) as session:
            for _ in range(2):
                Client(session.url).send("GET", "/v1/bicycles")
            awaited(lambda: "  This is no operation" in session.said or None, "a line")
            Client(session.url, LIVE).post(card())
            for line in (b"CONNECT api.stripe.com:443", b"GET http://127.0.0.1/v1/tokens", b"?"):
                with socket.create_connection(("127.0.0.1", session.port)) as client:
                    client.sendall(line + b" HTTP/1.1\r\nHost: x\r\n\r\n")
                    assert client.recv(12) == b"HTTP/1.1 400"
            assert session.end() == status, session.said
        assert "6 refused" in session.said
        assert (
            "refused: 2 unknown_operation (404), 1 live_key_refused (403), "
            "2 request_target_unsupported (400), 1 malformed_request (400)"
        ) in session.said
        assert session.said.count("404 refused") == 2
        assert session.said.count("This is no operation") == 1
        assert "as the base URL of the API client, not as its HTTP proxy" in session.said

    def test_are_in_the_receipt_of_a_session(self, workplace: Workplace) -> None:
        with workplace.serving("record", "take") as session:
            Client(session.url).send("GET", "/v1/bicycles")
            health = Client(session.url).send("GET", "/_tokentape/health").json
        assert (health["refused"], health["refusals"]) == (1, {"unknown_operation (404)": 1})


class TestNothingCameIn:
    def test_it_says_how_to_point_a_client_here(self, workplace: Workplace) -> None:
        with workplace.serving("record", "take") as session:
            assert session.end() == 0
        assert f"no request came in. Give your client the base URL {session.url}" in session.said

    def test_not_where_something_did(self, workplace: Workplace) -> None:
        with workplace.serving("record", "take") as session:
            Client(session.url).send("GET", "/v1/bicycles")
            assert session.end() == 0
        assert "no request came in" not in session.said
