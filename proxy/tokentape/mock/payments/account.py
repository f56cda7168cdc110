"""What one Stripe account has: tokens, the objects made of them, and what its cards do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tokentape.mock.api_errors import no_such, unsupported
from tokentape.mock.cards import CARD_NAME
from tokentape.mock.payments.ledger import Ledger, Record
from tokentape.mock.payments.outcomes import ChargeOutcome, Outcomes, outcome_of
from tokentape.mock.responses import Call
from tokentape.mock.tokens import Tokens
from tokentape.pure.stripe.cards import BRANDS

_CHECKS = ("cvc_check", "address_line1_check", "address_postal_code_check")
_BRANDS = {brand.title: brand.name for brand in BRANDS.values()}
_KEPT_TO_CARDS = ("email", "phone", "wallet", CARD_NAME)


@dataclass(frozen=True, slots=True)
class Account:
    """The state of one mock: what a call works on."""

    tokens: Tokens
    ledger: Ledger
    outcomes: Outcomes

    def outcome(self, card: Record) -> ChargeOutcome:
        """Return what a card does. Raises ApiError for one of which the mock cannot tell."""
        name = card[CARD_NAME]
        return outcome_of(name, self.tokens.published.behaviours.get(name, ""), self.outcomes)

    def token_card(self, token: str, parameter: str, call: Call) -> Record:
        """Use a token up, and return its card, checked. Raises ApiError if it was used before."""
        return self.checked(dict(self.tokens.used_card(token, parameter, call)))

    def checked(self, card: Record) -> Record:
        """Return a card whose CVC and address its issuer has checked, as far as they were sent."""
        failed = self.outcome(card).failed_checks if card[CARD_NAME] else frozenset[str]()
        names = {"address_postal_code_check": "address_zip_check"}
        for check in _CHECKS:
            name = names.get(check, check)
            if card[name] is not None:
                card[name] = "fail" if check in failed else "pass"
        return card

    def customer_card(self, customer_id: str, card_id: str, call: Call) -> Record | None:
        """Return a customer's card, the default one for a blank id; None if there is no customer.

        Raises ApiError for a card that the customer does not have.
        """
        customer = self.ledger.find(call, customer_id, "customer")
        if customer is None:
            return None
        stored = self.ledger.find(call, card_id or customer["default_source"] or "", "card")
        if stored is None or stored["customer"] != customer_id:
            raise no_such("source", card_id, param="card")
        return stored

    def attach(self, card: Record) -> None:
        """Raise ApiError for a card that is declined when a customer is to have it."""
        outcome = self.outcome(card)
        if outcome.at_attachment:
            error = outcome.error()
            raise error if error.param else outcome.error(param="")


def source_fields(card: Record) -> Record:
    """Return a token's card as a customer or a charge shows it."""
    return {name: value for name, value in card.items() if name not in _KEPT_TO_CARDS}


def payment_method_fields(card: Record, billing: Record, sent: Record | None) -> Record:
    """Return a payment method's fields for a card; `sent` are billing details that were sent.

    `billing` has them all, null. Without any that were sent, those of the card count.
    """
    details = {**billing, "name": card["name"], "address": _address(card)}
    for name, value in (sent or {}).items():
        details[name] = {**billing["address"], **(value or {})} if name == "address" else value
    brand = _BRANDS.get(card["brand"], "unknown")
    return {
        "billing_details": details,
        "card": {
            "brand": brand,
            "checks": checks(card),
            "country": card["country"],
            "display_brand": brand,
            "exp_month": card["exp_month"],
            "exp_year": card["exp_year"],
            "fingerprint": card["fingerprint"],
            "funding": card["funding"],
            "generated_from": None,
            "last4": card["last4"],
            "networks": {"available": [brand], "preferred": card["networks"]["preferred"]},
            "regulated_status": card["regulated_status"],
            "three_d_secure_usage": {"supported": True},
            "wallet": None,
        },
    }


def checks(card: Record) -> Record:
    """Return the checks of a card under the names that payments give them."""
    return {
        "address_line1_check": card["address_line1_check"],
        "address_postal_code_check": card["address_zip_check"],
        "cvc_check": card["cvc_check"],
    }


def _address(card: Record) -> dict[str, Any]:
    names = {"postal_code": "zip"}
    parts = ("city", "country", "line1", "line2", "postal_code", "state")
    return {part: card[f"address_{names.get(part, part)}"] for part in parts}


def refuse_other_sources(source: str) -> None:
    """Raise ApiError for a source that is no card and no token of one."""
    if source.startswith(("btok_", "ba_", "src_")):
        raise unsupported("sources that are no cards")
