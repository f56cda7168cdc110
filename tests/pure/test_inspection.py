"""Inspection of one file: a cassette, a raw recording, or any other text."""

from __future__ import annotations

import json

import pytest
import yaml
from tokentape.pure.audit.readable import readable
from tokentape.pure.leak_check.findings import (
    CARD_NUMBER,
    HIDDEN_TEXT,
    MALFORMED_CASSETTE,
    RAW_RECORDING,
    STRIPE_KEY,
    UNREDACTED_VALUE,
    Finding,
)

from tests.cassettes_by_hand import CASSETTE, INSPECTOR
from tests.disguises import CARD, KEY


def findings_in(text: str) -> set[tuple[int, str]]:
    return {(finding.line, finding.kind) for finding in INSPECTOR.file(text.encode())}


def with_change(old: str, new: str) -> str:
    assert old in CASSETTE
    return CASSETTE.replace(old, new, 1)


def test_a_cassette_of_tokentape_is_clean() -> None:
    assert INSPECTOR.cassette(CASSETTE.encode()) == ()
    assert findings_in(CASSETTE) == set()
    assert findings_in(CASSETTE.replace("\n", "\r\n")) == set()


@pytest.mark.parametrize(
    ("old", "depth"),
    [('"livemode": false', 5), ('"metadata": {}', 6)],
    ids=["in a token", "in a card"],
)
def test_several_unknown_fields_in_an_object_are_clean(old: str, depth: int) -> None:
    begin = "\n" + "  " * depth
    members = "".join(f',{begin}"{{{{field.{n}}}}}": "{{{{text.{n}}}}}"' for n in (1, 2))
    assert findings_in(with_change(old, old + members)) == set()


def test_several_keys_of_metadata_are_clean() -> None:
    begin = "\n" + "  " * 7
    members = f'{begin}"{{{{field.1}}}}": "",{begin}"{{{{field.2}}}}": "{{{{text.1}}}}"'
    metadata = f'"metadata": {{{members}{begin[:-2]}}}'
    assert findings_in(with_change('"metadata": {}', metadata)) == set()


def test_the_same_unknown_name_twice_in_an_object_is_found() -> None:
    twice = '"livemode": false,\n          "{{field.1}}": null,\n          "{{field.1}}": null'
    assert findings_in(with_change('"livemode": false', twice)) == {(17, UNREDACTED_VALUE)}


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        (with_change("version: 1", "version: 2"), (1, MALFORMED_CASSETTE)),
        (with_change("method: POST", "method: Ada"), (5, MALFORMED_CASSETTE)),
        (with_change("{{name.1}}", "Ada"), (10, UNREDACTED_VALUE)),
        (with_change("/{{tok.2}}", "/tok_1"), (34, UNREDACTED_VALUE)),
        (with_change("Bearer {{key:sk_test}}", "Bearer ada"), (8, UNREDACTED_VALUE)),
        (with_change("{{req.1}}", "req_1"), (14, UNREDACTED_VALUE)),
        (with_change('"name": "{{name.1}}"', '"name": "Ada"'), (17, UNREDACTED_VALUE)),
        (with_change('"livemode": false', '"livemode":  false'), (17, HIDDEN_TEXT)),
        (with_change("message: OK", "message: Ada"), (12, MALFORMED_CASSETTE)),
        (with_change("      Req", "      Ada-Lovelace: []\n      Req"), (15, MALFORMED_CASSETTE)),
        (f"{CASSETTE}# {CARD}\n", (52, CARD_NUMBER)),
        (f"{CASSETTE}# {KEY}\n", (52, STRIPE_KEY)),
        (with_change("{{name.1}}", "J\u00f6rg"), (10, MALFORMED_CASSETTE)),
    ],
)
def test_a_fault_is_reported_with_its_line(text: str, finding: tuple[int, str]) -> None:
    assert finding in findings_in(text)


@pytest.mark.parametrize(
    "text",
    [
        with_change("recorded_with: tokentape 0.1\n", "").replace("{{name.1}}", "Ada"),
        with_change("interactions:", "others:").replace("{{name.1}}", "Ada"),
        with_change("recorded_with: tokentape 0.1\n", "").replace("{{tok.1}}", "tok_1"),
    ],
)
def test_a_file_that_looks_like_a_cassette_is_checked_as_one(text: str) -> None:
    assert findings_in(text)


VCRPY = """\
interactions:
- request:
    body: card[number]=4242424242424242&card[name]=Ada
    headers:
      Authorization: [REDACTED]
    method: POST
    uri: https://api.stripe.com/v1/%s
  response:
    body: {string: '{"id": "tok_1"}'}
    headers: {}
    status: {code: 200, message: OK}
version: 1
"""


def test_a_raw_recording_is_reported_if_it_holds_calls_to_stripe() -> None:
    assert findings_in(VCRPY % "tokens") == {(7, RAW_RECORDING)}
    assert findings_in(VCRPY % "charges") == {(7, RAW_RECORDING)}
    assert findings_in((VCRPY % "tokens").replace("api.stripe", "example")) == set()


def test_a_raw_recording_in_the_place_of_a_cassette_is_named_as_one() -> None:
    findings = INSPECTOR.cassette((VCRPY % "charges").encode())
    assert findings == (Finding(3, CARD_NUMBER), Finding(7, RAW_RECORDING, "vcrpy"))


def test_placeholders_make_no_cassette_of_a_raw_recording() -> None:
    assert findings_in((VCRPY % "tokens").replace("tok_1", "{{tok.1}}"))


def test_a_raw_recording_may_be_json() -> None:
    assert findings_in(json.dumps(yaml.safe_load(VCRPY % "tokens"))) == {(1, RAW_RECORDING)}


def test_a_raw_recording_is_searched_for_secrets() -> None:
    assert findings_in((VCRPY % "tokens").replace("Ada", CARD)) == {
        (7, RAW_RECORDING),
        (3, CARD_NUMBER),
    }


def test_other_yaml_is_checked_as_text() -> None:
    assert findings_in("interactions:\n  - click\n  - scroll\n") == set()
    assert findings_in(f"name: Ada\ncard: {CARD}\n") == {(2, CARD_NUMBER)}


def test_a_file_name_with_a_secret_is_not_shown() -> None:
    assert INSPECTOR.name("a/b.yaml", 3) == ("a/b.yaml", ())
    name, (finding,) = INSPECTOR.name(f"a/{CARD}.yaml", 3)
    assert (name, finding.kind) == ("file 3", CARD_NUMBER)


def test_a_file_name_is_shown_without_control_characters() -> None:
    assert INSPECTOR.name("a\n\x1b[2J\udcff", 1) == ("a\ufffd\ufffd[2J\ufffd", ())


def text_of(*parts: bytes) -> bytes | None:
    text = readable(parts)
    return None if text is None else b"".join(text)


CODES = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-be")


@pytest.mark.parametrize("code", CODES)
def test_text_is_readable_in_any_encoding_and_cut_anywhere(code: str) -> None:
    text = "first line: t\u00ebxt\n" * 9
    data = text.encode(code)
    assert text_of(data) == text.encode()
    assert text_of(*(data[at : at + 1] for at in range(len(data)))) == text.encode()


def test_binary_data_is_not_readable() -> None:
    assert text_of() == b""
    assert text_of(b"\x89PNG\0") is None
    assert text_of(bytes(range(256)) * 40) is None
    assert text_of(b"a" * 9_000, b"\0") == b"a" * 9_000 + b"\0"


def test_a_byte_order_mark_makes_no_difference_to_a_cassette() -> None:
    for text in (CASSETTE, CASSETTE.replace("{{name.1}}", "Ada", 1)):
        marked = text.encode("utf-8-sig")
        assert INSPECTOR.cassette(marked) == INSPECTOR.cassette(text.encode())
        assert INSPECTOR.file(marked) == INSPECTOR.file(text.encode())
