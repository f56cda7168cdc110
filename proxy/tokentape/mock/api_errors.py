"""Stripe's errors: statuses, messages and fields as recorded.

The error for a card is a 402 `card_error` whose `param` names the field within the card. Any other
error in a request is a 400 `invalid_request_error` whose `param` is the whole name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from tokentape.pure.http.forms import Path, join_name

UNSUPPORTED = "mock_unsupported"
"""The code of the error that is the mock's own."""


@dataclass(frozen=True, slots=True)
class ApiError(Exception):
    """An error of the API. An empty `param` is sent, None is not (recorded)."""

    status: int
    type: str
    message: str
    code: str = ""
    param: str | None = None
    decline_code: str = ""
    details: Mapping[str, object] = field(default_factory=dict)
    """The objects that the error holds, and the id of its charge."""

    def with_details(self, details: Mapping[str, object]) -> ApiError:
        """Return the same error with these objects in it."""
        return replace(self, details=details)


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


def unsupported(what: str) -> ApiError:
    """Return the error for what Stripe can do and the mock cannot, in our words.

    Status 501 is passed on and not recorded, so it never stands in a cassette as Stripe's answer.
    """
    return invalid_request(
        f"tokentape's built-in mock does not know {what}. Record it from Stripe instead: "
        "--upstream https://api.stripe.com, with an API key of test mode.",
        UNSUPPORTED,
        status=501,
    )


def unreadable() -> ApiError:
    """Return the error for a body that is no form."""
    return invalid_request(
        "Invalid request (check that your POST content type is "
        "application/x-www-form-urlencoded). If you have any questions, we can help at "
        "https://support.stripe.com/."
    )


def missing_parameter(path: Path) -> ApiError:
    """Return the error for a request without a parameter that it needs."""
    name = join_name(path)
    return invalid_request(f"Missing required param: {name}.", "parameter_missing", name)


def no_such(resource: str, name: str, *, param: str, status: int = 400) -> ApiError:
    """Return the error for an unknown id: 404 in a path, 400 in a parameter."""
    message = f"No such {resource}: '{name}'"
    return invalid_request(message, "resource_missing", param, status=status)
