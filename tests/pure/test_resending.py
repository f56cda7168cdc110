"""A recorded request that is sent again: keys go where keys belong."""

from __future__ import annotations

from tokentape.pure.cassette.model import Lines, Texts, outlined
from tokentape.pure.http.messages import Request
from tokentape.pure.notation.placeholders import Placeholder
from tokentape.pure.replay.resending import request

KEY = "sk_" + "test_" + "k" * 24
KEYS = {"sk_test": KEY, "pk_test": KEY.replace("s", "p", 1)}
BEARER = (("Authorization", "Bearer {{key:sk_test}}"),)
FIELDS = ("card[name]={{key:sk_test}}", "key={{key:pk_test}}", "person[first_name]={{name.1}}")


def fill(placeholder: Placeholder) -> str:
    return f"a {placeholder.kind}"


def sent(headers: Lines, path: str = "/v1/tokens") -> Request:
    query = ("expand={{key:sk_test}}",)
    texts = Texts("POST", path, query, headers, FIELDS, 200, (), "")
    return request(outlined(texts), fill, KEYS)


def test_a_key_is_sent_in_the_header_for_keys_and_nowhere_else() -> None:
    account = ("Stripe-Account", "{{key:sk_test}}")
    again = sent((*BEARER, account), "/v1/tokens/{{key:sk_test}}")

    assert again.header("authorization") == f"Bearer {KEY}"
    assert again.header("stripe-account") == "a key"
    assert again.target == "/v1/tokens/a%20key?expand=a+key"
    assert again.body.decode() == "card[name]=a+key&person[first_name]=a+name"


def test_a_key_that_was_a_field_is_sent_as_a_header() -> None:
    assert sent(()).header("authorization") == f"Bearer {KEYS['pk_test']}"
