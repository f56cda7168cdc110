"""Stripe's errors for token requests: statuses, messages and fields as recorded.

The error for a card is a 402 `card_error` whose `param` names the field within the card. Any other
error in a request is a 400 `invalid_request_error` whose `param` is the whole name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tokentape.pure.http.forms import Path, join_name


@dataclass(frozen=True, slots=True)
class ApiError(Exception):
    """An error of the API. An empty `param` is sent, None is not (recorded)."""

    status: int
    type: str
    message: str
    code: str = ""
    param: str | None = None
    decline_code: str = ""


# Recorded: stripe-ios, StripePaymentsTestUtils/Resources/recorded_network_traffic; the month's
# message is from public code.
_CARD_ERRORS: Mapping[str, tuple[str, str]] = {
    "incorrect_number": ("number", "Your card number is incorrect."),
    "invalid_cvc": ("cvc", "Your card's security code is invalid."),
    "invalid_expiry_month": ("exp_month", "Your card's expiration month is invalid."),
    "invalid_expiry_year": ("exp_year", "Your card's expiration year is invalid."),
}


def card_error(code: str) -> ApiError:
    """Return the error for a card with an invalid number, expiry or CVC."""
    param, message = _CARD_ERRORS[code]
    return ApiError(402, "card_error", message, code=code, param=param)


def invalid_request(
    message: str, code: str = "", param: str | None = None, *, status: int = 400
) -> ApiError:
    """Return the error for a request that the API does not accept."""
    return ApiError(status, "invalid_request_error", message, code=code, param=param)


def missing_parameter(path: Path) -> ApiError:
    """Return the error for a request without a parameter that it needs."""
    name = join_name(path)
    return invalid_request(f"Missing required param: {name}.", "parameter_missing", name)


def no_such(resource: str, name: str, *, param: str, status: int = 400) -> ApiError:
    """Return the error for an unknown id: 404 in a path, 400 in a parameter."""
    message = f"No such {resource}: '{name}'"
    return invalid_request(message, "resource_missing", param, status=status)
