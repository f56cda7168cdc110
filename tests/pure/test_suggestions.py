"""What somebody may have meant: placeholders, and the messages that ask for them."""

from __future__ import annotations

from functools import partial

import pytest
from tokentape.errors import CassetteError
from tokentape.pure.audit.loading import load_cassette
from tokentape.pure.audit.redaction_check import is_valid_placeholder
from tokentape.pure.audit.suggestions import suggested
from tokentape.pure.leak_check.findings import UNREDACTED_VALUE

from tests.cassettes_by_hand import CASSETTE, INSPECTOR

REDACTOR = INSPECTOR.redactor
VALUES = REDACTOR.values
REMEDY = "put a placeholder there, or record it again"
ONLY_1 = "the version is not 1, the only one that this tokentape reads"


@pytest.mark.parametrize(
    ("text", "suggestion"),
    [
        ("{{card:vsia}}", "{{card:visa}}"),
        ("{{ card:visa }}", "{{card:visa}}"),
        ("{{crad:visa}}", "{{card:visa}}"),
        ("Bearer {{key:sk_tst}}", "{{key:sk_test}}"),
        ("{{nmae.4}}", "{{name.N}}"),
        ("{{name.?}} and {{emial.?}}", "{{email.N}}"),
        ("{{card.12:vsia}}", "{{card.N:visa}}"),
        ("{{card:visa.last}}", "{{card:visa.last4}}"),
        ("{{name.1}}", ""),
        ("{{card:visa}}", ""),
        ("{{open}}", ""),
        ("Ada", ""),
        ("{{qwertz.1}}", ""),
        ("{{" + "card:vsia" * 50 + "}}", ""),
        ("{{" * 500, ""),
    ],
)
def test_the_closest_placeholder_that_exists(text: str, suggestion: str) -> None:
    is_valid = partial(is_valid_placeholder, values=VALUES)
    assert suggested(text, VALUES.published, is_valid) == suggestion


def with_change(old: str, new: str) -> bytes:
    assert old in CASSETTE
    return CASSETTE.replace(old, new, 1).encode()


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        (
            "{{card:visa}}",
            "{{card:vsia}}",
            10,
            "request field 4, card[number] holds what is not redacted; did you mean {{card:visa}}?",
        ),
        (
            "{{name.1}}",
            "Ada",
            10,
            f"request field 3, card[name] holds what is not redacted: {REMEDY}",
        ),
        (
            '"name": "{{name.1}}"',
            '"name": "{{nmae.1}}"',
            17,
            "the answer's body, at card.name holds what is not redacted; did you mean {{name.N}}?",
        ),
        ("message: OK", "message: Ada", 12, "the message of status 200 is `OK`: write that"),
        (
            "    method: POST",
            "    methd: POST",
            5,
            "an unknown key; known here are: body, headers, method, uri; did you mean method?",
        ),
        (
            "version: 1",
            "version: 2",
            1,
            "the version is not 1, the only one that this tokentape reads",
        ),
    ],
)
def test_an_error_says_what_where_and_what_to_do(
    old: str, new: str, line: int, message: str
) -> None:
    with pytest.raises(CassetteError) as error:
        load_cassette(with_change(old, new), REDACTOR)
    assert (error.value.line, error.value.message) == (line, message)


def test_an_unknown_key_is_asked_about() -> None:
    with pytest.raises(CassetteError, match=r"did you mean recorded_with\?"):
        load_cassette(with_change("recorded_with:", "recorded_wiht:"), REDACTOR)


def test_a_finding_of_a_scan_asks_too() -> None:
    (finding,) = INSPECTOR.cassette(with_change("{{card:visa}}", "{{card:vsia}}"))
    assert finding.kind == UNREDACTED_VALUE
    assert finding.detail == "request field 4, card[number]; did you mean {{card:visa}}?"
