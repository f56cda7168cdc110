"""The law of `tokentape scan`: a cassette into which a secret was put by hand fails."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import reduce

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.cassettes_by_hand import CASSETTE, INSPECTOR
from tests.disguises import DIGITS, ENCODINGS, SPREAD, Disguise, card_number

LINES = CASSETTE.split("\n")
LETTERS = "abcdefghijklmnopqrstuvwxyz"

cards = st.just("4242424242424242") | st.builds(
    card_number,
    st.sampled_from(["4", "51", "2221", "6011", "3528", "62"]),
    st.text("0123456789", min_size=15, max_size=15),
    st.just(16),
)
keys = st.builds(
    "{}_{}_{}".format,
    st.sampled_from(["sk", "rk", "pk"]),
    st.sampled_from(["live", "test"]),
    st.text(LETTERS + LETTERS.upper() + "0123456789", min_size=24, max_size=24),
)
names = st.builds(
    "{}{}{}".format,
    st.sampled_from(["Ada", "Grace", "José", "bo"]),
    st.sampled_from([" ", "-", ".", "_"]),
    st.text(LETTERS, min_size=2, max_size=12).map(str.title),
)
mails = st.builds("{}@{}.example".format, st.text(LETTERS, min_size=1, max_size=9), st.just("post"))


def disguised(disguises: Iterable[Disguise], secret: str) -> str:
    return reduce(lambda text, disguise: disguise(text), disguises, secret)


def some(disguises: Iterable[Disguise]) -> st.SearchStrategy[list[Disguise]]:
    return st.lists(st.sampled_from(list(disguises)), max_size=2)


secrets = st.builds(disguised, some(ENCODINGS.values()), cards | keys | names | mails) | st.builds(
    disguised, some([*DIGITS.values(), *SPREAD.values()]), cards
)

Insertion = Callable[[int, str], str]
"""Returns the cassette with a secret put into it at a line."""


def before(form: str) -> Insertion:
    """Return the way of a line of its own, indented like the next."""

    def put(at: int, secret: str) -> str:
        line = LINES[at]
        indent = line[: len(line) - len(line.lstrip())]
        return "\n".join([*LINES[:at], indent + form.replace("…", secret), *LINES[at:]])

    return put


def after(form: str) -> Insertion:
    """Return the way of a line made longer."""

    def put(at: int, secret: str) -> str:
        line = LINES[at] + form.replace("…", secret)
        return "\n".join([*LINES[:at], line, *LINES[at + 1 :]])

    return put


def in_spaces(at: int, secret: str) -> str:
    """Spell a secret in the spaces at the ends of lines."""
    ends = [*[0] * at, *(ord(char) % 16 for char in secret), *[0] * len(LINES)]
    return "\n".join(line + " " * end for line, end in zip(LINES, ends, strict=False))


def in_blank_lines(at: int, secret: str) -> str:
    """Spell a secret in blank lines."""
    blank = "\n".join(" " * (ord(char) % 16) for char in secret)
    return "\n".join([*LINES[:at], blank, *LINES[at:]])


INSERTIONS: dict[str, Insertion] = {
    "a line": before("…"),
    "a comment": before("# …"),
    "a key": before("…: 1"),
    "a value": before("note: …"),
    "a quoted value": before('note: "…"'),
    "a header": before("X-Note: ['…']"),
    "the name of a header": before("…: []"),
    "a member": before('"note": "…",'),
    "the name of a member": before('"…": null,'),
    "an item": before("- …"),
    "a block": before("note: |\n          …"),
    "an interaction": before("- request: …"),
    "the end of a line": after("…"),
    "a comment after a line": after("  # …"),
    "a field": after("&metadata[a]=…"),
    "the name of a field": after("&metadata[…]=1"),
    "a document": lambda _, secret: f"{CASSETTE}---\n{secret}\n",
    "the end": lambda _, secret: f"{CASSETTE}...\n{secret}\n",
    "a directive": lambda _, secret: f"%TAG {secret}\n---\n{CASSETTE}",
    "spaces": in_spaces,
    "blank lines": in_blank_lines,
}


def fails(text: str) -> bool:
    """Tell whether a cassette fails in its folder, and anywhere else."""
    assume(text.rstrip() != CASSETTE.rstrip())
    return bool(INSPECTOR.cassette(text.encode()) and INSPECTOR.file(text.encode()))


def test_the_cassette_without_an_insertion_passes() -> None:
    assert INSPECTOR.cassette(CASSETTE.encode()) == INSPECTOR.file(CASSETTE.encode()) == ()


@settings(deadline=None)
@given(st.integers(0, len(CASSETTE)), secrets)
def test_a_secret_inserted_anywhere_is_found(at: int, secret: str) -> None:
    assert fails(CASSETTE[:at] + secret + CASSETTE[at:])


@given(
    st.sampled_from([line for line in LINES if ".1" in line and "{{" in line]),
    st.integers(100, 9_999_999),
)
def test_a_secret_as_the_number_of_a_variable_is_found(line: str, secret: int) -> None:
    assert fails(CASSETTE.replace(line, line.replace(".1", f".{secret}")))


WORDS = re.split(r"(\s+)", CASSETTE.strip())


@settings(deadline=None)
@given(st.integers(0, len(WORDS) // 2), secrets)
def test_a_secret_in_place_of_a_word_is_found(at: int, secret: str) -> None:
    assert fails("".join([*WORDS[: 2 * at], secret, *WORDS[2 * at + 1 :]]))


@pytest.mark.parametrize("insertion", INSERTIONS.values(), ids=INSERTIONS)
@settings(deadline=None, max_examples=50)
@given(st.integers(0, len(LINES) - 1), secrets)
def test_a_secret_in_an_insertion_is_found(insertion: Insertion, at: int, secret: str) -> None:
    assert fails(insertion(at, secret))
