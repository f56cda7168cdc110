"""Bank accounts: what Stripe checks when a token is created, and the object it returns."""

from __future__ import annotations

import re
from collections.abc import Mapping

from stdnum.us import rtn

from tokentape.mock.api_errors import ApiError, invalid_request, missing_parameter
from tokentape.mock.parameters import Parameters
from tokentape.pure.stripe.cards import digits

_CURRENCIES: Mapping[str, str] = {"AU": "aud", "CA": "cad", "GB": "gbp", "US": "usd"}
"""Currencies by country, for an account without one; elsewhere it is the euro."""


def bank_account(parameters: Parameters, *, live: bool) -> dict[str, object]:
    """Return the account in `bank_account[…]`, without an id. Raises ApiError (400).

    Fields as recorded in stripe-ios (2024-07-31), where the holder's name occurs twice.
    """
    country = (parameters.text("bank_account", "country") or "").upper()
    number = digits(parameters.text("bank_account", "account_number") or "")
    routing = parameters.text("bank_account", "routing_number")
    if country == "US":
        _check_us_account(number, routing, live=live)
    holder = parameters.text("bank_account", "account_holder_name")
    currency = parameters.text("bank_account", "currency") or _CURRENCIES.get(country, "eur")
    return {
        "object": "bank_account",
        "account_holder_name": holder,
        "account_holder_type": parameters.text("bank_account", "account_holder_type"),
        "account_type": parameters.text("bank_account", "account_type"),
        "bank_name": "STRIPE TEST BANK",
        "country": country,
        "currency": currency.lower(),
        "last4": number[-4:],
        "name": holder,
        "routing_number": routing,
        "status": "new",
    }


def _check_us_account(number: str, routing: str | None, *, live: bool) -> None:
    # The error for an account number is documented only for test mode (quoted in public code).
    if routing is None:
        raise missing_parameter(("bank_account", "routing_number"))
    if not re.fullmatch("[0-9]{9}", routing):
        raise _routing_number_error("Routing number must have 9 digits")
    if not rtn.is_valid(routing):
        raise _routing_number_error("We couldn't find the bank for that routing number")
    if not live and not re.fullmatch("[0-9]{4,17}", number):
        raise invalid_request(
            "You must use a test bank account number in test mode. Try 000123456789 or see more "
            "options at https://stripe.com/docs/connect/testing#account-numbers.",
            "account_number_invalid",
            "bank_account[account_number]",
        )


def _routing_number_error(message: str) -> ApiError:
    return invalid_request(message, "routing_number_invalid", "bank_account[routing_number]")
