from __future__ import annotations

import pytest

from tests.mock.client import NOW, PUBLISHABLE, US_BANK, VISA, Client, document


@pytest.mark.parametrize(
    ("kind", "fields", "secret"),
    [("card", VISA, {"fingerprint", "metadata"}), ("bank_account", US_BANK, {"fingerprint"})],
)
def test_a_publishable_key_does_not_see_what_links_cards(
    client: Client, kind: str, fields: dict[str, str], secret: set[str]
) -> None:
    made = client.token(fields)
    public = document(client.get(made["id"], key=PUBLISHABLE))
    assert made[kind].keys() - public[kind].keys() == secret
    assert {**made, kind: 0} == {**public, kind: 0}


def test_a_card_has_no_metadata_yet(client: Client) -> None:
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
def test_a_customer_comes_whole_where_it_is_asked_for(client: Client, kind: str) -> None:
    fields = {kind: "x", "customer": "cus_1", "expand[]": f"{kind}.customer"}
    made = client.token(fields)
    assert made[kind]["customer"] == CUSTOMER
    assert document(client.get(made["id"]))[kind]["customer"] == "cus_1"
    expanded = client.get(made["id"], query=f"?expand%5B%5D={kind}.customer")
    assert document(expanded)[kind]["customer"] == CUSTOMER


def test_to_expand_what_is_not_there_changes_nothing(client: Client) -> None:
    made = client.token(VISA | {"expand[]": "card.customer"})
    assert "customer" not in made["card"]


def test_what_cannot_be_expanded_is_refused_on_a_get_too(client: Client) -> None:
    answer = client.get(client.token(VISA)["id"], query="?expand[]=foo")
    assert answer.status == 400
    message = document(answer)["error"]["message"]
    assert message == "This property cannot be expanded (foo)."
