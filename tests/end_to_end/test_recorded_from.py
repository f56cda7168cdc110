"""A cassette says where it came from, and answers of another upstream do not get into it unseen."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tokentape.pure.cassette.reading import recorded_from
from tokentape.pure.stripe.upstreams import UpstreamKind

from tests.processes import Session, Workplace
from tests.upstreams import Upstream, stripe
from tests.wire import Client, card

STRIPE_S = ("--upstream", "https://api.stripe.com")


def relabel(place: Workplace, label: str) -> str:
    """Have the cassette come from elsewhere; return its text."""
    text = place.text("take").replace("recorded_from: mock\n", label)
    place.path("take").write_text(text)
    return text


def refused(place: Workplace, *words: str, **variables: str) -> str:
    ran = place.run(*words, **variables)
    assert ran.returncode == 2, ran.stderr
    return ran.stderr


def test_the_ready_line_the_receipt_and_the_cassette_name_the_upstream(
    workplace: Workplace,
) -> None:
    with workplace.serving("record", "mock") as session:
        assert session.said == f"tokentape: record mock from the built-in mock on {session.url}\n"
        Client(session.url).post(card())
        assert session.end() == 0
    assert "tokentape: upstream: the built-in mock\n" in session.said
    assert workplace.text("mock").startswith("recorded_from: mock\nversion: 1\n")
    with (
        Upstream(stripe()) as upstream,
        workplace.serving("auto", "other", "--upstream", upstream.url) as session,
    ):
        assert f"auto other from {upstream.url} on {session.url}\n" in session.said
        Client(session.url).post(card())
        assert session.end() == 0
    assert f"tokentape: upstream: {upstream.url}\n" in session.said
    assert workplace.text("other").startswith("recorded_from: other\n")
    with workplace.serving("record", "real", *STRIPE_S) as session:
        assert "record real from Stripe on" in session.said


def test_recording_again_changes_no_byte(place: Workplace) -> None:
    before = place.text("take")
    with place.recorded("take") as url:
        Client(url).post(card())
    assert place.text("take") == before


@pytest.mark.parametrize("words", [("auto", "take"), ("verify", "take")])
def test_another_kind_of_upstream_is_refused(place: Workplace, words: tuple[str, ...]) -> None:
    printed = refused(place, *words, *STRIPE_S)
    assert "cassettes/take.yaml: it was recorded from the built-in mock" in printed
    assert "the upstream is now Stripe: give `--upstream mock`, or `--mix-upstreams`" in printed
    relabel(place, "recorded_from: stripe\n")
    printed = refused(place, *words)
    assert "it was recorded from Stripe, and the upstream is now the built-in mock" in printed
    assert "give `--upstream https://api.stripe.com`" in printed


def test_run_and_sessions_refuse_it_too(place: Workplace) -> None:
    refused(place, "run", "--mode", "auto", "--cassette", "take", *STRIPE_S, "--", "true")
    token = "only-for-these-tests"
    words = ("serve", "--admin", "127.0.0.1:0", *STRIPE_S)
    with Session(place.directory, *words, TOKENTAPE_ADMIN_TOKEN=token) as server:
        body = b'{"cassette": "take", "mode": "auto"}'
        path = "/_tokentape/sessions"
        answer = Client(server.url, token).send("POST", path, body, Content_Type="application/json")
        assert (answer.status, answer.error["code"]) == (422, "unusable_cassette")
        assert "--mix-upstreams" in answer.error["message"]


def test_it_may_be_mixed_and_is_then_of_neither(place: Workplace) -> None:
    with Upstream(stripe()) as upstream:
        words = ("--upstream", upstream.url)
        refused(place, "auto", "take", *words)
        with place.serving("auto", "take", *words, "--mix-upstreams") as session:
            Client(session.url).post(card("5555555555554444"))
            assert session.end() == 0
    text = place.text("take")
    assert text.startswith("recorded_from: other\n")
    assert text.count("- request:") == 2
    assert place.run("verify", "take", TOKENTAPE_MIX_UPSTREAMS="true").returncode == 0


def test_a_cassette_that_does_not_say_loads_and_goes_on_not_saying(place: Workplace) -> None:
    old = relabel(place, "")
    with place.recorded("take", mode="auto") as url:
        assert Client(url).post(card()).result == "replayed"
        Client(url).post(card("5555555555554444"))
    assert place.text("take").startswith(old)
    assert place.run("verify", "take").returncode == 0


@pytest.mark.parametrize(
    ("label", "options"),
    [
        ("recorded_from: stripe\n", " --upstream https://api.stripe.com"),
        ("recorded_from: mock\n", ""),
        ("recorded_from: other\n", " --upstream URL"),
        ("", ""),
    ],
)
def test_a_miss_names_the_command_that_would_work(
    place: Workplace, label: str, options: str
) -> None:
    relabel(place, label)
    with place.serving("replay", "take") as session:
        message = Client(session.url).post(card(exp_month="7")).error["message"]
    assert message.endswith(f"`tokentape auto take{options}` or `tokentape record take{options}`.")


def test_a_miss_names_the_directory_of_the_cassettes(place: Workplace) -> None:
    place.path("take").parent.rename(place.directory / "my tapes")
    with place.serving("replay", "take", "--cassettes", "my tapes") as session:
        message = Client(session.url).post(card(exp_month="7")).error["message"]
    assert "`tokentape auto take --cassettes 'my tapes'`" in message


def test_the_upstream_of_the_settings_is_overruled_by_the_advice(place: Workplace) -> None:
    place.configure("upstream: https://api.stripe.com\n")
    with place.serving("replay", "take") as session:
        message = Client(session.url).post(card(exp_month="7")).error["message"]
    assert "`tokentape auto take --upstream mock`" in message


def test_show_ls_fmt_prune_and_recover_keep_it(place: Workplace) -> None:
    assert (
        "take: 1 interaction, recorded from the built-in mock" in place.run("show", "take").stdout
    )
    assert (
        json.loads(place.run("show", "take", "--format", "json").stdout)["recorded_from"] == "mock"
    )
    assert "  mock    card" in place.run("ls").stdout
    (listed,) = json.loads(place.run("ls", "--format", "json").stdout)["cassettes"]
    assert listed["recorded_from"] == "mock"

    relabel(place, "recorded_from: stripe\n")
    place.path("take").write_text(place.text("take").replace("code: 200", "code:  200"))
    assert place.run("fmt", "take").returncode == 0
    assert place.text("take").startswith("recorded_from: stripe\nversion: 1\n")
    assert "code: 200" in place.text("take")
    assert place.run("scan", "cassettes").returncode == 0

    with place.serving("auto", "take", *STRIPE_S) as session:
        Client(session.url).post(card())
        session.kill()
    with place.recorded("left") as url:
        Client(url).post(card())
        Client(url).post(card(exp_month="7"))
    with place.serving("replay", "left", "--prune") as session:
        Client(session.url).post(card())
        assert session.end() == 0
    assert place.text("left").startswith("recorded_from: mock\n")
    assert place.text("left").count("- request:") == 1

    with place.serving("record", "left") as session:
        Client(session.url).post(card())
        session.kill()
    place.path("left").unlink()
    assert place.run("recover", "left").returncode == 0
    assert place.text("left").startswith("recorded_from: mock\n")


@pytest.mark.parametrize(
    ("theirs", "merged"), [("mock", "recorded_from: mock\n"), ("stripe", "recorded_from: other\n")]
)
def test_a_merge_of_two_kinds_is_of_neither(place: Workplace, theirs: str, merged: str) -> None:
    _, _, rest = place.text("take").partition("\n")
    conflict = "<<<<<<< ours\nrecorded_from: mock\n=======\nrecorded_from: {}\n>>>>>>> theirs\n"
    place.path("take").write_text(conflict.format(theirs) + rest)
    assert place.run("fmt", "take").returncode == 0
    assert place.text("take") == merged + rest


def test_an_import_is_of_the_host_that_answered(workplace: Workplace) -> None:
    raw = workplace.directory / "raw.yaml"
    for host, label in (("api.stripe.com", "stripe"), ("127.0.0.1:12111", "other")):
        raw.write_text(
            "version: 1\ninteractions:\n- request:\n    method: POST\n    headers: {}\n"
            f"    uri: https://{host}/v1/tokens\n    body: pii[id_number]=000000000\n"
            "  response:\n    status: {code: 200, message: OK}\n    headers: {}\n"
            '    body: {string: \'{"id": "pii_1", "object": "token", "type": "pii"}\'}\n'
        )
        ran = workplace.run("import", "raw.yaml", "--name", "clean", "--force")
        assert ran.returncode == 0, ran.stderr
        assert workplace.text("clean").startswith(f"recorded_from: {label}\n")


def test_it_is_read_wherever_it_stands(tmp_path: Path) -> None:
    assert recorded_from(b"version: 1\ninteractions: []\n") is None
    assert recorded_from(b'{"interactions": [], "recorded_from": "stripe"}') is UpstreamKind.STRIPE
    assert recorded_from(b"recorded_from: mock\r\nversion: 1\r\n") is UpstreamKind.MOCK


def test_another_word_there_is_refused(place: Workplace) -> None:
    relabel(place, "recorded_from: somewhere\n")
    printed = refused(place, "replay", "take", "--listen", "127.0.0.1:0")
    assert "cassettes/take.yaml:1: recorded_from is one of stripe, mock, other" in printed
    relabel_back = place.text("take").replace("somewhere", "mock")
    place.path("take").write_text(relabel_back)
