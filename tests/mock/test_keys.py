from __future__ import annotations

from base64 import b64encode

import pytest
from tokentape.mock.api_errors import ApiError
from tokentape.mock.keys import Key, read_key
from tokentape.pure.http.messages import Request

from tests.mock.client import LIVE, PUBLISHABLE, SECRET

TAIL = "x" * 24


def basic(text: str) -> tuple[str, str]:
    return "Authorization", "Basic " + b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    "request_",
    [
        Request("GET", "/", (("authorization", f"Bearer {SECRET}"),)),
        Request("GET", "/", (("Authorization", f"bearer   {SECRET} "),)),
        Request("GET", "/", (basic(f"{SECRET}:"),)),
        Request("GET", "/", (basic(SECRET),)),
        Request("GET", f"/?key={SECRET}"),
        Request("POST", "/", body=f"a=b&key={SECRET}".encode()),
    ],
    ids=["bearer", "loose bearer", "basic", "basic without colon", "query", "form"],
)
def test_a_key_is_found_wherever_clients_put_it(request_: Request) -> None:
    assert read_key(request_) == Key(SECRET, live=False, publishable=False)


@pytest.mark.parametrize(
    ("text", "live", "publishable"),
    [
        (SECRET, False, False),
        ("rk_" + "test_" + TAIL, False, False),
        (PUBLISHABLE, False, True),
        ("sk_" + "org_" + "test_" + TAIL, False, False),
        (LIVE, True, False),
        ("rk_" + "live_" + TAIL, True, False),
        ("pk_" + "live_" + TAIL, True, True),
        ("sk_" + "test_" + "5" * 8, False, False),
        ("sk_" + "test_" + "123", False, False),
        ("sk_" + "test_" + "your-key_here", False, False),
    ],
)
def test_a_key_has_a_mode_and_may_be_publishable(
    text: str, *, live: bool, publishable: bool
) -> None:
    key = read_key(Request("GET", "/", (("Authorization", f"Bearer {text}"),)))
    assert key == Key(text, live=live, publishable=publishable)
    assert text not in repr(key)


@pytest.mark.parametrize(
    "request_",
    [
        Request("GET", "/"),
        Request("GET", "/", (("Authorization", ""),)),
        Request("GET", "/", (("Authorization", "Bearer"),)),
        Request("GET", "/", (("Authorization", f"Digest {SECRET}"),)),
        Request("GET", "/", (("Authorization", "Basic ***"),)),
        Request("GET", "/", (("Authorization", "Basic /w=="),)),
        Request("GET", "/", (basic(":password"),)),
        Request("POST", "/", (("Content-Type", "text/plain"),), b"key=1"),
    ],
)
def test_a_request_without_a_key_is_an_error(request_: Request) -> None:
    assert error_for(request_).message.startswith("You did not provide an API key.")


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("not_a_valid_key_asdf", "not_a_va********asdf"),
        ("sk_" + "live_" + "short", "sk_live_*hort"),
        ("sk_" + "test_", "sk_test_"),
        ("ek_" + "test_" + "abcdefgh1234", "ek_test_********1234"),
    ],
)
def test_a_malformed_key_is_quoted_masked(text: str, masked: str) -> None:
    error = error_for(Request("GET", "/", (("Authorization", f"Bearer {text}"),)))
    assert error.message == f"Invalid API Key provided: {masked}"


def error_for(request: Request) -> ApiError:
    with pytest.raises(ApiError) as caught:
        read_key(request)
    assert caught.value.status == 401
    return caught.value
