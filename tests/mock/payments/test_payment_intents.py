"""Payment methods, and payment intents in all their states."""

from __future__ import annotations

import pytest

from tests.mock.client import PUBLISHABLE, Client

INTENT = {"amount": 1000, "currency": "eur", "payment_method_types[]": "card"}
CREATE = "POST /v1/payment_intents"
DECLINED = "pm_card_visa_chargeDeclinedInsufficientFunds"


def method(client: Client) -> str:
    fields = {"type": "card", "card[token]": "tok_visa"}
    return str(client.call("POST /v1/payment_methods", fields)["id"])


def customer(client: Client) -> str:
    return str(client.call("POST /v1/customers")["id"])


def test_a_payment_method_is_made_of_a_number(client: Client) -> None:
    card = {"number": "5555555555554444", "exp_month": "8", "exp_year": "2050", "cvc": "314"}
    fields = {f"card[{name}]": text for name, text in card.items()}
    fields |= {"type": "card", "billing_details[address][city]": "Bonn"}
    made = client.call("POST /v1/payment_methods", fields, key=PUBLISHABLE)
    assert (made["type"], made["card"]["brand"], made["card"]["last4"]) == (
        "card",
        "mastercard",
        "4444",
    )
    assert made["card"]["checks"]["cvc_check"] == "pass"
    assert made["billing_details"]["address"]["city"] == "Bonn"
    assert made["billing_details"]["address"]["line1"] is None
    wrong = {**fields, "card[number]": "4242424242424241"}
    error = client.call("POST /v1/payment_methods", wrong, status=402)
    assert error["code"] == "incorrect_number"


def test_a_payment_method_is_attached_to_one_customer(client: Client) -> None:
    made, first, second = method(client), customer(client), customer(client)
    attach = f"POST /v1/payment_methods/{made}/attach"
    assert client.call(attach, {"customer": first})["customer"] == first
    error = client.call(attach, {"customer": second}, status=400)
    assert "already been attached to a customer" in error["message"]
    listed = client.call("GET /v1/payment_methods", {"customer": first, "type": "card"})
    assert [each["id"] for each in listed["data"]] == [made]
    declined = "POST /v1/payment_methods/pm_card_visa_chargeDeclined/attach"
    assert client.call(declined, {"customer": first}, status=402)["param"] == ""


def test_a_published_payment_method_becomes_a_new_one(client: Client) -> None:
    attach = "POST /v1/payment_methods/pm_card_visa/attach"
    ids = {client.call(attach, {"customer": customer(client)})["id"] for _ in range(2)}
    assert len(ids) == 2


def test_an_intent_goes_through_its_states(client: Client) -> None:
    intent = client.call(CREATE, INTENT)
    assert intent["status"] == "requires_payment_method"
    assert intent["client_secret"].startswith(f"{intent['id']}_secret_")
    confirm = f"POST /v1/payment_intents/{intent['id']}/confirm"
    error = client.call(confirm, status=400)
    assert error["code"] == "payment_intent_unexpected_state"
    assert error["payment_intent"]["id"] == intent["id"]
    paid = client.call(confirm, {"payment_method": method(client)})
    assert (paid["status"], paid["amount_received"]) == ("succeeded", 1000)
    charge = client.call(f"GET /v1/charges/{paid['latest_charge']}")
    assert (charge["payment_intent"], charge["amount_captured"]) == (intent["id"], 1000)
    again = client.call(confirm, status=400)
    assert "it has already succeeded after being previously confirmed" in again["message"]
    refund = client.call("POST /v1/refunds", {"payment_intent": intent["id"]})
    assert (refund["amount"], refund["payment_intent"]) == (1000, intent["id"])


def test_an_intent_may_be_paid_at_once(client: Client) -> None:
    data = {"payment_method_data[type]": "card", "payment_method_data[card][token]": "tok_visa"}
    for more in ({"payment_method": "pm_card_visa"}, data):
        assert client.call(CREATE, {**INTENT, **more, "confirm": "true"})["status"] == "succeeded"
    waiting = client.call(CREATE, {**INTENT, "payment_method": method(client)})
    assert waiting["status"] == "requires_confirmation"


def test_what_is_authorised_is_captured_in_part(client: Client) -> None:
    fields = {**INTENT, "payment_method": "pm_card_visa", "capture_method": "manual"}
    intent = client.call(CREATE, {**fields, "confirm": "true"})
    assert (intent["status"], intent["amount_capturable"]) == ("requires_capture", 1000)
    capture = f"POST /v1/payment_intents/{intent['id']}/capture"
    client.call(capture, {"amount_to_capture": 1001}, status=400)
    captured = client.call(capture, {"amount_to_capture": 700})
    assert (captured["status"], captured["amount_received"]) == ("succeeded", 700)
    error = client.call(capture, status=400)
    assert "has a status of succeeded. Only a PaymentIntent" in error["message"]
    expanded = client.call(f"GET /v1/payment_intents/{intent['id']}", {"expand[]": "latest_charge"})
    assert expanded["latest_charge"]["amount_captured"] == 700
    assert expanded["latest_charge"]["amount_refunded"] == 300


def test_a_decline_is_in_the_error_and_in_the_intent(client: Client) -> None:
    fields = {**INTENT, "payment_method": DECLINED, "confirm": "true"}
    error = client.call(CREATE, fields, status=402)
    assert (error["code"], error["decline_code"]) == ("card_declined", "insufficient_funds")
    intent = error["payment_intent"]
    assert (intent["status"], intent["payment_method"]) == ("requires_payment_method", None)
    assert error["payment_method"]["object"] == "payment_method"
    shown = client.call(f"GET /v1/payment_intents/{intent['id']}")
    assert shown["last_payment_error"]["message"] == "Your card has insufficient funds."
    assert shown["latest_charge"] == error["charge"]
    confirm = f"POST /v1/payment_intents/{intent['id']}/confirm"
    paid = client.call(confirm, {"payment_method": "pm_card_visa"})
    assert (paid["status"], paid["last_payment_error"]) == ("succeeded", None)


def test_a_payment_method_without_a_customer_is_used_once(client: Client) -> None:
    fields = {**INTENT, "payment_method": method(client), "confirm": "true"}
    client.call(CREATE, fields)
    assert "It may not be used again." in client.call(CREATE, fields, status=400)["message"]


@pytest.mark.parametrize(
    ("whose", "message"),
    [
        ("nobody's", "you must provide the customer in the request"),
        ("another's", "The payment method must be attached to the customer."),
    ],
)
def test_a_customers_payment_method_is_for_that_customer(
    client: Client, whose: str, message: str
) -> None:
    made, owner = method(client), customer(client)
    client.call(f"POST /v1/payment_methods/{made}/attach", {"customer": owner})
    payer = {"customer": customer(client)} if whose == "another's" else {}
    error = client.call(CREATE, {**INTENT, **payer, "payment_method": made}, status=400)
    assert message in error["message"]
    for _ in range(2):
        fields = {**INTENT, "customer": owner, "payment_method": made, "confirm": "true"}
        assert client.call(CREATE, fields)["status"] == "succeeded"


def test_a_payment_method_that_is_kept_for_later_is_attached(client: Client) -> None:
    owner = customer(client)
    fields = {**INTENT, "customer": owner, "payment_method": method(client), "confirm": "true"}
    intent = client.call(CREATE, {**fields, "setup_future_usage": "off_session"})
    kept = client.call(f"GET /v1/payment_methods/{intent['payment_method']}")
    assert kept["customer"] == owner


def test_a_redirect_needs_an_address_to_come_back_to(client: Client) -> None:
    fields = {"amount": 1000, "currency": "eur", "payment_method": "pm_card_visa"}
    error = client.call(CREATE, {**fields, "confirm": "true"}, status=400)
    assert "you must provide a `return_url`" in error["message"]
    never = {
        "automatic_payment_methods[enabled]": "true",
        "automatic_payment_methods[allow_redirects]": "never",
    }
    for more in (never, {"return_url": "https://shop.example"}):
        assert client.call(CREATE, {**fields, **more, "confirm": "true"})["status"] == "succeeded"


def test_a_field_that_cannot_be_expanded_is_an_error(client: Client) -> None:
    intent = f"GET /v1/payment_intents/{client.call(CREATE, INTENT)['id']}"
    error = client.call(intent, {"expand[]": "amount"}, status=400)
    assert error["message"] == "This property cannot be expanded (amount)."
