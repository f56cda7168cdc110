"""Customers that are deleted."""

from __future__ import annotations

import pytest

from tests.mock.client import Client


@pytest.fixture
def deleted(client: Client) -> str:
    """Return the id of a customer that was deleted."""
    customer = str(client.call("POST /v1/customers", {"source": "tok_visa"})["id"])
    client.call(f"DELETE /v1/customers/{customer}")
    return customer


def test_a_deleted_customer_shows_only_that_it_was_one(client: Client, deleted: str) -> None:
    shown = client.call(f"GET /v1/customers/{deleted}")
    assert shown == {"id": deleted, "object": "customer", "deleted": True}
    assert client.call("GET /v1/customers")["data"] == []


def test_a_deleted_customer_can_be_neither_charged_nor_deleted(
    client: Client, deleted: str
) -> None:
    charge = {"amount": 500, "currency": "usd", "customer": deleted}
    assert client.call("POST /v1/charges", charge, status=400)["code"] == "resource_missing"
    gone = client.call(f"DELETE /v1/customers/{deleted}", status=404)
    assert gone["message"] == f"No such customer: '{deleted}'"
