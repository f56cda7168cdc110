"""Charges: of a token, of a customer's default card, and of a payment intent's payment method."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tokentape.mock.api_errors import ApiError, invalid_request, no_such
from tokentape.mock.payments.account import (
    Account,
    checks,
    payment_method_fields,
    refuse_other_sources,
    source_fields,
)
from tokentape.mock.payments.customers import full_shipping
from tokentape.mock.payments.fields import Fields
from tokentape.mock.payments.ledger import Record
from tokentape.mock.payments.money import check_amount
from tokentape.mock.payments.outcomes import ChargeOutcome
from tokentape.mock.responses import Call

_COPIED = (
    *("description", "receipt_email", "statement_descriptor", "statement_descriptor_suffix"),
    "transfer_group",
)


@dataclass(frozen=True, slots=True)
class Payment:
    """What is charged: an amount, to a card, whose payment method's fields are known."""

    amount: int
    currency: str
    captured: bool
    card: Record
    method: Record
    values: Fields
    """Other fields of the charge."""


def create(account: Account, call: Call, fields: Fields) -> Record:
    """Charge a source. Raises ApiError (402) for a card that is declined."""
    check_amount(fields["amount"], fields["currency"])
    card, shown = _source(account, call, fields.get("source"), fields.get("customer"))
    billing = account.ledger.part("billing_details")
    payment = Payment(
        fields["amount"],
        fields["currency"],
        captured=fields.get("capture", True),
        card=card,
        method={"id": card["id"], **payment_method_fields(card, billing, None)},
        values={
            **{name: fields.get(name) for name in _COPIED},
            "customer": fields.get("customer"),
            "metadata": fields.get("metadata") or {},
            "shipping": full_shipping(fields.get("shipping")),
            "source": shown,
        },
    )
    charge, outcome = charged(account, call, payment)
    if outcome.code:
        raise outcome.error(charge=charge["id"])
    return charge


def retrieve(account: Account, call: Call, _fields: Fields, charge_id: str) -> Record:
    """Return a charge."""
    return account.ledger.named(call, "charge", charge_id)


def listed(account: Account, call: Call, fields: Fields) -> Record:
    """Return a page of charges."""
    return account.ledger.listed(call, "charge", fields)


def charged(account: Account, call: Call, payment: Payment) -> tuple[Record, ChargeOutcome]:
    """Make a charge, which may have failed; return it and its outcome."""
    outcome = account.outcome(payment.card)
    paid = not outcome.code
    ending: dict[str, Any] = {"status": "failed"}
    if paid:
        ending = {"status": "succeeded", "paid": True, "captured": payment.captured}
        address = f"https://pay.stripe.com/receipts/payment/{account.ledger.entropy(40)}"
        ending["receipt_url"] = address
    else:
        ending |= {"failure_code": outcome.code, "failure_message": outcome.message}
    values = {
        **payment.values,
        "amount": payment.amount,
        "currency": payment.currency,
        "billing_details": payment.method["billing_details"],
        "outcome": dict(outcome.fields),
        "payment_method": payment.method["id"],
        "payment_method_details": _details(account, payment),
        **ending,
    }
    charge = account.ledger.add("charge", call, values)
    if paid and payment.captured:
        capture(account, charge, payment.amount)
    return charge, outcome


def capture(account: Account, charge: Record, amount: int) -> None:
    """Take the money of a charge that was authorised; the rest is released as a refund is."""
    charge["captured"] = True
    charge["amount_captured"] = amount
    charge["amount_refunded"] = charge["amount"] - amount
    charge["balance_transaction"] = f"txn_{account.ledger.entropy(24)}"


def _details(account: Account, payment: Payment) -> Record:
    card = payment.method["card"]
    same = ("brand", "country", "exp_month", "exp_year", "fingerprint", "funding", "last4")
    details = {
        **account.ledger.part("charged_card"),
        **{name: card[name] for name in same},
        "amount_authorized": payment.amount,
        "checks": checks(payment.card),
        "network": card["brand"],
        "regulated_status": card["regulated_status"],
    }
    return {"card": details, "type": "card"}


def _source(
    account: Account, call: Call, source: str | None, customer_id: str | None
) -> tuple[Record, Record]:
    """Return the card to charge, and how the charge shows it."""
    if source is None and customer_id is None:
        raise invalid_request("Must provide source or customer.", "parameter_missing")
    if source is not None and customer_id is None:
        refuse_other_sources(source)
        card = account.token_card(source, "source", call)
        return card, {**source_fields(card), "customer": None}
    customer = account.ledger.named(call, "customer", customer_id or "", "customer")
    card_id = source or customer["default_source"]
    if card_id is None:
        message = "Cannot charge a customer that has no active card"
        raise ApiError(402, "card_error", message, code="missing", param="card")
    stored = account.ledger.find(call, card_id, "card")
    if stored is None or stored["customer"] != customer["id"]:
        message = f"Customer {customer['id']} does not have a linked source with ID {card_id}."
        if card_id.startswith("card_"):
            raise invalid_request(message, "missing", "source", status=404)
        raise no_such("source", card_id, param="source")
    return stored, source_fields(stored)
