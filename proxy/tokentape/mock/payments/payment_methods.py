"""Payment methods that are cards: made of a number or a token, and attached to a customer."""

from __future__ import annotations

from typing import Any

from tokentape.mock.api_errors import invalid_request, missing_parameter, unsupported
from tokentape.mock.payments.account import Account, payment_method_fields
from tokentape.mock.payments.fields import Fields
from tokentape.mock.payments.ledger import Record
from tokentape.mock.responses import Call

CARD = "card behind it"
"""The name under which a payment method has the card that it was made of; never shown."""
_USED = "used"
_REUSED = (
    "The provided PaymentMethod was previously used with a PaymentIntent without Customer "
    "attachment, shared with a connected account without Customer attachment, or was detached from "
    "a Customer. It may not be used again. To use a PaymentMethod multiple times, you must attach "
    "it to a Customer first."
)
_OF_ANOTHER = "The payment method you provided has already been attached to a customer."


def create(account: Account, call: Call, fields: Fields) -> Record:
    """Make a payment method; a token in `card[token]` is used up for it."""
    sent = fields.get("card")
    if not sent:
        raise missing_parameter(("card",))
    if token := sent.get("token"):
        card = account.token_card(token, "card[token]", call)
    else:
        card = account.checked(dict(account.tokens.new_card(_texts(sent), call)))
    return _of_card(account, call, card, fields)


def retrieve(account: Account, call: Call, _fields: Fields, method_id: str) -> Record:
    """Return a payment method."""
    return find(account, call, method_id, "")


def listed(account: Account, call: Call, fields: Fields) -> Record:
    """Return a page of a customer's payment methods."""
    if "customer" in fields:
        account.ledger.named(call, "customer", fields["customer"], "customer")
    return account.ledger.listed(call, "payment_method", fields)


def attach(account: Account, call: Call, fields: Fields, method_id: str) -> Record:
    """Attach a payment method to a customer. Raises ApiError (402) for a card that is declined."""
    customer = account.ledger.named(call, "customer", fields["customer"], "customer")
    method = attachable(account, call, method_id)
    if method["customer"] not in (None, customer["id"]):
        raise invalid_request(_OF_ANOTHER)
    method["customer"] = customer["id"]
    return method


def attachable(account: Account, call: Call, method_id: str) -> Record:
    """Return a payment method that a customer may have. Raises ApiError for any other."""
    method = find(account, call, method_id, "payment_method")
    if method.get(_USED):
        raise invalid_request(_REUSED)
    if method["customer"] is None:
        account.attach(method[CARD])
    return method


def find(account: Account, call: Call, method_id: str, parameter: str) -> Record:
    """Return a payment method; a new one for a published id.

    `parameter` has the id, or the path if it is blank. Raises ApiError for an unknown id.
    """
    if method_id.startswith(("card_", "src_", "ba_")):
        raise unsupported("cards and other sources as payment methods")
    card = account.tokens.published_method_card(method_id, call)
    if card is not None:
        return _of_card(account, call, account.checked(dict(card)), {})
    return account.ledger.named(call, "payment_method", method_id, parameter)


def usable(account: Account, call: Call, method_id: str, customer: str | None) -> Record:
    """Return a payment method that a payment of a customer may use. Raises ApiError (400)."""
    method = find(account, call, method_id, "payment_method")
    if method.get(_USED):
        raise invalid_request(_REUSED)
    owner = method["customer"]
    if owner and customer is None:
        message = (
            "The payment method you provided is attached to a customer so for security purposes "
            "you must provide the customer in the request."
        )
        raise invalid_request(message)
    if owner and owner != customer:
        message = (
            f"The customer does not have a payment method with the ID {method['id']}. The payment "
            "method must be attached to the customer."
        )
        raise invalid_request(message, "resource_missing", "payment_method")
    return method


def use(method: Record) -> None:
    """Note that a payment used it: without a customer, no other may."""
    if method["customer"] is None:
        method[_USED] = True


def shown(method: Record) -> Record:
    """Return a payment method without what the mock alone knows of it."""
    return {name: value for name, value in method.items() if name not in (CARD, _USED)}


def _of_card(account: Account, call: Call, card: Record, fields: Fields) -> Record:
    billing = account.ledger.part("billing_details")
    values: dict[str, Any] = {
        "metadata": fields.get("metadata") or {},
        "allow_redisplay": fields.get("allow_redisplay") or "unspecified",
        **payment_method_fields(card, billing, fields.get("billing_details")),
        CARD: card,
    }
    return account.ledger.add("payment_method", call, values)


def _texts(card: Fields) -> dict[str, str]:
    for name in ("number", "exp_month", "exp_year"):
        if not card.get(name):
            raise missing_parameter(("card", name))
    return {name: text for name, text in card.items() if text}
