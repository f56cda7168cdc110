"""Every field that the mock answers with is one of Stripe's, wherever an object stands."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tokentape.edges import package_data
from tokentape.pure.http.forms import Path
from tokentape.pure.stripe.outlines import Outlines, located

from tests.mock.client import VISA, Client

ANSWERS = Outlines(package_data.read("answers.txt"))
SHIPPING = {"shipping[name]": "Ada", "shipping[address][city]": "Bonn"}
CHARGE = {"amount": 500, "currency": "usd"}
INTENT = {**CHARGE, "payment_method_types[]": "card", "confirm": "true"}


def leaves(node: Any, owner: str, path: Path = ()) -> Iterator[tuple[str, Path]]:
    """Yield the type of the nearest object around each leaf, and the leaf's path in it."""
    if isinstance(node, dict) and "object" in node:
        owner, path = node["object"], ()
    if isinstance(node, dict) and node:
        for name, value in node.items():
            yield from leaves(value, owner, (*path, name))
    elif isinstance(node, list) and node:
        for value in node:
            yield from leaves(value, owner, (*path, ""))
    else:
        yield owner, path


def answers(client: Client) -> Iterator[Any]:
    customer = client.call(
        "POST /v1/customers", {"source": "tok_visa", "metadata[a]": "b", **SHIPPING}
    )
    yield client.call(f"GET /v1/customers/{customer['id']}", {"expand[]": "sources"})
    yield client.call("POST /v1/charges", {**CHARGE, "customer": customer["id"], **SHIPPING})
    charge = client.call("POST /v1/charges", {**CHARGE, "source": "tok_visa"})
    yield charge
    yield client.call("POST /v1/refunds", {"charge": charge["id"]})
    yield client.call("POST /v1/payment_methods", {"type": "card", "card[token]": "tok_visa"})
    yield client.call("POST /v1/payment_intents", {**INTENT, "payment_method": "pm_card_visa"})
    declined = {**INTENT, "payment_method": "pm_card_visa_chargeDeclined"}
    yield client.call("POST /v1/payment_intents", declined, status=402)
    yield client.token(VISA)


def test_no_answer_has_a_field_that_stripe_does_not_have(client: Client) -> None:
    fields = {leaf for answer in answers(client) for leaf in leaves(answer, "error")}
    unknown = {
        (owner, path)
        for owner, path in fields
        if located(ANSWERS.tree(owner), path, frozenset()).depth < len(path)
    }
    assert unknown == set()
    assert {owner for owner, _ in fields} > {"charge", "customer", "payment_intent", "error"}
