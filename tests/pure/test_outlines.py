"""The outline of fields: read owner by owner, on first use."""

from __future__ import annotations

import pytest
from tokentape.pure.stripe.fields import Field
from tokentape.pure.stripe.outlines import Outlines, located

TEXT = """\
# A comment.
POST /v1/customers
 address! hash
  city address
 metadata! hash
  *! text
 preferred_locales
  [] text
 tax_exempt! keep exempt|none
price
 currency_options
  ~currency
   unit_amount keep ~integer
 product object_id product
tax.empty
token
 id object_id
"""
CURRENCIES = frozenset({"usd", "eur"})


@pytest.fixture
def outlines() -> Outlines:
    return Outlines(TEXT)


def find(outlines: Outlines, owner: str, path: str) -> tuple[Field | None, int, frozenset[int]]:
    place = located(outlines.tree(owner), tuple(path.split(".")), CURRENCIES, numbered=True)
    return place.field, place.depth, place.free


def test_owners_are_found(outlines: Outlines) -> None:
    assert [*outlines.owners()] == ["POST /v1/customers", "price", "tax.empty", "token"]
    assert all(owner in outlines for owner in outlines.owners())


@pytest.mark.parametrize(
    "owner",
    ["", " id object_id", "tok", "oken", "price\n currency_options", "# A comment.", "tax.empt"],
)
def test_what_is_no_owner_is_not_found(outlines: Outlines, owner: str) -> None:
    assert outlines.tree(owner) is None
    assert find(outlines, owner, "id") == (None, 0, frozenset())


def test_a_field_has_its_class(outlines: Outlines) -> None:
    owner = "POST /v1/customers"
    assert find(outlines, owner, "address.city") == (Field("address"), 2, frozenset())
    assert find(outlines, owner, "address") == (Field("hash", blank_unsets=True), 1, frozenset())
    exempt = Field("keep", values=frozenset({"exempt", "none"}), blank_unsets=True)
    assert find(outlines, owner, "tax_exempt") == (exempt, 1, frozenset())
    product = Field("object_id", types=frozenset({"product"}))
    assert find(outlines, "price", "product") == (product, 1, frozenset())


def test_an_unknown_name_ends_what_is_known(outlines: Outlines) -> None:
    assert find(outlines, "POST /v1/customers", "address.planet") == (None, 1, frozenset())
    assert find(outlines, "POST /v1/customers", "metadata!") == (None, 0, frozenset())
    assert find(outlines, "tax.empty", "id") == (None, 0, frozenset())


def test_a_name_of_users_is_free(outlines: Outlines) -> None:
    for name in ("order", "*", "[]", "0"):
        place = find(outlines, "POST /v1/customers", f"metadata.{name}")
        assert place == (Field("text", blank_unsets=True), 2, frozenset({1}))


def test_positions_of_two_digits_are_positions(outlines: Outlines) -> None:
    for position in ("", "0", "99"):
        place = find(outlines, "POST /v1/customers", f"preferred_locales.{position}")
        assert place == (Field("text"), 2, frozenset())
    for name in ("100", "01", "[]", "*", "٣"):
        assert find(outlines, "POST /v1/customers", f"preferred_locales.{name}")[1] == 1


def test_currencies_are_names_of_the_api(outlines: Outlines) -> None:
    amount = Field("keep", form="integer")
    place = find(outlines, "price", "currency_options.usd.unit_amount")
    assert place == (amount, 3, frozenset())
    for name in ("xyz", "USD", "~currency"):
        assert find(outlines, "price", f"currency_options.{name}.unit_amount")[1] == 1


def test_the_names_of_the_api_are_known(outlines: Outlines) -> None:
    names = {"address", "city", "currency_options", "id", "metadata", "preferred_locales"}
    assert outlines.names() == names | {"product", "tax_exempt", "unit_amount"}
