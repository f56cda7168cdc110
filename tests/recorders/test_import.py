"""`tokentape import` of what each recorder writes: one cassette, clean, that answers all calls."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from tokentape.commands.fmt import format_cassettes
from tokentape.commands.import_ import import_cassettes
from tokentape.commands.scan import scan_files
from tokentape.edges.settings import Settings
from tokentape.pure.http.messages import Response
from tokentape.pure.recorders.forms import read_recording
from tokentape.pure.replay.decide import Mode
from tokentape.session.in_process import InProcess
from tokentape.session.opening import Opener

from tests.edges.test_cassette_file import just_before
from tests.recorders.conftest import CARD, SERVED, is_served, read_body
from tests.recorders.forms import FORMS, Said, har, nock, php_vcr, ruby_vcr, vcrpy
from tests.wire import SECRET

CLEAN = Path("cassettes/pay.yaml")


@pytest.fixture(autouse=True)
def _directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def imported(path: str, text: str, name: str = "pay", *, force: bool = False, **parts: str) -> int:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text(text, "utf-8")
    settings = replace(Settings(), **parts)
    return import_cassettes(settings, (Path(path),), name, force=force)


def replayed(text: str, name: str = "pay") -> list[int]:
    """Return the numbers of the recorded calls that the cassette answers as they were answered.

    Ids are sent as this session gave them out.
    """
    session = InProcess(Opener(Settings(), print, print), Mode.REPLAY, name, print)
    numbers, ids = [], {"": ""}
    for call in read_recording(text).calls:
        goes_to_stripe = call.host == "api.stripe.com" and is_served(call.method, call.path)
        exchange = call.exchange() if goes_to_stripe else None
        if exchange is None:
            continue
        request, recorded = exchange
        target = re.sub(r"tok_\w+", lambda match: ids[match[0]], request.target)
        answer = session.replayed(request._replace(target=target))
        if answer and answer.status == recorded.status:
            numbers.append(call.number)
            ids[read_body(recorded)["id"]] = read_body(answer)["id"]
    return numbers


@pytest.mark.parametrize("form", FORMS)
def test_each_form_becomes_the_same_clean_cassette(
    form: str, calls: list[Said], capsys: pytest.CaptureFixture[str]
) -> None:
    recorder, write = FORMS[form]
    imported("same.yaml", vcrpy(calls), "same")
    text = write(calls)
    assert imported("raw.txt", text) == 0
    err = capsys.readouterr().err
    assert f"raw.txt ({recorder}): 3 of 5 calls recorded" in err
    assert "left out: 1 call to other hosts than api.stripe.com" in err
    assert "left out: 1 call to Stripe that tokentape does not serve yet (number 3)" in err
    assert "raw.txt is raw still: delete it" in err
    assert CARD not in err
    if form != "nock 14":  # which records no headers of requests
        assert CLEAN.read_text() == Path("cassettes/same.yaml").read_text()
    assert scan_files(Settings(), (Path("cassettes"),), "text") == 0
    assert format_cassettes(Settings(), (), check=True) == 0
    assert replayed(text) == SERVED


def test_a_recording_is_replaced_in_place_if_all_of_it_is_recorded(
    calls: list[Said], capsys: pytest.CaptureFixture[str]
) -> None:
    raw = vcrpy([calls[0], calls[4]])
    assert imported("cassettes/pay.yaml", raw) == 0
    err = capsys.readouterr().err
    assert "the raw file is replaced; a repository's history may hold it" in err
    assert "delete it" not in err
    assert "{{name.1}}" in CLEAN.read_text()
    assert replayed(raw) == [1, 2]


def test_a_recording_is_not_replaced_in_place_if_calls_would_be_lost(
    calls: list[Said], capsys: pytest.CaptureFixture[str]
) -> None:
    raw = ruby_vcr(calls)
    assert imported("cassettes/pay.yaml", raw) == 2
    assert "2 calls would be lost" in capsys.readouterr().err
    assert CLEAN.read_text() == raw
    assert imported("cassettes/pay.yaml", raw, force=True) == 0
    assert "{{name.1}}" in CLEAN.read_text()


def test_another_cassette_is_not_replaced(
    calls: list[Said], capsys: pytest.CaptureFixture[str]
) -> None:
    assert imported("raw.json", nock(calls)) == 0
    assert imported("cassettes/raw.json", nock(calls)) == 2
    assert "cassette pay exists: --force replaces it" in capsys.readouterr().err


@pytest.mark.parametrize("force", [False, True])
def test_one_that_comes_to_be_meanwhile_is_replaced_by_force_only(
    calls: list[Said], capsys: pytest.CaptureFixture[str], *, force: bool
) -> None:
    CLEAN.parent.mkdir()
    with just_before("flock", lambda: CLEAN.write_text("another's")):
        assert imported("raw.json", nock(calls), force=force) == (0 if force else 2)
    changed = "cassettes/pay.yaml: has just been changed by another process"
    assert (changed in capsys.readouterr().err) != force
    assert (CLEAN.read_text() == "another's") != force


def test_a_cassette_is_named_after_the_file_of_any_recorder(calls: list[Said]) -> None:
    for path in (
        "spec/fixtures/vcr_cassettes/Pay/with_a_card.yml",
        "__recordings__/pays_823972681/recording.har",
        "fixtures/nock.json",
        "page.har",
        "tests/fixtures/php_vcr",
    ):
        assert imported(path, har(calls), "") == 0
    assert sorted(str(path) for path in Path("cassettes").rglob("*.yaml")) == [
        "cassettes/Pay/with_a_card.yaml",
        "cassettes/nock.yaml",
        "cassettes/page.yaml",
        "cassettes/pays_823972681.yaml",
        "cassettes/php_vcr.yaml",
    ]


def test_calls_to_the_upstream_are_imported(
    calls: list[Said], capsys: pytest.CaptureFixture[str]
) -> None:
    own = [call._replace(origin="http://stripe-mock:12111") for call in calls[:1]]
    assert imported("raw.yml", php_vcr(own)) == 0
    assert "--upstream URL imports calls to a host of your own" in capsys.readouterr().err
    assert not CLEAN.exists()
    assert imported("raw.yml", php_vcr(own), upstream="http://stripe-mock:12111") == 0
    assert "1 of 1 call recorded" in capsys.readouterr().err


def test_what_is_not_recorded_is_named_by_its_number(
    calls: list[Said], capsys: pytest.CaptureFixture[str]
) -> None:
    odd = calls[0].request
    answers = [
        calls[0],
        calls[0]._replace(response=Response(500, (), b"{}")),
        calls[0]._replace(response=Response(0, (), b"{}")),
        calls[0]._replace(response=Response(200, (), b"no JSON")),
        calls[0]._replace(request=odd._replace(headers=(("Content-Type", "text/plain"),))),
    ]
    assert imported("raw.har", har(answers)) == 0
    err = capsys.readouterr().err
    assert "1 of 5 calls recorded" in err
    assert "1 call without an answer in the file (number 3)" in err
    assert "3 calls that may not be recorded" in err
    assert "(number 2, 4, 5)" in err
    assert "raw.har: call 4: an answer was not recorded: " in err


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [", "raw.yml:2: this is not valid YAML"),
        ("[]", "raw.yml: this is no recording of Betamax, vcr for R, Ruby VCR, "),
        ("http_interactions: 1", "raw.yml:1: http_interactions is not a list"),
    ],
)
def test_what_cannot_be_imported_is_named_with_its_place(
    text: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert imported("raw.yml", text) == 2
    assert message in capsys.readouterr().err


def test_a_fault_in_an_exchange_is_named_with_its_place(
    calls: list[Said], capsys: pytest.CaptureFixture[str]
) -> None:
    assert imported("raw.yml", ruby_vcr(calls).replace("code: 200", f"code: {SECRET}", 1)) == 2
    err = capsys.readouterr().err
    assert "http_interactions[0].response.status.code is not the HTTP status of an answer" in err
    assert "raw.yml:" in err
    assert SECRET not in err
    assert not CLEAN.exists()


def test_bytes_that_are_not_utf8_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    Path("raw.yml").write_bytes(b"a: \xff")
    assert import_cassettes(Settings(), (Path("raw.yml"),), "pay", force=False) == 2
    assert "is not UTF-8 at byte 3" in capsys.readouterr().err
