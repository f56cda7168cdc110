"""The catalog: mistakes in the data are errors with a line, and users may add fields to it."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokentape.pure.stripe.catalog import Catalog, extended, read_catalog
from tokentape.pure.stripe.fields import KEEP, Field, field_of
from tokentape.pure.stripe.vocabularies import FORMS

from tests.laws.pipeline import REDACTOR

WORDS = st.sampled_from(("True", "us", "EUR", "05", "00.50", "-05.50", "1e-07", "card[number]"))
HEAD = "side,path,class,values,source\nlist,currency,,eur|usd,x\n"
REQUESTS = """
POST /v1/customers
 metadata! hash
  *! text
 shipping
  metadata
   *! text
"""
ANSWERS = """
answer
 error object_id error
card
 metadata
  *! text
customer
 default_source object_id card|source
 discount object_id discount
 last4 card.last4
error
 code keep card_declined
"""


@pytest.fixture
def catalog() -> Catalog:
    return read_catalog(HEAD, REQUESTS, ANSWERS)


def test_a_field_has_class_slot_values_and_form() -> None:
    assert field_of("card.last4", "") == Field("card", "last4")
    assert field_of("keep", "~integer|inf") == Field(
        KEEP, form="integer", values=frozenset({"inf"})
    )
    assert field_of("time", "now") == Field("time", values=frozenset({"now"}))
    assert field_of("object_id", "card|source").types == {"card", "source"}


@pytest.mark.parametrize(
    ("class_name", "values", "problem"),
    [
        ("addres", "", "unknown class 'addres'; did you mean address?"),
        ("Keep", "", "unknown class 'Keep'; did you mean keep?"),
        ("card.last5", "", "unknown slot 'last5'; did you mean last4?"),
        ("name.last4", "", "unknown slot 'last4'; allowed: none"),
        ("keep", "~curency", "unknown form 'curency'; did you mean currency?"),
    ],
)
def test_a_misspelt_word_is_an_error(class_name: str, values: str, problem: str) -> None:
    with pytest.raises(ValueError, match=re.escape(problem)):
        field_of(class_name, values)


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("request header,A,kkey,,x", "unknown class 'kkey'; did you mean key?"),
        ("requests,a,keep,,x", "unknown side 'requests'; did you mean request header?"),
    ],
)
def test_a_misspelt_word_in_a_table_is_an_error_with_its_line(row: str, problem: str) -> None:
    with pytest.raises(ValueError, match=re.escape(f"headers.csv:3: {problem}")):
        read_catalog(HEAD + row + "\n", "", "")


def test_an_object_is_of_the_type_that_it_names(catalog: Catalog) -> None:
    source = catalog.answer_field("customer", ("default_source",)).field
    assert catalog.object_type(source, {"object": "card"}) == "card"
    assert catalog.object_type(source, {"object": "customer"}) == "customer"
    assert catalog.object_type(source, {"object": "bicycle"}) == ""
    assert catalog.object_type(source, {"object": ["card"]}) == ""
    assert catalog.object_type(source, {}) == ""


def test_an_object_stands_only_where_the_catalog_says_so(catalog: Catalog) -> None:
    last4 = catalog.answer_field("customer", ("last4",)).field
    assert catalog.object_type(last4, {"object": "card"}) == ""
    assert catalog.object_type(None, {"object": "card"}) == ""


def test_an_answer_is_an_object_or_has_an_error(catalog: Catalog) -> None:
    answer = catalog.answer_field("", ()).field
    assert catalog.object_type(answer, {"object": "customer"}) == "customer"
    assert catalog.object_type(answer, {"error": {}}) == "answer"
    error = catalog.answer_field("answer", ("error",)).field
    assert catalog.object_type(error, {"code": "card_declined"}) == "error"


def test_users_add_fields_by_path_by_type_and_anywhere(catalog: Catalog) -> None:
    more = extended(
        catalog, ["metadata[a]", "card[metadata][b]", "*[metadata][c]"], {"x.y": "name"}
    )
    anything = Field(KEEP, anything=True)

    def in_request(*path: str) -> Field | None:
        return more.request_field("POST /v1/customers", path).field

    def in_card(*path: str) -> Field | None:
        return more.answer_field("card", path).field

    assert in_request("metadata", "a") == anything
    assert in_request("metadata", "b") == Field("text", blank_unsets=True)
    assert in_request("card", "metadata", "b") == anything
    assert in_request("metadata", "c") == anything
    assert in_request("shipping", "metadata", "c") == anything
    assert in_request("x", "y") == Field("name")
    assert in_card("metadata", "a") == anything
    assert in_card("metadata", "b") == anything
    assert in_card("metadata", "c") == anything
    assert more.normal_form(anything, "Ada") == "Ada"
    assert catalog.request_field("POST /v1/customers", ("x", "y")).field is None


@given(st.sampled_from(sorted(FORMS)), st.text("0159.-eE/_truUSD", max_size=9) | WORDS)
def test_a_normal_form_is_its_own_normal_form(form: str, text: str) -> None:
    normal = REDACTOR.values.catalog.normal_form(Field("keep", form=form), text)
    if normal is not None:
        again = REDACTOR.values.catalog.normal_form(Field("keep", form=form), normal)
        assert again == normal
