"""One file judged: as a cassette, as one of vcrpy alone, as any other text."""

from __future__ import annotations

import gzip
import json

import pytest
import yaml
from tokentape.pure.audit.inspection import readable
from tokentape.pure.leak_check.findings import CARD_NUMBER, HIDDEN, MALFORMED, RAW, UNREDACTED
from tokentape.pure.leak_check.findings import KEY as API_KEY

from tests.cassettes_by_hand import CASSETTE, INSPECTOR
from tests.disguises import CARD, KEY


def judged(text: str) -> set[tuple[int, str]]:
    return {(one.line, one.kind) for one in INSPECTOR.file(text.encode())}


def changed(old: str, new: str) -> str:
    assert old in CASSETTE
    return CASSETTE.replace(old, new, 1)


def test_a_cassette_of_tokentape_is_clean() -> None:
    assert INSPECTOR.cassette(CASSETTE.encode()) == ()
    assert judged(CASSETTE) == set()
    assert judged(CASSETTE.replace("\n", "\r\n")) == set()


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        (changed("version: 1", "version: 2"), (1, MALFORMED)),
        (changed("method: POST", "method: Ada"), (5, MALFORMED)),
        (changed("{{name.1}}", "Ada"), (10, UNREDACTED)),
        (changed("/{{tok.2}}", "/tok_1"), (34, UNREDACTED)),
        (changed("Bearer {{key:sk_test}}", "Bearer ada"), (8, UNREDACTED)),
        (changed("{{req.1}}", "req_1"), (14, UNREDACTED)),
        (changed('"name": "{{name.1}}"', '"name": "Ada"'), (17, UNREDACTED)),
        (changed('"livemode": false', '"livemode":  false'), (17, HIDDEN)),
        (changed("message: OK", "message: Ada"), (12, MALFORMED)),
        (f"{CASSETTE}# {CARD}\n", (52, CARD_NUMBER)),
        (f"{CASSETTE}# {KEY}\n", (52, API_KEY)),
        (changed("{{name.1}}", "J\u00f6rg"), (10, MALFORMED)),
    ],
)
def test_a_fault_is_found_where_it_is(text: str, finding: tuple[int, str]) -> None:
    assert finding in judged(text)


@pytest.mark.parametrize(
    "text",
    [
        changed("recorded_with: tokentape 0.1\n", "").replace("{{name.1}}", "Ada"),
        changed("interactions:", "others:").replace("{{name.1}}", "Ada"),
        changed("recorded_with: tokentape 0.1\n", "").replace("{{tok.1}}", "tok_1"),
    ],
)
def test_what_looks_like_a_cassette_is_judged_as_one(text: str) -> None:
    assert judged(text)


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


def test_a_cassette_of_vcrpy_alone_is_reported_if_it_holds_tokens() -> None:
    assert judged(VCRPY % "tokens") == {(1, RAW)}
    assert judged(VCRPY % "charges") == set()


def test_a_cassette_of_vcrpy_may_be_json() -> None:
    assert judged(json.dumps(yaml.safe_load(VCRPY % "tokens"))) == {(1, RAW)}


def test_a_cassette_of_vcrpy_alone_passes_the_gate_too() -> None:
    assert judged((VCRPY % "charges").replace("Ada", CARD)) == {(3, CARD_NUMBER)}
    assert judged((VCRPY % "tokens").replace("Ada", CARD)) == {(1, RAW), (3, CARD_NUMBER)}


def test_other_yaml_is_no_cassette() -> None:
    assert judged("interactions:\n  - click\n  - scroll\n") == set()
    assert judged(f"name: Ada\ncard: {CARD}\n") == {(2, CARD_NUMBER)}


def test_a_name_that_holds_a_secret_is_not_shown() -> None:
    assert INSPECTOR.name("a/b.yaml", 3) == ("a/b.yaml", ())
    name, (finding,) = INSPECTOR.name(f"a/{CARD}.yaml", 3)
    assert (name, finding.kind) == ("file 3", CARD_NUMBER)


def test_a_name_is_shown_in_one_line_without_controls() -> None:
    assert INSPECTOR.name("a\n\x1b[2J\udcff", 1) == ("a\ufffd\ufffd[2J\ufffd", ())


def test_text_is_told_from_binary() -> None:
    assert readable(b"text") == b"text"
    assert readable(gzip.compress(b"text")) == b"text"
    assert readable("t\u00ebxt".encode("utf-16")) == "\ufefft\u00ebxt".encode()[3:]
    assert readable(b"\x89PNG\0") is None
    assert readable(gzip.compress(b"\0")) is None
    assert readable(b"\x1f\x8b no gzip") is None
