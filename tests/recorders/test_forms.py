"""What a recording says counts, not the form in which a recorder wrote it."""

from __future__ import annotations

import json

import pytest
from tokentape.errors import CassetteError
from tokentape.pure.http.forms import request_pairs
from tokentape.pure.recorders.forms import RECORDERS, read_recording

from tests.recorders.conftest import KEY, is_served, read_body
from tests.recorders.forms import FORMS, Said, har, nock, ruby_vcr

REQUEST = {"method": "GET", "url": "https://api.stripe.com/v1/tokens/x"}


def test_each_recorder_has_a_form_in_these_tests() -> None:
    assert {recorder for recorder, _ in FORMS.values()} == set(RECORDERS)


@pytest.mark.parametrize("form", FORMS)
def test_a_form_is_told_by_what_stands_in_it(form: str, calls: list[Said]) -> None:
    recorder, write = FORMS[form]
    assert read_recording(write(calls)).recorder == recorder


@pytest.mark.parametrize("form", FORMS)
def test_calls_are_read_as_they_were_sent_and_answered(form: str, calls: list[Said]) -> None:
    recording = read_recording(FORMS[form][1](calls))
    assert [(call.number, call.host, call.method, call.target) for call in recording.calls] == [
        (number, call.origin[len("https://") :], call.request.method, call.request.target)
        for number, call in enumerate(calls, 1)
    ]
    for call, said in zip(recording.calls, calls, strict=True):
        exchange = call.exchange()
        assert exchange is not None
        request, response = exchange
        assert request.method == said.request.method
        assert request_pairs(request) == request_pairs(said.request)
        assert response.status == said.response.status
        assert read_body(response) == json.loads(said.response.body)
        assert response.header("request-id") == said.response.header("request-id")
        assert request.header("authorization") == (None if form == "nock 14" else KEY[1])


def test_calls_to_stripe_are_told_from_others(calls: list[Said]) -> None:
    recording = read_recording(ruby_vcr(calls))
    assert [call.goes_to_stripe(is_served) for call in recording.calls] == [
        True,
        True,
        True,
        False,
        True,
    ]
    assert recording.calls[3].goes_to_stripe(is_served, {"example.com"})


@pytest.mark.parametrize("origin", ["http://localhost:12111", "http://127.0.0.1:9", "http://[::1]"])
def test_a_mock_on_loopback_counts_as_stripe_for_what_is_served(
    origin: str, calls: list[Said]
) -> None:
    moved = [call._replace(origin=origin) for call in calls]
    recording = read_recording(har(moved))
    assert [call.goes_to_stripe(is_served) for call in recording.calls] == [
        True,
        True,
        False,
        True,
        True,
    ]


def test_lines_are_those_of_the_file(calls: list[Said]) -> None:
    text = ruby_vcr(calls)
    lines = [number for number, line in enumerate(text.splitlines(), 1) if " uri: " in line]
    assert [call.line for call in read_recording(text).calls] == lines
    assert {call.line for call in read_recording(nock(calls)).calls} == {0}


@pytest.mark.parametrize(
    "document",
    [
        {},
        [],
        [1],
        "secret",
        {"interactions": None},
        {"log": {"secret": 1}},
        {"log": {"entries": None}},
        [{"scope": "secret"}],
        [{"request": REQUEST}],
    ],
)
def test_what_is_no_recording_is_refused_with_what_is_read(document: object) -> None:
    with pytest.raises(CassetteError, match=r"no recording of Betamax, .* or php-vcr") as error:
        read_recording(json.dumps(document))
    assert "secret" not in str(error.value)


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({"http_interactions": {"secret": 1}}, "http_interactions is not a list"),
        ({"http_interactions": [1]}, r"http_interactions\[0\] is not a mapping"),
        ({"interactions": [{"secret": 1}]}, r"interactions\[0\] has no `request`"),
        ({"interactions": [{"request": {}}]}, r"\[0\]\.request has no `uri` or `url`"),
        (
            {"interactions": [{"request": {"uri": "http://[secret", "method": "a"}}]},
            r"interactions\[0\]\.request\.uri is not a URL",
        ),
        ({"log": {"entries": [{"request": {}}]}}, r"log\.entries\[0\]\.request has no `url`"),
    ],
)
def test_an_error_names_the_field_and_no_value(document: object, message: str) -> None:
    with pytest.raises(CassetteError, match=message) as error:
        read_recording(json.dumps(document))
    assert "secret" not in str(error.value)


def test_an_error_names_the_line_of_yaml() -> None:
    with pytest.raises(CassetteError) as error:
        read_recording("http_interactions:\n- request:\n    method: get\n    uri: [a]\n")
    assert error.value.line == 4
    assert error.value.message == "http_interactions[0].request.uri is not a single value"
