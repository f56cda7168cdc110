"""Amounts, as Stripe checks and writes them."""

from __future__ import annotations

from tokentape.mock.api_errors import invalid_request

_MOST = 99_999_999
_SYMBOLS = {"eur": "€", "gbp": "£", "usd": "$"}
_LEAST = {"eur": 50, "gbp": 30, "usd": 50}
"""https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts, of what is common."""
_WHOLE = frozenset(
    "bif clp djf gnf jpy kmf krw mga pyg rwf ugx vnd vuv xaf xof xpf".split()  # noqa: SIM905
)
"""https://docs.stripe.com/currencies#zero-decimal"""


def check_amount(amount: int, currency: str) -> None:
    """Raise ApiError for an amount that cannot be charged."""
    if amount < 1:
        raise invalid_request("Invalid positive integer", "parameter_invalid_integer", "amount")
    if amount > _MOST:
        message = f"Amount must be no more than {formatted(_MOST, currency)}"
        raise invalid_request(message, "amount_too_large", "amount")
    if amount < _LEAST.get(currency, 1):
        message = f"Amount must be at least {formatted(_LEAST[currency], currency)} {currency}"
        raise invalid_request(message, "amount_too_small", "amount")


def formatted(amount: int, currency: str) -> str:
    """Return an amount as Stripe's messages write it.

    >>> formatted(123456, "usd")
    '$1,234.56'
    >>> formatted(500, "jpy")
    '500 JPY'
    """
    text = f"{amount:,}" if currency in _WHOLE else f"{amount / 100:,.2f}"
    symbol = _SYMBOLS.get(currency)
    return f"{symbol}{text}" if symbol else f"{text} {currency.upper()}"
