"""What the mock does not know, and what the documents say that it does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import stripe
from tokentape.mock.payments.operations import OPERATIONS

from tests.mock.client import Client
from tests.processes import Session
from tests.wire import SECRET

DOCUMENT = (Path(__file__).parents[3] / "docs" / "mock.md").read_text("utf-8")


@pytest.mark.parametrize(
    "operation",
    ["POST /v1/subscriptions", "GET /v1/charges/ch_1/refunds", "DELETE /v1/coupons/x"],
)
def test_a_call_of_stripe_that_the_mock_does_not_know(client: Client, operation: str) -> None:
    method, path = operation.split(" ")
    answer = client.send(method, path)
    assert answer.status == 501
    assert answer.header("Stripe-Should-Retry") == "false"
    assert b"Record it from Stripe instead: --upstream https://api.stripe.com" in answer.body


def test_a_call_that_nobody_knows_is_stripes_error(client: Client) -> None:
    error = client.call("POST /v1/nonsense", status=404)
    assert error["message"].startswith("Unrecognized request URL (POST: /v1/nonsense)")


def test_the_document_names_every_call() -> None:
    calls = re.findall(r"`((?:GET|POST|DELETE) /v1/[^`]+)`", DOCUMENT)
    named = sorted(re.sub(r"{\w+}", "{}", call) for call in calls)
    assert named == sorted((*OPERATIONS, "POST /v1/tokens", "GET /v1/tokens/{}"))


def test_the_official_client_pays(tmp_path: Path) -> None:
    with Session(tmp_path, "mock", "--listen", "127.0.0.1:0") as session:
        client = stripe.StripeClient(SECRET, base_addresses={"api": session.url})
        customer = client.v1.customers.create({"email": "ada@example.com", "source": "tok_visa"})
        charge = client.v1.charges.create(
            {"amount": 500, "currency": "usd", "customer": customer.id}
        )
        assert charge.payment_method_details
        assert charge.payment_method_details.card
        assert charge.payment_method_details.card.last4 == "4242"
        with pytest.raises(stripe.CardError, match="insufficient funds") as declined:
            client.v1.payment_intents.create(
                {
                    "amount": 500,
                    "currency": "usd",
                    "payment_method": "pm_card_visa_chargeDeclinedInsufficientFunds",
                    "payment_method_types": ["card"],
                    "confirm": True,
                }
            )
        assert declined.value.error
        assert declined.value.error.payment_intent
        assert declined.value.error.payment_intent.status == "requires_payment_method"
        assert [each.id for each in client.v1.charges.list().data][1:] == [charge.id]
        with pytest.raises(stripe.APIError, match="--upstream"):
            client.v1.products.create({"name": "Tea"})
