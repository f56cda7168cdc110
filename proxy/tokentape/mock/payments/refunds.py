"""Refunds of charges, whole or in part."""

from __future__ import annotations

from tokentape.mock.api_errors import invalid_request, unsupported
from tokentape.mock.payments.account import Account
from tokentape.mock.payments.fields import Fields
from tokentape.mock.payments.ledger import Record
from tokentape.mock.payments.money import formatted
from tokentape.mock.responses import Call


def create(account: Account, call: Call, fields: Fields) -> Record:
    """Refund a charge, given by its id or by its payment intent."""
    charge = _charge(account, call, fields)
    left = charge["amount"] - charge["amount_refunded"]
    amount = fields.get("amount", left)
    _check(charge, amount, left)
    charge["amount_refunded"] += amount
    charge["refunded"] = charge["amount_refunded"] == charge["amount"]
    values = {
        "amount": amount,
        "balance_transaction": f"txn_{account.ledger.entropy(24)}",
        "charge": charge["id"],
        "currency": charge["currency"],
        "metadata": fields.get("metadata") or {},
        "payment_intent": charge["payment_intent"],
        "reason": fields.get("reason"),
    }
    refund = account.ledger.add("refund", call, values)
    del refund["livemode"]  # the only object here that has none
    return refund


def _charge(account: Account, call: Call, fields: Fields) -> Record:
    if "charge" in fields:
        return account.ledger.named(call, "charge", fields["charge"], "charge")
    if "payment_intent" not in fields:
        message = (
            "One of the following params should be provided for this request: payment_intent or "
            "charge."
        )
        raise invalid_request(message, "parameter_missing")
    intent_id = fields["payment_intent"]
    intent = account.ledger.named(call, "payment_intent", intent_id, "payment_intent")
    charge = account.ledger.find(call, intent["latest_charge"] or "", "charge")
    if charge is None or not charge["paid"]:
        message = f"This PaymentIntent ({intent_id}) does not have a successful charge to refund."
        raise invalid_request(message)
    return charge


def _check(charge: Record, amount: int, left: int) -> None:
    if not charge["paid"] or not charge["captured"]:
        raise unsupported("refunds of charges that failed or were not captured")
    if charge["refunded"]:
        message = f"Charge {charge['id']} has already been refunded."
        raise invalid_request(message, "charge_already_refunded")
    if amount < 1:
        raise invalid_request("Invalid positive integer", "parameter_invalid_integer", "amount")
    if amount > left:
        wanted, rest = (formatted(each, charge["currency"]) for each in (amount, left))
        message = f"Refund amount ({wanted}) is greater than unrefunded amount on charge ({rest})"
        raise invalid_request(message, "", "amount")
