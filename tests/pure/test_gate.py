"""The gate: what it finds however it is disguised, what it lets be, and that it always ends."""

from __future__ import annotations

import base64
import gzip
import hashlib
import random
import tracemalloc
import uuid
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokentape.pure import leak_check as gate
from tokentape.pure.leak_check.findings import (
    CARD_NUMBER,
    CLIENT,
    CREDENTIALS,
    VALUE,
    WEBHOOK,
    Finding,
)
from tokentape.pure.leak_check.findings import (
    KEY as API_KEY,
)

from tests.disguises import CARD, DIGITS, ENCODINGS, KEY, SPREAD, Disguise, card_number

PUBLISHED = frozenset({"4242424242424242"})
NONE: frozenset[str] = frozenset()


def in_cassette(text: str) -> set[tuple[int, str]]:
    return {(one.line, one.kind) for one in gate.findings(text.encode())}


def leaks(text: bytes, values: list[str], vocabulary: frozenset[str]) -> tuple[Finding, ...]:
    return gate.wanted(values, vocabulary).leaks(text)


def elsewhere(text: str) -> set[tuple[int, str]]:
    return {(one.line, one.kind) for one in gate.findings_elsewhere(text.encode(), PUBLISHED)}


# What it finds, however it is disguised.


@pytest.mark.parametrize("disguise", ENCODINGS.values(), ids=ENCODINGS)
@pytest.mark.parametrize(("secret", "kind"), [(CARD, CARD_NUMBER), (KEY, API_KEY)])
def test_no_encoding_hides_a_secret(disguise: Disguise, secret: str, kind: str) -> None:
    text = f'first line\n  "x": "{disguise(secret)}",\nlast line\n'
    assert (2, kind) in in_cassette(text)
    assert (2, kind) in elsewhere(text)
    assert leaks(text.encode(), [secret], NONE)


@pytest.mark.parametrize("disguise", DIGITS.values(), ids=DIGITS)
def test_no_way_to_write_a_number_hides_it(disguise: Disguise) -> None:
    text = f'first line\n"card": "{disguise(CARD)}"\n'
    assert in_cassette(text) == elsewhere(text) == {(2, CARD_NUMBER)}


@pytest.mark.parametrize("disguise", SPREAD.values(), ids=SPREAD)
def test_a_number_spread_out_is_found_in_cassettes(disguise: Disguise) -> None:
    text = f'first line\n"card": ["{disguise(CARD)}"]\n'
    assert in_cassette(text) == {(2, CARD_NUMBER)}
    assert elsewhere(text) == set()


SINGLE = ENCODINGS.keys() - {"percent three deep", "base64 of UTF-16"}  # this one takes ASCII alone


@settings(deadline=None)
@given(st.lists(st.sampled_from(sorted(SINGLE)), max_size=3), st.sampled_from([CARD, KEY]))
def test_encodings_in_encodings_hide_nothing(names: list[str], secret: str) -> None:
    text = secret
    for name in names:
        text = ENCODINGS[name](text)
    assert in_cassette(text)


BRANDS = {
    "visa": ("4", 13, 16, 19),
    "mastercard": ("51", 16),
    "mastercard's second series": ("2720", 16),
    "amex": ("37", 15),
    "discover": ("6011", 16),
    "diners": ("36", 14),
    "jcb": ("3528", 16),
    "unionpay": ("62", 16, 19),
}


@pytest.mark.parametrize(("iin", "lengths"), [(iin, rest) for iin, *rest in BRANDS.values()])
def test_numbers_of_every_brand_and_length(iin: str, lengths: list[int]) -> None:
    for length in lengths:
        number = card_number(iin, "8" * 19, length)
        assert in_cassette(f"x={number}.") == {(1, CARD_NUMBER)}
        assert elsewhere(f'{{"card": {{"number": "{number}"}}}}') == {(1, CARD_NUMBER)}


@pytest.mark.parametrize(
    "text",
    [
        f"number={CARD}&cvc=123",
        f"Ada,{CARD},12/30,123",
        f"| {CARD[:4]} {CARD[4:8]} {CARD[8:12]} {CARD[12:]} | 12/30 | 123 |",
        f"{CARD[:4]}-{CARD[4:8]}-{CARD[8:12]}-{CARD[12:]}",
        f"{CARD[:4]}_{CARD[4:8]}_{CARD[8:12]}_{CARD[12:]}",
        f"GET /pay/{CARD}/now",
        f'{{"pan": {CARD}}}',
        f"{CARD}",
        f"valid: {CARD}",
        f"card {CARD[:6]} {CARD[6:]} 123",
        f"Visa 2026 {CARD[:4]} {CARD[4:8]} {CARD[8:12]} {CARD[12:]}",
    ],
)
def test_numbers_as_people_and_programs_write_them(text: str) -> None:
    assert elsewhere(f"one\n{text}\n") == {(2, CARD_NUMBER)}


RANDOM = "4eC39HqLyjWDarjtT1zdp7dc"
SECRETS = [
    ("sk_" + "test_" + RANDOM, API_KEY),
    ("rk_" + "live_" + RANDOM, API_KEY),
    ("pk_" + "live_" + RANDOM, API_KEY),
    ("sk_" + "live_" + "x" * 24, API_KEY),
    ("sk_" + "org_live_" + RANDOM * 4, API_KEY),
    ("rkcs_" + "test_" + RANDOM, API_KEY),
    ("oak_" + RANDOM, API_KEY),
    ("whsec_" + RANDOM + "/+" + RANDOM, WEBHOOK),
    ("pi_" + RANDOM + "_secret_" + RANDOM, CLIENT),
    ("Basic " + base64.b64encode(b"ada:lovelace").decode(), CREDENTIALS),
]


@pytest.mark.parametrize(("secret", "kind"), SECRETS)
def test_secrets_of_every_shape(secret: str, kind: str) -> None:
    text = f'one\ntwo = "{secret}"\n'
    assert in_cassette(text) == elsewhere(text) == {(2, kind)}


def test_a_published_number_is_a_finding_in_cassettes_alone() -> None:
    assert in_cassette("4242424242424242") == {(1, CARD_NUMBER)}
    assert elsewhere("4242424242424242 or 4242 4242 4242 4242") == set()


def test_lines_are_those_of_the_text_in_large_files_too() -> None:
    text = "nothing on this line\n" * 300_000 + f"{CARD}\n"
    assert elsewhere(text) == {(300_001, CARD_NUMBER)}


# What it lets be.

_chance = random.Random(3)
_luhn_numbers = [card_number("4", str(_chance.randrange(10**15, 10**16)), 16) for _ in range(200)]
BENIGN = {
    "UUIDs": [str(uuid.UUID(int=_chance.getrandbits(128))) for _ in range(2_000)],
    "hashes": [hashlib.sha256(b"%d" % one).hexdigest() for one in range(2_000)],
    "integrity": [
        f"sha512-{base64.b64encode(_chance.randbytes(64)).decode()}" for _ in range(2_000)
    ],
    "milliseconds": [str(1_700_000_000_000 + one * 977) for one in range(5_000)],
    "microseconds": [str(1_700_000_000_000_000 + one * 99_991) for one in range(5_000)],
    "dates": [f"2026-11-23T10:{one:02}:17.123456Z" for one in range(60)],
    "days and numbers": [f"2226-11-23 {one}" for one in range(10_000_000, 10_002_000)],
    "fractions": [repr(_chance.random()) for _ in range(5_000)],
    "long numbers": [f"{one}{_chance.randrange(10**12)}" for one in _luhn_numbers],
    "in words": [f"a{one}f" for one in _luhn_numbers],
    "ids by name": [f'{{"user_id": {one}, "orderId": "{one}"}}' for one in _luhn_numbers],
    "telephones": [f"+49 30 {one:04} {one:04}" for one in range(1_000, 3_000)],
    "IBANs": [f"DE75 {one[:4]} {one[4:8]} {one[8:12]} {one[12:]} 99" for one in _luhn_numbers],
    "tables": [
        " ".join(str(_chance.randrange(4000, 6000)) for _ in range(12)) for _ in range(2_000)
    ],
    "lists": [str([_chance.randrange(100) for _ in range(40)]) for _ in range(500)],
    "an image": ["data:image/png;base64," + base64.b64encode(_chance.randbytes(50_000)).decode()],
    "compressed": [base64.b64encode(gzip.compress(b"some text " * 99)).decode()],
    "code": ["if(4<r&&r<16)return[4,13,16,19,51,52,53,54,55,2221,2720].map(t=>t%10)"],
    "keys in prose": [
        "sk_" + "test_...",
        "sk_" + "live_YOUR_KEY",
        "sk_" + "test_anything",
        "sk_" + "test_" + "x" * 24,
        "whsec_" + "...",
        "pi_123_secret_456",
        "task_test_1234567890abcdef",
        "create_database_secret_rotation",
    ],
    "basic things": ["Basic authentication", "basic information: none", "Basic dGhlcmUgaXMgbm9uZQ"],
    "other scripts": ["日本語の文章と１２３", "नमस्ते १२३४", "مرحبا ١٢٣٤"],
}


@pytest.mark.parametrize("lines", BENIGN.values(), ids=BENIGN)
def test_what_is_no_secret_is_let_be(lines: list[str]) -> None:
    assert elsewhere("\n".join(lines)) == set()


# The raw values of an exchange.


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("Ada Lovelace", "name: Ada Lovelace"),
        ("Ada Lovelace", "ADA+LOVELACE"),
        ("Ada Lovelace", "ada_x.ada-lovelace"),
        ("José Ñandú", "Jose\u0301 Ñandu\u0301"),
        ("+1 (555) 123-4567", "15551234567"),
        ("078-05-1120", "x078051120x"),
        ("000123456789", "0001 2345 6789"),
        ("ada@example.com", "<ada@example.com>"),
        ("12345", "zip=12345"),
    ],
)
def test_a_value_is_found_however_it_is_spelt(value: str, text: str) -> None:
    found = leaks(f"one\n{text}\n".encode(), ["other", value], NONE)
    assert found == (Finding(2, VALUE),)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("card number", "card[number]="),
        ("Visa", '"brand": "visa"'),
        ("Ada", "Ada"),
        ("1234", "1234"),
        ("name 1", "{{name.1}}"),
        ("{{name.1}}", "{{name.1}}"),
        ("Love", "Lovelace"),
        ("", ""),
    ],
)
def test_what_cannot_be_told_from_words_and_chance_is_no_leak(value: str, text: str) -> None:
    known = frozenset({"card", "number", "VISA", "name"})
    assert leaks(text.encode(), [value], known) == ()


def test_of_interactions_much_alike_each_is_looked_at() -> None:
    for number in ("", "1", "1234567"):
        for hidden in (
            CARD,
            f"{{{{name.{CARD}}}}}",
            f"{{{{name.1:{CARD}}}}}",
            f"{{{{name.1}}}}.{CARD}",
        ):
            text = f"{{{{card.{number}}}}} {{{{name.{number}.last4}}}}\n{hidden}\n".encode()
            assert gate.findings_in_one(text) == gate.findings(text) == (Finding(2, CARD_NUMBER),)
            assert leaks(text, [CARD], NONE)


def test_the_next_interaction_is_looked_at_for_its_own_values() -> None:
    for name in ("Grace Hopper", "Ada Lovelace"):
        text = f"{{{{name.1}}}}\nAda Lovelace {{{{card.1}}}}\n{name}\n".encode()
        assert leaks(text, ["Grace Hopper"], NONE) == leaks(text, ["grace+hopper"], NONE)
        assert bool(leaks(text, ["Grace Hopper"], NONE)) is (name == "Grace Hopper")


# That it always ends: no time is measured, but what is quadratic or worse would not end here.

_BOMB = base64.b64encode(gzip.compress(bytes(100_000_000))).decode()
HOSTILE = {
    "percent": "%25" * 30_000 + "41",
    "percent of percent": ("%" + "25" * 50) * 300,
    "backslashes": "\\" * 100_000,
    "entities": "&#38;#" * 20_000,
    "digits": "4" * 100_000,
    "digits apart": "4 " * 50_000,
    "codes": "52, " * 20_000,
    "words": "abcdefgh\n" * 10_000,
    "dashes": "-" * 300_000,
    "zlib begun": base64.b64encode(b"x\x9c" * 30_000).decode(),
    "equals signs": "=\n" * 150_000,
    "keys begun": ("sk_" + "test_") * 30_000,
    "Basic": "Basic YTpi" * 10_000,
    "nothing seen": "\u200b" * 100_000,
    "marks": "4" + "\u0332" * 100_000,
    "bombs": "\n".join([_BOMB] * 20),
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_it_ends_within_bounds(text: str) -> None:
    tracemalloc.start()
    in_cassette(text)
    elsewhere(text)
    leaks(text.encode(), ["Ada Lovelace", "123456789012"], NONE)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 64 * len(text) + (32 << 20)


def test_any_bytes_are_read() -> None:
    for one, other in pairwise([b"\xff\xfe", bytes(range(256)) * 9, b"\xed\xa0\x80", b"%ED%A0%80"]):
        for text in (one, other, one + other):
            gate.findings(text)
            leaks(text, ["\udcff\udc80abc", "Ada Lovelace"], NONE)


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_no_text_brings_it_down(text: bytes) -> None:
    gate.findings(text)
    gate.findings_elsewhere(text, PUBLISHED)
    leaks(text, [text.decode("utf-8", "surrogateescape")], NONE)
