"""Values that are spelt like something else: each pair leaves the same bytes, and is recorded.

These are cases that were found, beside the laws that draw such values at random.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import product
from typing import Any
from urllib.parse import urlencode

import pytest
from tokentape.pure.http.messages import Headers, Request, Response

from tests.laws.pipeline import Answer, Stage, loaded, stripe

KEY = "sk_" + "test_" + "tokentape" * 3
CARD = {"card[number]": "4242424242424242", "card[exp_month]": "12", "card[exp_year]": "30"}


def cassette(fields: Mapping[str, str], answer: Answer, headers: Headers = ()) -> str:
    """Return what is recorded of one request for a token."""
    lines = (("Authorization", f"Bearer {KEY}"), *headers)
    stage = Stage(answer=answer)
    stage.send(Request("POST", "/v1/tokens", lines, urlencode(fields).encode()))
    assert stage.notices == []
    assert len(loaded(stage.cassette)) == 1
    return stage.cassette


def error(status: int, **members: Any) -> Answer:
    body = json.dumps({"error": {"type": "invalid_request_error", **members}}).encode()
    lines = (("Content-Type", "application/json"), ("Content-Language", "en-US"))
    return lambda _: Response(status, lines, body)


AWKWARD = (
    *("null", "Null", "true", "token", "card", "Visa", "US", "en-US", "Bad Request", "found"),
    *(
        "2019-05-16",
        "12.5",
        "2030",
        "30",
        "12",
        "invalid_request_error",
        "a, b",
        "x[y]",
        "{{name.1}}",
    ),
    "x" * 10_001,
)

NAMES = ["a, b", "x[y]", "xy", "amount", "null", "a][b", "{{name.1}}"]
WORDS = ["number", "name"]
"""Names of the API within a card, and nowhere else."""


@pytest.mark.parametrize("value", AWKWARD)
@pytest.mark.parametrize("field", ["card[name]", "card[address_city]", "card[metadata][note]"])
def test_a_person_with_an_awkward_value_is_recorded_like_any_other(field: str, value: str) -> None:
    version = (("Stripe-Version", "2019-05-16"),)
    usual = cassette({**CARD, field: "Zoe Lovelace"}, stripe(1), version)
    assert cassette({**CARD, field: value}, stripe(1), version) == usual


@pytest.mark.parametrize("word", ["US", "usd", "company", "110000000"])
def test_a_holder_who_is_called_like_a_kept_value_is_shown_under_another_name(word: str) -> None:
    account = {"country": "US", "currency": "usd", "account_holder_type": "company"}
    numbers = {"routing_number": "110000000", "account_number": "000123456789"}
    fields = {f"bank_account[{name}]": value for name, value in (account | numbers).items()}
    usual = cassette({**fields, "bank_account[account_holder_name]": "Zoe Lovelace"}, stripe(1))
    assert '"name": "{{name.1}}"' in usual
    assert cassette({**fields, "bank_account[account_holder_name]": word}, stripe(1)) == usual


@pytest.mark.parametrize("key", NAMES)
def test_a_key_of_metadata_is_one_name_whatever_it_holds(key: str) -> None:
    def recorded(key: str) -> str:
        document = {"object": "customer", "metadata": {key: "1", "b": "1"}}
        stage = Stage(answer=lambda _: Response(200, (), json.dumps(document).encode()))
        body = urlencode({f"metadata[{key}]": "1", "metadata[b]": "1"}).encode()
        stage.send(Request("POST", "/v1/customers", (("Authorization", f"Bearer {KEY}"),), body))
        return stage.cassette

    assert '"{{field.2}}": "{{text.2}}"' in recorded("zzz")
    assert recorded(key) == recorded("zzz")


@pytest.mark.parametrize("status", [400, 402, 404])
@pytest.mark.parametrize("value", AWKWARD)
def test_no_reason_phrase_or_header_of_an_answer_refuses_a_person(status: int, value: str) -> None:
    answer = error(status, message="Your card was declined.")
    usual = cassette({**CARD, "card[name]": "Zoe Lovelace"}, answer)
    assert cassette({**CARD, "card[name]": value}, answer) == usual


@pytest.mark.parametrize("cvc", ["2030", "1234", "4242", "0012"])
def test_an_expiry_says_nothing_about_a_cvc(cvc: str) -> None:
    amex = {**CARD, "card[number]": "378282246310005"}
    usual = cassette({**amex, "card[cvc]": "9876"}, stripe(1))
    assert '"exp_year": 2030' in usual
    assert cassette({**amex, "card[cvc]": cvc}, stripe(1)) == usual


@pytest.mark.parametrize("cvc", ["200", "402", "012", "100"])
def test_no_short_number_of_an_answer_says_anything_about_a_cvc(cvc: str) -> None:
    usual = cassette({**CARD, "card[cvc]": "987"}, stripe(1))
    assert cassette({**CARD, "card[cvc]": cvc}, stripe(1)) == usual


@pytest.mark.parametrize("key", ["token", "US", "12", "card", "2030", "credit", "unchecked"])
def test_no_field_of_an_answer_says_anything_about_an_idempotency_key(key: str) -> None:
    usual = cassette(CARD, stripe(1), (("Idempotency-Key", "3b2c-77"),))
    assert '"object": "token"' in usual
    assert cassette(CARD, stripe(1), (("Idempotency-Key", key),)) == usual


def test_a_key_that_is_a_word_of_the_api_is_recorded_like_any_other() -> None:
    def recorded(key: str) -> str:
        stage = Stage(answer=stripe(1))
        stage.send(Request("POST", "/v1/tokens", (("Authorization", f"Bearer {key}"),), b""))
        return stage.cassette

    assert recorded("invalid_request_error") == recorded("nokeyatall")


@pytest.mark.parametrize("origin", ["null", "https://shop.example"])
def test_the_origin_of_a_page_is_no_part_of_a_cassette(origin: str) -> None:
    assert cassette(CARD, stripe(1), (("Origin", origin),)) == cassette(CARD, stripe(1))


@pytest.mark.parametrize(
    ("inside", "name"),
    [
        *product(("{}", "person[{}]"), [*NAMES, *WORDS]),
        *product(("card[{}]",), NAMES),
    ],
)
def test_the_name_of_an_unknown_field_is_one_variable(inside: str, name: str) -> None:
    usual = cassette({**CARD, inside.format("zzz"): "1"}, stripe(1))
    assert "Received unknown parameter: " in usual
    assert cassette({**CARD, inside.format(name): "1"}, stripe(1)) == usual


@pytest.mark.parametrize("second", [*NAMES, *WORDS])
def test_several_unknown_names_are_as_many_variables(second: str) -> None:
    usual = cassette({**CARD, "zzz": "1", "yyy": "2"}, stripe(1))
    assert "Received unknown parameters: {{field.1}}, {{field.2}}" in usual
    assert cassette({**CARD, "zzz": "1", second: "2"}, stripe(1)) == usual


@pytest.mark.parametrize("name", ["amount", "number", "a' for 'b", "' is not '", "zzz" * 4_000])
def test_a_name_that_a_message_repeats_three_times_is_read_whatever_it_holds(name: str) -> None:
    def blank(field: str) -> Answer:
        return error(
            400,
            message=f"You passed an empty string for '{field}'. We assume empty values are an "
            f"attempt to unset a parameter; however '{field}' cannot be unset. You should remove "
            f"'{field}' from your request or supply a non-empty value.",
        )

    usual = cassette({**CARD, "zzz": ""}, blank("zzz"))
    assert "for '{{field.1}}'" in usual
    assert cassette({**CARD, name: ""}, blank(name)) == usual


@pytest.mark.parametrize("name", ["amount", "number", "object", "metadata", "a.b"])
@pytest.mark.parametrize(
    "code", ["parameter_unknown", "parameter_invalid_empty", "parameter_invalid_integer"]
)
def test_the_name_of_an_unknown_field_is_no_word_of_the_api_in_an_error(
    code: str, name: str
) -> None:
    def param(text: str) -> Answer:
        return error(400, code=code, param=text, message="Invalid integer: x")

    usual = cassette({**CARD, "zzz": "x"}, param("zzz"))
    assert '"param": "{{field.1}}"' in usual
    assert cassette({**CARD, name: "x"}, param(name)) == usual


@pytest.mark.parametrize("name", ["error", "answer", "nothing", "Zoe"])
def test_an_answer_that_names_no_type_of_objects_is_recorded_redacted(name: str) -> None:
    document = {"object": name, "message": "Zoe"}
    answer = json.dumps({**document, "card": document}).encode()
    text = cassette(CARD, lambda _: Response(200, (), answer))
    assert "{{text.2}}" in text
    assert name not in text.partition("response:")[2]


def test_a_declined_card_still_says_which_of_its_fields_is_wrong() -> None:
    answer = error(402, code="incorrect_number", param="number")
    assert '"param": "number"' in cassette(CARD, answer)


@pytest.mark.parametrize("separators", [",", "[", '{"', '\\",', ", "])
def test_separators_in_a_value_do_not_count_as_values(separators: str) -> None:
    def recorded(text: str) -> str:
        document = {"object": "customer", "description": text, "metadata": {"a": text, "b": text}}
        answer = json.dumps(document).encode()
        stage = Stage(answer=lambda _: Response(200, (), answer))
        lines = (("Authorization", f"Bearer {KEY}"), ("Content-Type", "application/json"))
        body = json.dumps({"description": text}).encode()
        stage.send(Request("POST", "/v1/customers", lines, body))
        assert stage.notices == []
        return stage.cassette

    assert recorded((separators * 20_000)[:20_000]) == recorded("x" * 20_000)


def test_a_card_number_that_an_upstream_repeats_stands_in_no_answer() -> None:
    pan = "4000" + "0012" + "3456" + "7899"

    def repeats(_: Request) -> Response:
        return Response(200, (), json.dumps({"object": "token", "pan": pan, "card": pan}).encode())

    text = cassette({**CARD, "card[number]": pan}, repeats)
    answer = text.partition("response:")[2]
    assert "{{card" not in answer
    assert "{{text.1}}" in answer
