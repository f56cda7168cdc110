"""The catalog: mistakes in the data are errors with a line."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokentape.pure.stripe.catalog import Field, read_catalog
from tokentape.pure.stripe.vocabularies import FORMS

from tests.laws.pipeline import REDACTOR

WORDS = st.sampled_from(("True", "us", "EUR", "05", "00.50", "-05.50", "1e-07", "card[number]"))
HEAD = "side,path,class,values,blank,source\n"


def test_a_field_has_class_slot_values_and_form() -> None:
    catalog = read_catalog(
        HEAD + "request,card[number],card,,,x\nresponse,card.last4,card.last4,,,x\n"
    )
    assert catalog.locate_request(("card", "number")).field == Field("card")
    assert catalog.locate_response(("card", "last4")).field == Field("card", "last4")


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("request,a,addres,,,x", "unknown class 'addres'; did you mean address?"),
        ("request,a,Keep,,,x", "unknown class 'Keep'; did you mean keep?"),
        ("request,a,,,,x", "unknown class ''; did you mean "),
        ("response,a,card.last5,,,x", "unknown slot 'last5'; did you mean last4?"),
        ("response,a,name.last4,,,x", "unknown slot 'last4'; allowed: none"),
        ("request,a,keep,~curency,,x", "unknown form 'curency'; did you mean currency?"),
        ("request header,A,kkey,,,x", "unknown class 'kkey'; did you mean key?"),
        ("requests,a,keep,,,x", "unknown side 'requests'; did you mean request?"),
    ],
)
def test_a_misspelt_word_is_an_error_with_its_line(row: str, problem: str) -> None:
    with pytest.raises(ValueError, match=re.escape(f"catalog.csv:3: {problem}")):
        read_catalog(HEAD + "request,b,name,,,x\n" + row + "\n")


@given(st.sampled_from(sorted(FORMS)), st.text("0159.-eE/_truUSD", max_size=9) | WORDS)
def test_a_normal_form_is_its_own_normal_form(form: str, text: str) -> None:
    normal = REDACTOR.values.catalog.normal_form(Field("keep", form=form), text)
    if normal is not None:
        again = REDACTOR.values.catalog.normal_form(Field("keep", form=form), normal)
        assert again == normal
