"""The receipt and the exit status, with and without --strict; `run` and what it starts."""

from __future__ import annotations

import os
import signal
import sys
import textwrap

import pytest

from tests.processes import Session, Workplace, awaited
from tests.wire import Client, card, person


@pytest.fixture
def place(workplace: Workplace) -> Workplace:
    with workplace.recorded("take") as url:
        for number in ("4242424242424242", "4000056655665556"):
            Client(url).post(card(number))
    return workplace


@pytest.mark.parametrize(("options", "status"), [((), 0), (("--strict",), 1)])
def test_what_was_never_asked_for_fails_a_strict_replay(
    place: Workplace, options: tuple[str, ...], status: int
) -> None:
    with place.serving("replay", "take", *options) as session:
        Client(session.url).post(card())
        assert session.end() == status
    assert "1 replayed, 0 missed, 0 refused, 1 unused" in session.said
    assert "never asked for: interactions 2" in session.said


@pytest.mark.parametrize(("options", "status"), [((), 0), (("--strict",), 1)])
def test_what_only_its_order_tells_apart_fails_a_strict_recording(
    workplace: Workplace, options: tuple[str, ...], status: int
) -> None:
    pii = {"pii[id_number]": "000000000"}
    with workplace.serving("record", "take", *options) as session:
        Client(session.url).post(card())
        Client(session.url).post(pii)
        Client(session.url, "not_a_valid_key_asdf").post(pii)
        assert session.end() == status, session.said
    assert "order-dependent: interactions 2 and 3" in session.said
    assert "redact.keep" in session.said


def test_the_ready_line_and_the_receipt_go_to_standard_error(place: Workplace) -> None:
    with place.serving("replay", "take") as session:
        assert session.said == f"tokentape: replay take on {session.url}\n"
        assert session.end(signal.SIGINT) == 0
    assert session.printed == ""
    assert session.said.splitlines()[1].startswith("tokentape: 0 recorded, 0 replayed, 0 missed")


def test_the_name_is_default_where_it_is_left_out(workplace: Workplace) -> None:
    with Session(workplace.directory, "record", "--listen", "127.0.0.1:0") as session:
        assert "record default from the built-in mock on" in session.said
        Client(session.url).post(card())
        assert session.end() == 0
    assert workplace.path("default").exists()


def test_health_tells_mode_cassette_and_counts(place: Workplace) -> None:
    with place.serving("replay", "take") as session:
        Client(session.url).post(card())
        health = Client(session.url, "").send("GET", "/_tokentape/health")
        assert session.end() == 0
    assert health.status == 200
    told = health.json
    assert (told["mode"], told["cassette"], told["interactions"]) == ("replay", "take", 2)
    assert (told["recorded"], told["replayed"], told["missed"]) == (0, 1, 0)


CHILD = """
    import os, sys, urllib.request
    request = urllib.request.Request(
        os.environ["TOKENTAPE_URL"] + "/v1/tokens", sys.argv[1].encode(),
        {"Authorization": "Bearer sk_test_abcdefgh"},
    )
    try:
        print(urllib.request.urlopen(request).headers["Tokentape-Result"])
    except urllib.error.HTTPError as error:
        print(error.code)
    sys.exit(int(sys.argv[2]))
"""


def command(body: str, status: int) -> tuple[str, ...]:
    return ("--", sys.executable, "-c", textwrap.dedent(CHILD), body, str(status))


class TestRun:
    @pytest.mark.parametrize("status", [0, 77])
    def test_returns_the_status_of_the_command(self, place: Workplace, status: int) -> None:
        body = "&".join(f"{name}={value}" for name, value in card().items())
        words = ("run", "--mode", "replay", "--cassette", "take", *command(body, status))
        done = place.run(*words)
        assert (done.stdout, done.returncode) == ("replayed\n", status)
        assert "1 replayed, 0 missed" in done.stderr

    def test_records_what_is_new_and_in_ci_misses_it(self, workplace: Workplace) -> None:
        words = ("run", "--cassette", "take", *command("pii[id_number]=000000000", 0))
        assert workplace.run(*words).stdout == "recorded\n"
        done = workplace.run(*words, CI="true")
        assert (done.stdout, done.returncode) == ("replayed\n", 0)
        words = ("run", "--cassette", "take", *command("pii[id_number]=111111111", 0))
        done = workplace.run(*words, CI="true")
        assert (done.stdout, done.returncode) == ("424\n", 1)
        assert "1 missed" in done.stderr

    def test_passes_the_end_on_to_the_command(self, workplace: Workplace) -> None:
        child = "import os, time; print(os.getpid(), flush=True); time.sleep(60)"
        words = ("run", "--mode", "record", "--", sys.executable, "-c", child)
        with Session(workplace.directory, *words) as session:
            pid = awaited(lambda: int(session.printed or 0) or None, "the command to start")
            assert session.end() == 128 + signal.SIGTERM
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)

    def test_a_command_that_is_not_there_is_told(self, workplace: Workplace) -> None:
        done = workplace.run("run", "--", "no-such-command")
        assert done.returncode == 2
        assert "no-such-command" in done.stderr
        assert "Traceback" not in done.stderr


class TestExhaustion:
    def test_the_last_answer_repeats(self, workplace: Workplace) -> None:
        with workplace.recorded("take") as url:
            made = [Client(url).post(person("Ada", "Quast")).id for _ in range(2)]
        assert len(set(made)) == 2
        with workplace.replayed("take") as url:
            ids = [Client(url).post(person("Ada", "Quast")).id for _ in range(4)]
        assert ids[0] != ids[1] == ids[2] == ids[3]

    def test_or_is_a_miss(self, workplace: Workplace) -> None:
        with workplace.recorded("take") as url:
            Client(url).post(card())
        with workplace.serving("replay", "take", "--on-exhausted", "miss") as session:
            assert [Client(session.url).post(card()).status for _ in range(2)] == [200, 424]
            assert session.end() == 1
