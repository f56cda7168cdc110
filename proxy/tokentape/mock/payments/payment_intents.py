"""Payment intents: created, confirmed and captured.

https://docs.stripe.com/payments/paymentintents/lifecycle, without cards that want 3D Secure:

    requires_payment_method  with a payment method:  requires_confirmation
    requires_confirmation    confirmed:  succeeded, or requires_capture if capture is manual
                             declined:   requires_payment_method, and last_payment_error says why
    requires_capture         captured:   succeeded
"""

from __future__ import annotations

from typing import Any

from tokentape.mock.api_errors import ApiError, invalid_request
from tokentape.mock.payments import charges, payment_methods
from tokentape.mock.payments.account import Account
from tokentape.mock.payments.customers import full_shipping
from tokentape.mock.payments.fields import Fields
from tokentape.mock.payments.ledger import Record
from tokentape.mock.payments.money import check_amount, formatted
from tokentape.mock.responses import Call, error_fields

_UNEXPECTED = "payment_intent_unexpected_state"
_CHARGED = (
    *("customer", "description", "receipt_email", "statement_descriptor"),
    *("statement_descriptor_suffix", "transfer_group", "shipping"),
)
_OPTIONS = ("confirm", "off_session", "payment_method", "payment_method_data", "return_url")
"""Parameters that are no fields of the intent, or become such later."""


def create(account: Account, call: Call, fields: Fields) -> Record:
    """Make a payment intent, and confirm it if that is wanted."""
    check_amount(fields["amount"], fields["currency"])
    if customer := fields.get("customer"):
        account.ledger.named(call, "customer", customer, "customer")
    method = _method(account, call, fields, customer)
    confirming = fields.get("confirm", False)
    automatic = _automatic(fields)
    if confirming:
        _check_return_url(automatic, fields.get("return_url"))
    values = {name: value for name, value in fields.items() if name not in _OPTIONS}
    values |= {"automatic_payment_methods": automatic, "metadata": fields.get("metadata") or {}}
    values["shipping"] = full_shipping(fields.get("shipping"))
    intent = account.ledger.add("payment_intent", call, values)
    intent["client_secret"] = f"{intent['id']}_secret_{account.ledger.entropy(25)}"
    if method is not None:
        intent |= {"payment_method": method["id"], "status": "requires_confirmation"}
    return _pay(account, call, intent) if confirming else intent


def retrieve(account: Account, call: Call, _fields: Fields, intent_id: str) -> Record:
    """Return a payment intent."""
    return account.ledger.named(call, "payment_intent", intent_id)


def listed(account: Account, call: Call, fields: Fields) -> Record:
    """Return a page of payment intents."""
    return account.ledger.listed(call, "payment_intent", fields)


def confirm(account: Account, call: Call, fields: Fields, intent_id: str) -> Record:
    """Pay. Raises ApiError (402) for a card that is declined."""
    intent = account.ledger.named(call, "payment_intent", intent_id)
    _check_confirmable(intent)
    method = _method(account, call, fields, intent["customer"])
    _check_return_url(intent["automatic_payment_methods"], fields.get("return_url"))
    intent |= {name: value for name, value in fields.items() if name not in _OPTIONS}
    if "shipping" in fields:
        intent["shipping"] = full_shipping(fields["shipping"])
    if method is not None:
        intent["payment_method"] = method["id"]
    return _pay(account, call, intent)


def capture(account: Account, call: Call, fields: Fields, intent_id: str) -> Record:
    """Take the money that was authorised, or a part of it; the rest is released."""
    intent = account.ledger.named(call, "payment_intent", intent_id)
    if intent["status"] != "requires_capture":
        raise _unexpected(
            intent,
            f"This PaymentIntent could not be captured because it has a status of "
            f"{intent['status']}. Only a PaymentIntent with one of the following statuses may be "
            "captured: requires_capture.",
        )
    amount = fields.pop("amount_to_capture", intent["amount_capturable"])
    if not 0 < amount <= intent["amount_capturable"]:
        most = formatted(intent["amount_capturable"], intent["currency"])
        message = f"The amount to capture must be more than 0 and at most {most}."
        raise invalid_request(message, "amount_too_large", "amount_to_capture")
    metadata = {**intent["metadata"], **fields.pop("metadata", {})}
    charge = account.ledger.named(call, "charge", intent["latest_charge"])
    charges.capture(account, charge, amount)
    intent |= {**fields, "metadata": {name: text for name, text in metadata.items() if text}}
    intent |= {"amount_capturable": 0, "amount_received": amount, "status": "succeeded"}
    return intent


def _method(account: Account, call: Call, fields: Fields, customer: str | None) -> Record | None:
    """Return the payment method that the parameters name or describe, or None."""
    if data := fields.get("payment_method_data"):
        return payment_methods.create(account, call, data)
    if method_id := fields.get("payment_method"):
        return payment_methods.usable(account, call, method_id, customer)
    return None


def _automatic(fields: Fields) -> dict[str, Any] | None:
    """Return which payment methods are chosen by Stripe; since 2023-08-16 that is the default."""
    if "payment_method_types" in fields:
        return None
    sent = fields.get("automatic_payment_methods")
    return {"allow_redirects": "always", "enabled": True, **(sent or {})}


def _check_return_url(automatic: Record | None, return_url: str | None) -> None:
    if automatic and automatic["enabled"] and automatic["allow_redirects"] == "always":
        if return_url:
            return
        raise invalid_request(
            "This PaymentIntent is configured to accept payment methods enabled in your Dashboard. "
            "Because some of these payment methods might redirect your customer off of your page, "
            "you must provide a `return_url`. If you don't want to accept redirect-based payment "
            "methods, set `automatic_payment_methods[enabled]` to `true` and "
            "`automatic_payment_methods[allow_redirects]` to `never` when creating Setup Intents "
            "and Payment Intents."
        )


def _check_confirmable(intent: Record) -> None:
    if intent["status"] == "succeeded":
        message = (
            "You cannot confirm this PaymentIntent because it has already succeeded after being "
            "previously confirmed."
        )
        raise _unexpected(intent, message)
    if intent["status"] == "requires_capture":
        message = (
            "You cannot confirm this PaymentIntent because it has a status of requires_capture. "
            "Only a PaymentIntent with one of the following statuses may be confirmed: "
            "requires_confirmation, requires_action."
        )
        raise _unexpected(intent, message)


def _pay(account: Account, call: Call, intent: Record) -> Record:
    if intent["payment_method"] is None:
        message = (
            "You cannot confirm this PaymentIntent because it's missing a payment method. You can "
            "either update the PaymentIntent with a payment method and then confirm it again, or "
            "confirm it again directly with a payment method or ConfirmationToken."
        )
        raise _unexpected(intent, message)
    method = payment_methods.find(account, call, intent["payment_method"], "payment_method")
    manual = intent["capture_method"] == "manual"
    values = {name: intent[name] for name in _CHARGED} | {
        "metadata": dict(intent["metadata"]),
        "payment_intent": intent["id"],
    }
    card, amount = method[payment_methods.CARD], intent["amount"]
    payment = charges.Payment(
        amount, intent["currency"], not manual, card=card, method=method, values=values
    )
    charge, outcome = charges.charged(account, call, payment)
    intent["latest_charge"] = charge["id"]
    if outcome.code:
        raise _declined(intent, method, outcome.error(charge=charge["id"]))
    _remember_method(account, intent, method)
    received = (
        {"amount_capturable": amount, "status": "requires_capture"}
        if manual
        else {
            "amount_received": amount,
            "status": "succeeded",
        }
    )
    intent |= {**received, "last_payment_error": None}
    return intent


def _remember_method(account: Account, intent: Record, method: Record) -> None:
    if intent["setup_future_usage"] and intent["customer"] and method["customer"] is None:
        account.attach(method[payment_methods.CARD])
        method["customer"] = intent["customer"]
    payment_methods.use(method)


def _declined(intent: Record, method: Record, error: ApiError) -> ApiError:
    """Return the error for a payment that failed, and note it in the intent."""
    payment_methods.use(method)
    shown = payment_methods.shown(method)
    intent |= {"status": "requires_payment_method", "payment_method": None}
    intent["last_payment_error"] = {
        **error_fields(error),
        "payment_method": shown,
    }
    details = {**error.details, "payment_intent": dict(intent), "payment_method": shown}
    return error.with_details(details)


def _unexpected(intent: Record, message: str) -> ApiError:
    error = invalid_request(message, _UNEXPECTED)
    return error.with_details({"payment_intent": dict(intent)})
