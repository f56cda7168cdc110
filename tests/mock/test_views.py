from __future__ import annotations

import pytest

from tests.mock.client import NOW, PUBLISHABLE, US_BANK, VISA, Client, document


@pytest.mark.parametrize(
    ("kind", "fields", "secret"),
    [("card", VISA, {"fingerprint", "metadata"}), ("bank_account", US_BANK, {"fingerprint"})],
)
def test_a_publishable_key_gets_no_field_that_links_cards(
    client: Client, kind: str, fields: dict[str, str], secret: set[str]
) -> None:
    token = client.token(fields)
    public = document(client.get(token["id"], key=PUBLISHABLE))
    assert token[kind].keys() - public[kind].keys() == secret
    assert {**token, kind: 0} == {**public, kind: 0}


def test_a_new_card_has_no_metadata(client: Client) -> None:
    assert client.token(VISA)["card"]["metadata"] == {}


CUSTOMER = {
    "id": "cus_1",
    "object": "customer",
    "created": NOW,
    "delinquent": False,
    "description": None,
    "email": None,
    "livemode": False,
    "metadata": {},
    "name": None,
    "phone": None,
}


@pytest.mark.parametrize("kind", ["card", "bank_account"])
def test_a_customer_is_expanded_where_expand_names_it(client: Client, kind: str) -> None:
    fields = {kind: "x", "customer": "cus_1", "expand[]": f"{kind}.customer"}
    token = client.token(fields)
    assert token[kind]["customer"] == CUSTOMER
    assert document(client.get(token["id"]))[kind]["customer"] == "cus_1"
    expanded = client.get(token["id"], query=f"?expand%5B%5D={kind}.customer")
    assert document(expanded)[kind]["customer"] == CUSTOMER


def test_expanding_an_absent_customer_changes_nothing(client: Client) -> None:
    token = client.token(VISA | {"expand[]": "card.customer"})
    assert "customer" not in token["card"]


def test_an_unknown_expansion_is_an_error_for_a_get(client: Client) -> None:
    answer = client.get(client.token(VISA)["id"], query="?expand[]=foo")
    assert answer.status == 400
    message = document(answer)["error"]["message"]
    assert message == "This property cannot be expanded (foo)."
