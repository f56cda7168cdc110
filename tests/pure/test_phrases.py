from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokentape.edges import package_data
from tokentape.pure.stripe.phrases import CLOSED, Phrase, Phrases, read_phrases

PHRASES = read_phrases(package_data.read("phrases.csv"))
MADE = {
    "amount": ("$5.00", "£1,234.56", "500 JPY", "50 cents", "R$0.50"),
    "field": ("amount", "card[number]"),
    "made_id": ("cus_1",),
    "masked_key": ("sk_test_****1234",),
    "number": ("1", "-20"),
    "path": ("/v1/customers/a", "/v1/a).b", "/"),
    "time": ("1700000000",),
    "word": ("requires_capture", "usd"),
    "words": ("one", "one or two", "one, two, or three_four", "one, two"),
}
"""What Stripe writes into a slot: no client chooses it."""
OPEN = [phrase for phrase in PHRASES.templates if not set(phrase.kinds) <= MADE.keys()]


def filled(phrase: Phrase, values: tuple[str, ...]) -> str:
    return "".join(map("".join, zip(phrase.literals, (*values, ""), strict=True)))


def reading(text: str) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    read = PHRASES.read(text)
    return read and (read.literals, tuple(value for _, value in read.slots))


def sent_texts() -> st.SearchStrategy[str]:
    """Texts made of the messages' own pieces: what could be taken for the end of a slot."""
    literals = {literal for phrase in PHRASES.templates for literal in phrase.literals}
    pieces = st.sampled_from(sorted({*literals, *PHRASES.fixed, "'", "x", " ", "\n"}))
    return st.lists(pieces, min_size=1, max_size=4).map("".join).filter(bool) | st.text(min_size=1)


@given(st.sampled_from(OPEN), sent_texts(), st.data())
def test_what_a_client_sent_never_changes_what_a_message_is_read_as(
    phrase: Phrase, sent: str, data: st.DataObject
) -> None:
    made = {kind: data.draw(st.sampled_from(values)) for kind, values in MADE.items()}
    values = tuple(made.get(kind, sent) for kind in phrase.kinds)
    assert reading(filled(phrase, values)) == (phrase.literals, values)


@pytest.mark.parametrize("phrase", PHRASES.templates, ids=lambda phrase: phrase.literals[0])
def test_each_template_is_read_as_itself(phrase: Phrase) -> None:
    for values in product(*(MADE.get(kind, ("tok_1", "Ada L.", "'")) for kind in phrase.kinds)):
        repeated = len({*zip(phrase.kinds, values, strict=True)}) == len({*phrase.kinds})
        if repeated or set(phrase.kinds) <= CLOSED.keys():
            assert reading(filled(phrase, values)) == (phrase.literals, values)


@pytest.mark.parametrize("phrase", OPEN, ids=lambda phrase: phrase.literals[0])
def test_one_slot_holds_what_a_client_sent(phrase: Phrase) -> None:
    assert len({kind for kind in phrase.kinds if kind not in MADE}) == 1


def test_each_message_stands_once_with_its_source() -> None:
    lines = package_data.read("phrases.csv").splitlines()
    assert len(lines) == len(set(lines)) == 1 + len(PHRASES.fixed) + len(PHRASES.templates)
    assert all(line.rpartition(",")[2] for line in lines)


@pytest.mark.parametrize(
    "text",
    [
        "Amount must be at least 4242424242424242",
        "Amount must be at least Ada",
        "Amount must be at least $4,242,424,242.42",
        "Invalid interval: must be one of Ada Lovelace",
        "The bank returned the decline code `4242424242424242`.",
        "This value must be greater than or equal to 4242424242.",
    ],
)
def test_a_closed_slot_takes_nothing_else(text: str) -> None:
    assert PHRASES.read(text) is None


def test_the_first_of_two_templates_that_fit_is_read() -> None:
    phrases = Phrases(frozenset(), (Phrase(("a", ""), ("text",)), Phrase(("", ""), ("text",))))
    read = phrases.read("ab")
    assert read is not None
    assert read.literals == ("a", "")


# No time is measured: a search that tries one way after another would not end.
ENDLESS = {
    "words that are read in two ways": "a" + " or" * 10_000 + "!",
    "ends of a slot": "a" + ". Only a PaymentIntent with one of the following statuses may be "
    "confirmed: b" * 20_000,
    "short ends of a slot": "1" + " and 2" * 300_000 + "x",
    "values of nine digits": "1,234,567" * 100_000,
}


@pytest.mark.parametrize("text", ENDLESS.values(), ids=ENDLESS)
def test_no_message_is_read_for_ever(text: str) -> None:
    for phrase in PHRASES.templates:
        PHRASES.read(phrase.literals[0] + text + phrase.literals[-1])
