"""A shop as people write it, with Flask and stripe-python: it knows nothing of tokentape.

    python flask_shop.py STRIPE_URL KEY     prints its own URL, and serves until it is killed

A visit is one person's: register, save a card, buy, be declined, be refunded, look back, leave. It
makes 25 calls to Stripe. What a step answers is what a person would see of it, so no ids and times.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import stripe
from flask import Flask, jsonify, request
from werkzeug.serving import make_server

Shown = dict[str, Any]


def shop(url: str, key: str) -> Flask:
    app = Flask("shop")
    api = stripe.StripeClient(key, base_addresses={"api": url}, max_network_retries=2).v1
    visitors: dict[str, Shown] = {}

    def step(path: str) -> Callable[[Callable[[Shown, Shown], Shown]], None]:
        def add(act: Callable[[Shown, Shown], Shown]) -> None:
            def respond(visitor: str) -> Any:
                try:
                    shown = act(visitors.setdefault(visitor, {}), request.get_json())
                except stripe.CardError as error:
                    problem = error.error
                    shown = {
                        "declined": error.user_message,
                        "code": error.code,
                        "decline_code": problem.decline_code if problem else None,
                        "status": error.http_status,
                    }
                return jsonify(shown)

            app.add_url_rule(f"/<visitor>/{path}", path, respond, methods=["POST"])

        return add

    @step("register")
    def register(visitor: Shown, sent: Shown) -> Shown:
        number = {"number": sent["card"], "exp_month": 12, "exp_year": 2050, "cvc": sent["cvc"]}
        token = api.tokens.create({"card": {**number, "name": sent["name"]}})
        customer = api.customers.create(
            {"source": token.id, "email": sent["email"], "metadata": {"order_id": sent["order"]}}
        )
        again = api.customers.retrieve(customer.id)
        visitor["customer"] = customer.id
        return {
            "name": token.card.name if token.card else None,
            "email": again.email,
            "metadata": again.metadata.to_dict() if again.metadata else None,
            "same": again.default_source == customer.default_source,
        }

    @step("card")
    def card(visitor: Shown, sent: Shown) -> Shown:
        method = api.payment_methods.create(
            {
                "type": "card",
                "card": {"token": "tok_mastercard"},
                "billing_details": {"name": sent["name"], "email": sent["email"]},
            }
        )
        attached = api.payment_methods.attach(method.id, {"customer": visitor["customer"]})
        listed = api.payment_methods.list({"customer": visitor["customer"], "type": "card"})
        visitor["method"] = method.id
        return {
            "attached": attached.customer == visitor["customer"],
            "name": attached.billing_details.name,
            "brand": attached.card.brand if attached.card else None,
            "listed": [each.id == method.id for each in listed.data],
        }

    @step("buy")
    def buy(visitor: Shown, sent: Shown) -> Shown:
        intent = api.payment_intents.create(
            {
                "amount": 2000,
                "currency": "usd",
                "customer": visitor["customer"],
                "payment_method_types": ["card"],
                "receipt_email": sent["email"],
                "metadata": {"order_id": sent["order"]},
            },
            {"idempotency_key": f"intent-{sent['order']}"},
        )
        paid = api.payment_intents.confirm(intent.id, {"payment_method": visitor["method"]})
        seen = api.payment_intents.retrieve(intent.id, {"expand": ["latest_charge"]})
        charge = seen.latest_charge
        visitor["charge"] = charge.id if isinstance(charge, stripe.Charge) else charge
        return {
            "before": intent.status,
            "after": paid.status,
            "amount": seen.amount_received,
            "receipt": seen.receipt_email,
            "order": seen.metadata["order_id"] if seen.metadata else None,
            "secret": bool(intent.client_secret and intent.client_secret.startswith(intent.id)),
            "paid": isinstance(charge, stripe.Charge) and charge.paid,
        }

    @step("later")
    def later(visitor: Shown, sent: Shown) -> Shown:
        intent = api.payment_intents.create(
            {
                "amount": 1500,
                "currency": "usd",
                "capture_method": "manual",
                "confirm": True,
                "customer": visitor["customer"],
                "payment_method": visitor["method"],
                "payment_method_types": ["card"],
            }
        )
        captured = api.payment_intents.capture(intent.id, {"amount_to_capture": 1000})
        return {"held": intent.status, "then": captured.status, "got": captured.amount_received}

    @step("declined-token")
    def declined_token(visitor: Shown, sent: Shown) -> Shown:
        charge = api.charges.create({"amount": 500, "currency": "usd", "source": sent["token"]})
        return {"paid": charge.paid}

    @step("declined-method")
    def declined_method(visitor: Shown, sent: Shown) -> Shown:
        method = api.payment_methods.create({"type": "card", "card": {"token": sent["token"]}})
        intent = api.payment_intents.create(
            {
                "amount": 700,
                "currency": "usd",
                "payment_method": method.id,
                "payment_method_types": ["card"],
            }
        )
        return {"status": api.payment_intents.confirm(intent.id).status}

    @step("twice")
    def twice(visitor: Shown, sent: Shown) -> Shown:
        token = api.tokens.create(
            {"card": {"number": sent["card"], "exp_month": 1, "exp_year": 2050}}
        )
        charge = api.charges.create({"amount": 900, "currency": "eur", "source": token.id})
        try:
            api.charges.create({"amount": 900, "currency": "eur", "source": token.id})
        except stripe.InvalidRequestError as error:
            return {"paid": charge.paid, "again": (error.user_message or "").replace(token.id, "…")}
        return {"paid": charge.paid, "again": "paid"}

    @step("refund")
    def refund(visitor: Shown, sent: Shown) -> Shown:
        part = api.refunds.create({"charge": visitor["charge"], "amount": 500})
        charge = api.charges.retrieve(visitor["charge"])
        return {
            "refunded": part.amount,
            "status": part.status,
            "total": charge.amount_refunded,
            "all": charge.refunded,
            "email": charge.receipt_email,
        }

    @step("history")
    def history(visitor: Shown, sent: Shown) -> Shown:
        charges = api.charges.list({"customer": visitor["customer"], "limit": 1})
        more = api.charges.list(
            {"customer": visitor["customer"], "starting_after": charges.data[-1].id}
        )
        intents = api.payment_intents.list({"customer": visitor["customer"]})
        return {
            "amounts": [charge.amount for charge in (*charges.data, *more.data)],
            "more": charges.has_more,
            "intents": [intent.status for intent in intents.data],
        }

    @step("leave")
    def leave(visitor: Shown, sent: Shown) -> Shown:
        deleted = api.customers.delete(visitor["customer"])
        gone = api.customers.retrieve(visitor["customer"])
        return {"deleted": deleted.deleted, "same": deleted.id == gone.id, "gone": gone.deleted}

    return app


def main() -> None:
    url, key = sys.argv[1:]
    server = make_server("127.0.0.1", 0, shop(url, key), threaded=True)
    sys.stdout.write(f"http://127.0.0.1:{server.port}\n")
    sys.stdout.flush()
    server.serve_forever()


if __name__ == "__main__":
    main()
