"""A field that its user keeps is readable, but for what no cassette may hold."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from tokentape.edges.settings import MatchSettings, RedactSettings
from tokentape.pure.http.messages import Request
from tokentape.session import assembly

from tests.wire import numbered

REDACTOR = assembly.redactor(RedactSettings(keep=("*[metadata][order]",)), MatchSettings())
NUMBER = numbered("402400712345678")


@pytest.mark.parametrize(
    "secret", [NUMBER, f"order of {NUMBER}", NUMBER.encode().hex(), "sk_" + "test_" + "x9Y" * 8]
)
def test_a_kept_field_with_a_secret_in_it_is_redacted(secret: str) -> None:
    body = urlencode({"metadata[order]": secret}).encode()
    request = REDACTOR.request(Request("POST", "/v1/customers", (), body))
    assert [entry.text for entry in request.body] == ["metadata[order]={{text.?}}"]


def test_any_other_value_of_it_stands_as_it_is() -> None:
    body = urlencode({"metadata[order]": "order 12 of Ada"}).encode()
    request = REDACTOR.request(Request("POST", "/v1/customers", (), body))
    assert [entry.text for entry in request.body] == ["metadata[order]=order+12+of+Ada"]
