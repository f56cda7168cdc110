from __future__ import annotations

import pytest
from tokentape.mock.published import US_ACCOUNT, VISA, read_published_numbers

from tests.mock.client import PUBLISHED

VALUES = read_published_numbers(PUBLISHED)


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
    assert VALUES.card_tokens[token] == number


@pytest.mark.parametrize(
    ("token", "number"),
    [("btok_us_verified", US_ACCOUNT), ("btok_us_verified_noAccount", "000111111116")],
)
def test_a_bank_token_stands_for_the_account_of_its_behaviour(token: str, number: str) -> None:
    assert VALUES.bank_tokens[token] == number


def test_a_bank_token_without_a_published_account_is_left_out() -> None:
    assert "btok_gb_gbp" not in VALUES.bank_tokens


def test_every_card_token_stands_for_a_published_card() -> None:
    assert len(VALUES.card_tokens) > 200
    assert set(VALUES.card_tokens.values()) <= VALUES.cards.keys()


def test_a_published_card_has_brand_funding_and_country() -> None:
    details = {"brand": "Visa", "funding": "credit", "country": "BR"}
    assert VALUES.cards["4000000760000002"] == details
