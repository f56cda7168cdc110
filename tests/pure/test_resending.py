"""A recorded request that is sent again: keys go where keys belong."""

from __future__ import annotations

from tokentape.pure.cassette.model import Texts, outlined
from tokentape.pure.notation.placeholders import Placeholder
from tokentape.pure.replay.resending import request

KEY = "sk_" + "test_" + "k" * 24


def fill(found: Placeholder) -> str:
    return KEY if found.kind == "key" else f"a {found.kind}"


def test_a_cassette_cannot_have_the_key_sent_in_a_field_of_its_own() -> None:
    bearer = (("Authorization", "Bearer {{key:sk_test}}"),)
    body = ("card[name]={{key:sk_test}}", "key={{key:sk_test}}", "person[first_name]={{name.1}}")
    query = ("expand={{key:sk_test}}",)
    said = Texts("POST", "/v1/tokens", query, bearer, body, 200, (), "")

    sent = request(outlined(said), fill)

    assert sent.header("authorization") == f"Bearer {KEY}"
    assert sent.target == "/v1/tokens?expand=key"
    assert sent.body.decode() == f"card[name]=key&key={KEY}&person[first_name]=a+name"
