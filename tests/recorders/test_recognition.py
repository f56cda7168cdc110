"""Raw recordings among the files of a scan."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tokentape.commands.scan import scan_files
from tokentape.edges.settings import Settings
from tokentape.pure.recorders.recognition import Recognised, recording_of_stripe

from tests.cassettes_by_hand import CASSETTE
from tests.recorders.conftest import API, is_served
from tests.recorders.forms import FORMS, Said, har, nock, ruby_vcr


@pytest.mark.parametrize("form", FORMS)
def test_calls_to_stripe_are_a_finding_in_each_form(form: str, calls: list[Said]) -> None:
    """Even those that hold no card number and no key."""
    recorder, write = FORMS[form]
    text = write(calls[2:3])
    recognised = recording_of_stripe(text.encode(), is_served)
    assert recognised is not None
    assert recognised.recorder == recorder
    assert "stripe.com" in text.splitlines()[recognised.line - 1]


@pytest.mark.parametrize("form", FORMS)
def test_calls_to_others_are_none(form: str, calls: list[Said]) -> None:
    assert recording_of_stripe(FORMS[form][1](calls[3:4]).encode(), is_served) is None


def test_calls_to_a_mock_on_loopback_are_a_finding(calls: list[Said]) -> None:
    at_mock = [call._replace(origin="http://localhost:12111") for call in calls[:1]]
    assert recording_of_stripe(ruby_vcr(at_mock).encode(), is_served) == Recognised("Ruby VCR", 5)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "request: https://api.stripe.com/\n",
        json.dumps({"request": {"url": API}}),
        json.dumps({"entries": [{"request": {"url": API}}]}),
        "VCR::HTTPInteraction of api.stripe.com, in a sentence",
    ],
)
def test_other_texts_about_stripe_are_none(text: str) -> None:
    assert recording_of_stripe(text.encode(), is_served) is None


def test_a_damaged_recording_is_taken_for_what_it_looks_like(calls: list[Said]) -> None:
    for text in (nock(calls)[:-1], har(calls)[:-1], ruby_vcr(calls) + "<% end %>: ["):
        recognised = recording_of_stripe(text.encode(), is_served)
        assert recognised is not None
        assert recognised.recorder == "which cannot be read"


def test_a_name_of_a_file_need_not_tell(
    calls: list[Said],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("pay.yml", "pay.json", "recording.har", "php_vcr_has_no_suffix"):
        Path(name).write_text(har(calls[2:3]))
    assert scan_files(Settings(), (Path(),), "text") == 1
    out = capsys.readouterr().out
    assert out.count("raw recording (HAR): it holds calls to Stripe as they were sent") == 4


def test_a_cassette_is_none_that_is_raw() -> None:
    """Its calls went to Stripe too: the caller has to have looked at that first."""
    assert recording_of_stripe(CASSETTE.encode(), is_served) is not None
