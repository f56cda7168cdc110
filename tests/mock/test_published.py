from __future__ import annotations

import pytest
from tokentape.mock.published import US_ACCOUNT, VISA, Issue, read_published

from tests.mock.client import PUBLISHED

TABLE = read_published(PUBLISHED)


@pytest.mark.parametrize(
    ("token", "number"),
    [
        ("tok_visa", "4242424242424242"),
        ("tok_br", "4000000760000002"),
        ("tok_chargeDeclined", "4000000000000002"),
        ("tok_visa_chargeDeclinedExpiredCard", "4000000000000069"),
        ("tok_visa_debit_us_transferSuccess", "4000056655665556"),
        ("tok_discover_debit_us_transferSuccess", "6011981111111113"),
        ("tok_amex_threeDSecureNotSupported", "378282246310005"),
        ("tok_us", VISA),
    ],
)
def test_a_token_id_stands_for_the_card_of_its_name(token: str, number: str) -> None:
    assert TABLE.card_tokens[token] == number


@pytest.mark.parametrize(
    ("token", "number"),
    [("btok_us_verified", US_ACCOUNT), ("btok_us_verified_noAccount", "000111111116")],
)
def test_a_bank_token_stands_for_the_account_of_its_behaviour(token: str, number: str) -> None:
    assert TABLE.bank_tokens[token] == number


def test_a_bank_token_whose_account_is_not_published_stands_for_none() -> None:
    assert "btok_gb_gbp" not in TABLE.bank_tokens


def test_every_card_token_stands_for_a_published_card() -> None:
    assert len(TABLE.card_tokens) > 200
    assert set(TABLE.card_tokens.values()) <= TABLE.cards.keys()


def test_a_card_has_what_its_issuer_says() -> None:
    assert TABLE.cards["4000000760000002"] == Issue("Visa", "credit", "BR")
