"""Customers, with the card of a token as their default source."""

from __future__ import annotations

from tokentape.mock.api_errors import no_such
from tokentape.mock.payments import payment_methods
from tokentape.mock.payments.account import Account, refuse_other_sources, source_fields
from tokentape.mock.payments.fields import Fields
from tokentape.mock.payments.ledger import Record
from tokentape.mock.responses import Call

_ADDRESS = ("city", "country", "line1", "line2", "postal_code", "state")
_PREFIX = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"


def create(account: Account, call: Call, fields: Fields) -> Record:
    """Make a customer; a token in `source` is used up for its card.

    Raises ApiError (402) for a card that is declined, and then there is no customer.
    """
    source, method = fields.pop("source", None), fields.pop("payment_method", None)
    card = _card(account, call, source) if source else None
    invoice_settings = account.ledger.part("customer")["invoice_settings"]
    if settings := fields.pop("invoice_settings", None):
        invoice_settings |= settings
        method = method or settings.get("default_payment_method")
    if method:
        payment_methods.attachable(account, call, method)
    values = {
        **fields,
        "address": full_address(fields.get("address")),
        "shipping": full_shipping(fields.get("shipping")),
        "invoice_settings": invoice_settings,
        "invoice_prefix": _invoice_prefix(account),
    }
    customer = account.ledger.add("customer", call, values)
    if method:
        record = payment_methods.attach(account, call, {"customer": customer["id"]}, method)
        if settings:
            invoice_settings["default_payment_method"] = record["id"]
    if card is not None:
        customer["default_source"] = card["id"]
        account.ledger.keep(call, {**card, "customer": customer["id"]})
    return customer


def retrieve(account: Account, call: Call, _fields: Fields, customer_id: str) -> Record:
    """Return a customer."""
    return account.ledger.named(call, "customer", customer_id)


def delete(account: Account, call: Call, _fields: Fields, customer_id: str) -> Record:
    """Delete a customer: from then on it can be retrieved, but shows its id only.

    https://docs.stripe.com/api/customers/delete. Raises ApiError (404) the second time.
    """
    customer = account.ledger.named(call, "customer", customer_id)
    if customer.get("deleted"):
        raise no_such("customer", customer_id, param="id", status=404)
    customer.clear()
    customer.update({"id": customer_id, "object": "customer", "deleted": True})
    return customer


def listed(account: Account, call: Call, fields: Fields) -> Record:
    """Return a page of customers."""
    return account.ledger.listed(call, "customer", fields)


def shown_sources(account: Account, call: Call, customer: Record) -> Record:
    """Return a customer's cards as a list."""
    card = account.ledger.find(call, customer["default_source"] or "", "card")
    url = f"/v1/customers/{customer['id']}/sources"
    data = [source_fields(card)] if card else []
    return {"object": "list", "data": data, "has_more": False, "total_count": len(data), "url": url}


def full_address(sent: Fields | None) -> Fields | None:
    """Return an address with null for each part that was not sent."""
    return sent and {**dict.fromkeys(_ADDRESS), **sent}


def full_shipping(sent: Fields | None) -> Fields | None:
    """Return shipping details with null for what was not sent."""
    if not sent:
        return None
    names = ("carrier", "phone", "tracking_number")
    return {**dict.fromkeys(names), **sent, "address": full_address(sent["address"])}


def _card(account: Account, call: Call, source: str) -> Record:
    refuse_other_sources(source)
    card = account.tokens.card(source, "source", call)
    account.attach(dict(card))
    return account.token_card(source, "source", call)


def _invoice_prefix(account: Account) -> str:
    return "".join(_PREFIX[ord(each) % len(_PREFIX)] for each in account.ledger.entropy(8))
