"""The catalog of all of /v1: every line of it can be used, and it keeps no more than it may."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest
from tokentape.pure.http.forms import Path as FieldPath
from tokentape.pure.stripe.catalog import dotted
from tokentape.pure.stripe.fields import KEEP, Field, field_of
from tokentape.pure.stripe.outlines import FieldNode, Outlines
from tokentape.session.assembly import catalog

BY_HAND = (Path(__file__).parents[1] / "tokens_by_hand.csv").read_text("utf-8")
"""The fields of tokens, as they were catalogued by hand."""
ROWS = [
    row for row in csv.DictReader(BY_HAND.splitlines()) if row["side"] in ("request", "response")
]
API = catalog()
NEVER_KEPT = {
    *("ethnicity", "gender", "nationality", "political_exposure", "race", "sex"),
    *("day", "amounts", "latitude", "longitude", "client_secret", "secret", "password", "cvc"),
    *("email", "phone", "line1", "postal_code", "ip", "ip_address", "last4", "fingerprint"),
}
"""Names of fields whose values are personal or secret, wherever they stand."""
OBJECTS = ("card", "bank_account", "error")
"""The objects in a token's answer, apart from a customer."""


def leaves(node: FieldNode, path: FieldPath = ()) -> Iterator[tuple[FieldPath, Field]]:
    if node.field is not None:
        yield path, node.field
    for name, member in node.members.items():
        yield from leaves(member, (*path, "" if name == "[]" else name))


def fields(outlines: Outlines) -> Iterator[tuple[str, FieldPath, Field]]:
    for owner in outlines.owners():
        tree = outlines.tree(owner)
        assert tree is not None
        for path, field in leaves(tree):
            yield owner, path, field


@pytest.mark.parametrize("side", ["requests", "answers"])
def test_every_owner_can_be_read(side: str) -> None:
    outlines: Outlines = getattr(API, side)
    owners = [*outlines.owners()]
    assert owners == sorted(set(owners))
    assert len(owners) > 150
    assert sum(1 for _ in fields(outlines)) > 7_000


def test_what_is_personal_or_secret_by_name_is_never_kept() -> None:
    kept = {
        (owner, ".".join(path))
        for outlines in (API.requests, API.answers)
        for owner, path, field in fields(outlines)
        if field.kind == KEEP
        and NEVER_KEPT.intersection(path[-2:])
        # `email` and `phone` of a verification say what is asked for, not an address.
        and field.form != "bool"
    }
    checks = {entry for entry in kept if entry[1].endswith(("_check", ".type", ".status"))}
    assert sorted(kept - checks) == []


def test_any_word_is_kept_in_answers_only() -> None:
    kept = [(owner, path) for owner, path, field in fields(API.requests) if field.form == "word"]
    assert kept == []


def test_an_object_may_stand_only_where_its_type_is_known() -> None:
    types = {kind for _, _, field in fields(API.answers) for kind in field.types}
    assert sorted(kind for kind in types - {"*"} if kind not in API.answers) == []


BEFORE = {
    (row["side"], dotted(row["path"])): field_of(
        row["class"], row["values"], blank_unsets=row["blank"] == "unset"
    )
    for row in ROWS
}


def was_kept(side: str, path: FieldPath, kept: Field) -> bool:
    """Tell whether the catalog by hand kept all that a field of this one keeps."""
    before = BEFORE.get((side, path))
    if before is None or before.kind != KEEP:
        return False
    return before.form == kept.form and kept.values <= before.values


def test_nothing_of_tokens_is_kept_that_was_redacted_before() -> None:
    kept = {
        ("request", path): field
        for path, field in leaves(API.requests.tree("POST /v1/tokens") or FieldNode())
        if field.kind == KEEP
    }
    for prefix, owner in (((), "token"), *(((owner,), owner) for owner in OBJECTS)):
        for path, field in leaves(API.answers.tree(owner) or FieldNode()):
            if field.kind == KEEP:
                kept["response", (*prefix, *path)] = field
    assert len(kept) > 50
    new = {place for place, field in kept.items() if not was_kept(*place, field)}
    # In an answer to DELETE, which is none of a token's; and codes of errors that came later.
    deleted = {("response", (name, "deleted")) for name in ("card", "bank_account")}
    assert new == deleted | {("response", ("error", name)) for name in ("code", "decline_code")}


def row_now(row: dict[str, str]) -> Field | None:
    path = dotted(row["path"])
    if row["side"] == "request":
        return API.request_field("POST /v1/tokens", path).field
    owner = "token"
    while len(path) > 1 and path[0] in (*OBJECTS, "customer"):
        owner, path = path[0], path[1:]
    return API.answer_field(owner, path).field


@pytest.mark.parametrize(
    "row",
    ROWS,
    ids=lambda row: f"{row['side']} {row['path']}",
)
def test_every_field_of_tokens_is_still_known(row: dict[str, str]) -> None:
    """Kept or of the same kind as before, but for dates and for what is looked at as an object."""
    now = row_now(row)
    assert now is not None
    before = field_of(row["class"], row["values"], blank_unsets=row["blank"] == "unset")
    if "registration_date" in row["path"]:
        assert now.kind in ("hash", "dob")
    elif before.kind == "json":
        assert now.types
    else:
        assert (now.kind, now.slot) == (before.kind, before.slot)
        assert before.blank_unsets <= now.blank_unsets


def test_names_of_the_api_are_kept_in_expand() -> None:
    expand = API.request_field("POST /v1/customers", ("expand", "0")).field
    assert expand is not None
    assert API.normal_form(expand, "data.default_source") == "data.default_source"
    assert API.normal_form(expand, "data.ada") is None


def test_ids_in_paths_are_named_in_errors_as_fields_are() -> None:
    param = API.answer_field("error", ("param",)).field
    assert param is not None
    assert API.normal_form(param, "intent") == "intent"
    assert API.normal_form(param, "ada") is None


@pytest.mark.parametrize("owner", ["POST /v1/charges", "POST /v1/customers/{}/cards"])
@pytest.mark.parametrize("name", ["card", "source"])
def test_a_card_in_place_of_its_token_is_known(owner: str, name: str) -> None:
    kinds = {"number": "card", "cvc": "cvc", "name": "name", "exp_year": KEEP}
    for part, kind in kinds.items():
        field = API.request_field(owner, (name, part)).field
        assert field is not None
        assert field.kind == kind


@pytest.mark.parametrize(
    ("values", "value", "normal"),
    [
        ("~integer", "-0500", "-500"),
        ("~integer", "1234567890", None),
        ("~integer|inf", "inf", "inf"),
        ("~decimal", "12.50", "12.5"),
        ("~decimal", "4242424242424242", None),
        ("~word", "requires_action", "requires_action"),
        ("~word", "Ada", None),
        ("~tax_code", "txcd_10000000", "txcd_10000000"),
        ("~event", "charge.dispute.created", "charge.dispute.created"),
        ("~reason_number", "10.4", "10.4"),
        ("~bool|one_off", "one_off", "one_off"),
        ("~bool|one_off", "True", "true"),
    ],
)
def test_a_form_takes_its_values_and_no_others(values: str, value: str, normal: str | None) -> None:
    assert API.normal_form(field_of(KEEP, values), value) == normal


def test_a_path_in_a_link_to_an_error_is_a_code() -> None:
    field = field_of(KEEP, "~doc_url")
    known = "https://stripe.com/docs/error-codes/card-declined"
    assert API.normal_form(field, known) == known
    assert API.normal_form(field, "https://stripe.com/docs/error-codes/ada") is None
