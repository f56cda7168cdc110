"""The gate finds what no cassette may hold, in every disguise, and leaves innocent text alone."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stdnum import luhn

from proxy.pure import gate
from tests.disguises import ANYTHING, DIGITS, Disguise
from tests.wire import LIVE, SECRET, VISA

WORDS = frozenset({"card", "Visa", "individual"})
MASTERCARD = "5105105105105100"


def card_numbers() -> st.SearchStrategy[str]:
    bodies = st.text("0123456789", min_size=11, max_size=11).map(lambda rest: "4147" + rest)
    return bodies.map(lambda body: body + luhn.calc_check_digit(body))


def found(text: str) -> bool:
    return bool(gate.findings(f"  before: {text}\n".encode()))


@pytest.mark.parametrize("secret", [VISA, MASTERCARD, SECRET, LIVE], ids=["visa", "mc", "sk", "lv"])
@pytest.mark.parametrize("disguise", ANYTHING.values(), ids=ANYTHING)
def test_a_secret_in_disguise_is_found(secret: str, disguise: Disguise) -> None:
    assert found(disguise(secret))


@pytest.mark.parametrize("disguise", DIGITS.values(), ids=DIGITS)
def test_a_number_in_disguise_is_found(disguise: Disguise) -> None:
    assert found(disguise(VISA))


@settings(deadline=None)
@given(card_numbers(), st.sampled_from(sorted(DIGITS)), st.sampled_from(sorted(ANYTHING)))
def test_disguises_over_each_other_are_seen_through(number: str, one: str, other: str) -> None:
    assert found(ANYTHING[other](DIGITS[one](number)))


def test_a_finding_names_its_line_and_never_what_was_found() -> None:
    (finding,) = gate.findings(f"one\ntwo {VISA}\n".encode())
    assert finding.line == 2
    assert VISA not in repr(finding)
    assert VISA[-4:] not in repr(finding)


@pytest.mark.parametrize(
    "text",
    [
        "created: 1700000000000",
        "9f86d081-884c-4d63-a1b4-c2d3e4f5a6b7",
        "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "2026-11-23T21:02:33.123456Z",
        "+44 20 7946 0958, +1 202 555 0143",
        f"a published number {VISA}",
        "pk_token_instrument_name and sk_test_",
    ],
)
def test_innocent_text_elsewhere_is_left_alone(text: str) -> None:
    assert gate.findings_elsewhere(text.encode(), frozenset({VISA})) == ()


@pytest.mark.parametrize("text", [f"number={'4111' + '1' * 12}", f"key: {LIVE}", f"key: {SECRET}"])
def test_secrets_elsewhere_are_found(text: str) -> None:
    assert gate.findings_elsewhere(text.encode(), frozenset({VISA}))


@pytest.mark.parametrize("disguise", ANYTHING.values(), ids=ANYTHING)
def test_raw_values_of_the_exchange_are_found_in_disguise(disguise: Disguise) -> None:
    value = "Ada King Lovelace"
    written = f"name: {disguise(value)}\n".encode()
    assert gate.leaks(written, [value], WORDS)


def test_a_value_of_the_vocabulary_cannot_be_told_from_it() -> None:
    assert not gate.leaks(b'"brand": "Visa"\n', ["Visa"], WORDS)


def test_a_value_that_is_not_there_is_not_found() -> None:
    assert not gate.leaks(b'"name": "{{name.1}}"\n', ["Ada Lovelace", "314", VISA], WORDS)
