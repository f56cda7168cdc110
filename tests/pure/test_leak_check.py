"""The leak check: secrets in disguise, text without secrets, and bounded time and memory."""

from __future__ import annotations

import base64
import gzip
import hashlib
import random
import tracemalloc
import uuid
from itertools import pairwise

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from tokentape.pure import leak_check
from tokentape.pure.leak_check.findings import (
    CARD_NUMBER,
    CLIENT,
    CREDENTIALS,
    STRIPE_KEY,
    UNDECODED,
    WEBHOOK,
    Finding,
)

from tests.disguises import CARD, DIGITS, ENCODINGS, KEY, SPREAD, Disguise, card_number

PUBLISHED = frozenset({"4242424242424242"})


def cassette_kinds(text: str) -> set[tuple[int, str]]:
    return {(finding.line, finding.kind) for finding in leak_check.cassette_findings(text.encode())}


def text_kinds(text: str) -> set[tuple[int, str]]:
    return {
        (finding.line, finding.kind)
        for finding in leak_check.text_findings([text.encode()], PUBLISHED)
    }


# Secrets in disguise.


@pytest.mark.parametrize("disguise", ENCODINGS.values(), ids=ENCODINGS)
@pytest.mark.parametrize(("secret", "kind"), [(CARD, CARD_NUMBER), (KEY, STRIPE_KEY)])
def test_no_encoding_hides_a_secret(disguise: Disguise, secret: str, kind: str) -> None:
    text = f'first line\n  "x": "{disguise(secret)}",\nlast line\n'
    assert (2, kind) in cassette_kinds(text)
    assert (2, kind) in text_kinds(text)


@pytest.mark.parametrize("disguise", DIGITS.values(), ids=DIGITS)
def test_no_spelling_hides_a_card_number(disguise: Disguise) -> None:
    text = f'first line\n"card": "{disguise(CARD)}"\n'
    assert cassette_kinds(text) == text_kinds(text) == {(2, CARD_NUMBER)}


@pytest.mark.parametrize("disguise", SPREAD.values(), ids=SPREAD)
def test_scattered_digits_are_found_in_cassettes_only(disguise: Disguise) -> None:
    text = f'first line\n"card": ["{disguise(CARD)}"]\n'
    assert cassette_kinds(text) == {(2, CARD_NUMBER)}
    assert text_kinds(text) == set()


SINGLE = ENCODINGS.keys() - {
    "percent three deep",
    "base64 of UTF-16",
}  # base64 of UTF-16 takes only ASCII


@settings(deadline=None)
@given(st.lists(st.sampled_from(sorted(SINGLE)), max_size=3), st.sampled_from([CARD, KEY]))
def test_nested_encodings_hide_no_secret(names: list[str], secret: str) -> None:
    text = secret
    for name in names:
        text = ENCODINGS[name](text)
    assert cassette_kinds(text)


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
def test_numbers_of_every_brand_and_length_are_found(iin: str, lengths: list[int]) -> None:
    for length in lengths:
        number = card_number(iin, "8" * 19, length)
        assert cassette_kinds(f"x={number}.") == {(1, CARD_NUMBER)}
        assert text_kinds(f'{{"card": {{"number": "{number}"}}}}') == {(1, CARD_NUMBER)}


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
def test_usual_spellings_of_card_numbers_are_found(text: str) -> None:
    assert text_kinds(f"one\n{text}\n") == {(2, CARD_NUMBER)}


IN_FOUR = f"{CARD[:4]} {CARD[4:8]} {CARD[8:12]} {CARD[12:]}"
FOLDED = [
    f"note: the card is {CARD[:4]} {CARD[4:8]}\n    {CARD[8:12]} {CARD[12:]} of Ada\n",
    f"note: >\n  {CARD[:4]} {CARD[4:8]}\n  {CARD[8:12]} {CARD[12:]}\nnext: 1\n",
    f'note: "of {CARD[:4]} {CARD[4:8]} {CARD[8:12]}\\\n    \\ {CARD[12:]}"\n',
    f'note: "{CARD[:9]}\\\n    {CARD[9:]}"\n',
    f"# pay with {CARD[:4]}-{CARD[4:8]}-\n# {CARD[8:12]}-{CARD[12:]}, please\n",
    f"> {CARD[:4]}\r\n> {CARD[4:8]} {CARD[8:12]} {CARD[12:]} is mine\r\n",
    f"number: {CARD[:8]}\n  {CARD[8:]}\n",
    f"card[number]={CARD[:5]}\n{CARD[5:]}\n",
    yaml.safe_dump({"body": f"{'word ' * 12}{IN_FOUR} {'word ' * 12}"}),
    yaml.safe_dump({"body": f"{'word ' * 13}{IN_FOUR} caf\u00e9 {'word ' * 12}"}),
]


@pytest.mark.parametrize("text", FOLDED)
def test_card_numbers_over_two_lines_are_found(text: str) -> None:
    assert {kind for _, kind in cassette_kinds(text)} == {CARD_NUMBER}
    assert {kind for _, kind in text_kinds(text)} == {CARD_NUMBER}


LABELS = (
    "card number:\n",
    "Card number\n\n",
    "<dt>Card number</dt>\n<dd>",
    "* PAN:\r\n  * ",
    "# Visa no.:\n# ",
    '"number":\n   "',
)
IN_UNUSUAL_GROUPS = (
    f"{CARD[:8]} {CARD[8:]}",
    f"{CARD[:5]} {CARD[5:10]} {CARD[10:15]} {CARD[15]}",
    f"{CARD[:4]} {CARD[4:8]}-{CARD[8:12]} {CARD[12:]}",
    " ".join(CARD[at : at + 2] for at in range(0, 16, 2)),
)


@pytest.mark.parametrize("label", LABELS)
@pytest.mark.parametrize("number", IN_UNUSUAL_GROUPS)
def test_a_label_on_the_line_above_counts(label: str, number: str) -> None:
    lines = label.count("\n")
    assert text_kinds(f"{label}{number}\n") == {(1 + lines, CARD_NUMBER)}
    for no_label in (
        "Cards:\n1 ",
        "the card\nof ",
        "card = {\n",
        "telephone\n",
        "card number:\n\nx\n",
    ):
        assert text_kinds(f"{no_label}{number}\n") == set()


BCD = f"9F0607A00000000310105A08{CARD}5F3401015F24033012318407A0000000031010"


@pytest.mark.parametrize(
    "text",
    [
        f"PAN{CARD}",
        f"x{CARD}y",
        f"{CARD}EUR",
        f"payment_of{CARD}by_ada",
        f"%B{CARD}^LOVELACE/ADA^30122010000000000?",
        f"%B{card_number('37', '8' * 13, 15)}^LOVELACE/ADA^3012?",
        f"B{card_number('4', '8' * 18, 19)}^ADA^3012",
        f";{CARD}=30122010000012345678?",
        f";{card_number('62', '8' * 17, 19)}=30122010000012345678?",
        f"5A08{CARD}",
        BCD,
        BCD.lower(),
        " ".join(BCD[at : at + 2] for at in range(0, len(BCD), 2)),
        f"5a 0A {card_number('4', '8' * 18, 19)}f",
        f"570B{card_number('4', '8' * 12, 13)}D30",
        f"5711{CARD}D30122010000012345F",
        f"xx57 11 {CARD}d3012201f",
    ],
)
def test_card_numbers_in_words_and_as_cards_hold_them_are_found(text: str) -> None:
    assert text_kinds(f"one\n{text}\n") == {(2, CARD_NUMBER)}
    assert (2, CARD_NUMBER) in cassette_kinds(f"one\n{text}\n")


RANDOM = "4eC39HqLyjWDarjtT1zdp7dc"
ENCODED = base64.b64encode(b"ada:lovelace of London").decode()
BASIC = ("Basic ", "basic  ", "BASIC\t", "Basic: ", "Basic\u00a0")
SECRETS = [
    ("sk_" + "test_" + RANDOM, STRIPE_KEY),
    ("rk_" + "live_" + RANDOM, STRIPE_KEY),
    ("pk_" + "live_" + RANDOM, STRIPE_KEY),
    ("sk_" + "live_" + "x" * 24, STRIPE_KEY),
    ("sk_" + "org_live_" + RANDOM * 4, STRIPE_KEY),
    ("rkcs_" + "test_" + RANDOM, STRIPE_KEY),
    ("oak_" + RANDOM, STRIPE_KEY),
    ("whsec_" + RANDOM + "/+" + RANDOM, WEBHOOK),
    ("pi_" + RANDOM + "_secret_" + RANDOM, CLIENT),
    *((f"{before}{base64.b64encode(b'ada:love').decode()}", CREDENTIALS) for before in BASIC),
    *((f"Basic {mark.join((ENCODED[:7], ENCODED[7:]))}", CREDENTIALS) for mark in (" ", ".", "!")),
]


@pytest.mark.parametrize(("secret", "kind"), SECRETS)
def test_secrets_of_every_shape_are_found(secret: str, kind: str) -> None:
    text = f'one\ntwo = "{secret}"\n'
    assert cassette_kinds(text) == text_kinds(text) == {(2, kind)}
    assert text_kinds(f"one\n{secret}\n") == {(2, kind)}


@pytest.mark.parametrize("end", ["\n", "\r\n", "\n    ", "\\\n  \\", "\n> ", "\n# "])
def test_a_line_end_hides_no_key(end: str) -> None:
    for secret, kind in (
        ("sk_" + "live_" + RANDOM, STRIPE_KEY),
        ("rk_" + "org_test_" + RANDOM, STRIPE_KEY),
        ("whsec_" + RANDOM + "abc/+123", WEBHOOK),
    ):
        for at in range(1, len(secret)):
            text = f"one\nit is {secret[:at]}{end}{secret[at:]}, they say\n"
            assert text_kinds(text) == {(2, kind)}, at


def test_a_key_over_many_lines_is_found() -> None:
    key = "sk_" + "test_" + RANDOM * 4
    lines = "\n".join(key[at : at + 7] for at in range(0, len(key), 7))
    assert (1, STRIPE_KEY) in text_kinds(lines)


def test_a_published_number_is_a_finding_in_cassettes_only() -> None:
    assert cassette_kinds("4242424242424242") == {(1, CARD_NUMBER)}
    assert text_kinds("4242424242424242 or 4242 4242 4242 4242") == set()


def test_findings_in_large_files_have_the_right_line() -> None:
    text = "nothing on this line\n" * 300_000 + f"{CARD}\n"
    assert text_kinds(text) == {(300_001, CARD_NUMBER)}


def test_what_is_encoded_too_often_or_too_large_is_a_finding() -> None:
    deep = CARD
    for _ in range(14):
        deep = base64.b64encode(f"the card is {deep}".encode()).decode()
    large = base64.b64encode(gzip.compress(b"some words " * 200_000)).decode()
    for text in (f"one\n{deep}\n", f"one\n{large}\n"):
        assert cassette_kinds(text) == text_kinds(text) == {(2, UNDECODED)}


# Text without secrets.

_chance = random.Random(3)
_luhn_numbers = [card_number("4", str(_chance.randrange(10**15, 10**16)), 16) for _ in range(200)]
BENIGN = {
    "UUIDs": [str(uuid.UUID(int=_chance.getrandbits(128))) for _ in range(2_000)],
    "hashes": [hashlib.sha256(b"%d" % number).hexdigest() for number in range(2_000)],
    "integrity": [
        f"sha512-{base64.b64encode(_chance.randbytes(64)).decode()}" for _ in range(2_000)
    ],
    "milliseconds": [str(1_700_000_000_000 + number * 977) for number in range(5_000)],
    "microseconds": [str(1_700_000_000_000_000 + number * 99_991) for number in range(5_000)],
    "dates": [f"2026-11-23T10:{number:02}:17.123456Z" for number in range(60)],
    "days and numbers": [f"2226-11-23 {number}" for number in range(10_000_000, 10_002_000)],
    "fractions": [repr(_chance.random()) for _ in range(5_000)],
    "long numbers": [f"{number}{_chance.randrange(10**12)}" for number in _luhn_numbers],
    "in words with other digits": [f"a7{number}f a{number}f0" for number in _luhn_numbers],
    "ids by name": [f'{{"user_id": {number}, "orderId": "{number}"}}' for number in _luhn_numbers],
    "telephones": [f"+49 30 {number:04} {number:04}" for number in range(1_000, 3_000)],
    "IBANs": [
        f"DE75 {number[:4]} {number[4:8]} {number[8:12]} {number[12:]} 99"
        for number in _luhn_numbers
    ],
    "tables": [
        " ".join(str(_chance.randrange(4000, 6000)) for _ in range(12)) for _ in range(2_000)
    ],
    "tables with marks": [
        mark.join(str(_chance.randrange(4000, 6000)) for _ in range(9))
        for mark in ("\t", "|", " | ", "-", "/", " \u2013 ", " \u2502 ")
        for _ in range(500)
    ],
    "narrow tables": [
        f"{_chance.randrange(4000, 6000)} {_chance.randrange(4000, 6000)}" for _ in range(2_000)
    ],
    "a column": [str(_chance.randrange(4000, 6000)) for _ in range(2_000)],
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
        "sk_" + "test_\n" + RANDOM + "_FOR_TESTS=1",
        "sk_" + "test_123\ncurrency2 = 'usd'",
        "sk_" + "test_" + "x" * 24 + "\n" + "version2of" + "theapiofstripe",
        "whsec_\nthe_secret_of_an_endpoint_at_stripe_2",
        "create_database_secret_rotation",
    ],
    "basic things": ["Basic authentication", "basic information: none", "Basic dGhlcmUgaXMgbm9uZQ"],
    "other scripts": ["日本語の文章と１２３", "नमस्ते १२३४", "مرحبا ١٢٣٤"],
}


@pytest.mark.parametrize("lines", BENIGN.values(), ids=BENIGN)
def test_text_without_secrets_has_no_findings(lines: list[str]) -> None:
    assert text_kinds("\n".join(lines)) == set()


def test_each_of_several_similar_interactions_is_searched() -> None:
    for number in ("", "1", "1234567"):
        for hidden in (
            CARD,
            f"{{{{name.{CARD}}}}}",
            f"{{{{name.1:{CARD}}}}}",
            f"{{{{name.1}}}}.{CARD}",
        ):
            text = f"{{{{card.{number}}}}} {{{{name.{number}.last4}}}}\n{hidden}\n".encode()
            assert (
                leak_check.interaction_findings(text)
                == leak_check.cassette_findings(text)
                == (Finding(2, CARD_NUMBER),)
            )


# Bounds: no time is measured, but quadratic time would not end within the test's patience.

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
    "invisible": "\u200b" * 100_000,
    "marks": "4" + "\u0332" * 100_000,
    "bombs": "\n".join([_BOMB] * 20),
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_takes_bounded_memory(text: str) -> None:
    tracemalloc.start()
    cassette_kinds(text)
    text_kinds(text)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 64 * len(text) + (32 << 20)


def test_bytes_that_are_not_utf_8_are_accepted() -> None:
    for first, second in pairwise(
        [b"\xff\xfe", bytes(range(256)) * 9, b"\xed\xa0\x80", b"%ED%A0%80"]
    ):
        for text in (first, second, first + second):
            leak_check.cassette_findings(text)


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_arbitrary_bytes_raise_no_error(text: bytes) -> None:
    leak_check.cassette_findings(text)
    leak_check.text_findings([text], PUBLISHED)
