"""Stripe's errors for token requests: statuses, messages and fields as recorded.

The error for a card is a 402 `card_error` whose `param` names the field within the card. Any other
error in a request is a 400 `invalid_request_error` whose `param` is the whole name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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


def live_mode_test_card() -> ApiError:
    """Return the error for a published test card in live mode (recorded, with empty param)."""
    return ApiError(
        402,
        "card_error",
        "Your card was declined. Your request was in live mode, but used a known test card.",
        code="card_declined",
        param="",
        decline_code="live_mode_test_card",
    )


def no_key() -> ApiError:
    """Return the error for a request without an API key."""
    return ApiError(
        401,
        "invalid_request_error",
        "You did not provide an API key. You need to provide your API key in the Authorization "
        "header, using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY'). See "
        "https://stripe.com/docs/api#authentication for details, or we can help at "
        "https://support.stripe.com/.",
    )


def invalid_key(masked: str) -> ApiError:
    """Return the error for a malformed key; `masked` is what Stripe quotes of it."""
    return ApiError(401, "invalid_request_error", f"Invalid API Key provided: {masked}")


def no_token_kind() -> ApiError:
    """Return the error for a request without anything to create a token from."""
    return _invalid_request(
        "You must supply either a card, customer, or bank account to create a token."
    )


def several_token_kinds() -> ApiError:
    """Return the error for a request for several tokens (our wording)."""
    return _invalid_request("You must supply exactly one kind of token to create.")


def unknown_parameters(names: Sequence[str]) -> ApiError:
    """Return the error for parameters that the API does not have."""
    plural = "s" if len(names) > 1 else ""
    message = f"Received unknown parameter{plural}: {', '.join(names)}"
    return _invalid_request(message, "parameter_unknown", names[0])


def missing_parameter(path: Path) -> ApiError:
    """Return the error for a request without a parameter that it needs."""
    name = join_name(path)
    return _invalid_request(f"Missing required param: {name}.", "parameter_missing", name)


def wrong_shape(path: Path, expected: str) -> ApiError:
    """Return the error for a plain value where the API has an `object` or `array`."""
    return _invalid_request(f"Invalid {expected}", param=join_name(path))


def not_expandable(name: str) -> ApiError:
    """Return the error for an `expand` that names no field."""
    return _invalid_request(f"This property cannot be expanded ({name}).")


def unreadable_body() -> ApiError:
    """Return the error for an unreadable body."""
    return _invalid_request(
        "Invalid request (check that your POST content type is "
        "application/x-www-form-urlencoded). If you have any questions, we can help at "
        "https://support.stripe.com/."
    )


def routing_number_invalid(message: str) -> ApiError:
    """Return the error for an invalid routing number."""
    return _invalid_request(message, "routing_number_invalid", "bank_account[routing_number]")


def account_number_invalid() -> ApiError:
    """Return the error for an invalid account number in test mode (quoted in public code)."""
    return _invalid_request(
        "You must use a test bank account number in test mode. Try 000123456789 or see more "
        "options at https://stripe.com/docs/connect/testing#account-numbers.",
        "account_number_invalid",
        "bank_account[account_number]",
    )


def no_such(resource: str, name: str, *, param: str, status: int = 400) -> ApiError:
    """Return the error for an unknown id: 404 in a path, 400 in a parameter."""
    message = f"No such {resource}: '{name}'"
    return ApiError(status, "invalid_request_error", message, code="resource_missing", param=param)


def idempotency_error(key: str) -> ApiError:
    """Return the error for an Idempotency-Key that was used with other parameters."""
    return ApiError(
        400,
        "idempotency_error",
        "Keys for idempotent requests can only be used with the same parameters they were first "
        f"used with. Try using a key other than '{key}' if you meant to execute a different "
        "request.",
    )


def unrecognized_url(method: str, path: str) -> ApiError:
    """Return the error for a path or method that this API does not have."""
    hint = (
        " If you are trying to list objects, remove the trailing slash. If you are trying to "
        "retrieve an object, make sure you passed a valid (non-empty) identifier in your code."
    )
    return ApiError(
        404,
        "invalid_request_error",
        f"Unrecognized request URL ({method}: {path}).{hint if path.endswith('/') else ''} Please "
        "see https://stripe.com/docs or we can help at https://support.stripe.com/.",
    )


def _invalid_request(message: str, code: str = "", param: str | None = None) -> ApiError:
    return ApiError(400, "invalid_request_error", message, code=code, param=param)
