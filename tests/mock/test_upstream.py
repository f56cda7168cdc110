from __future__ import annotations

import gc
import json
from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokentape.pure.http.messages import Request, Response

from tests.mock.client import LIVE, PUBLISHABLE, SECRET, US_BANK, VISA, Client, document
from tests.wire import numbered


@pytest.mark.parametrize(
    ("method", "target"),
    [
        ("GET", "/"),
        ("POST", "/v1/foo"),
        ("GET", "/v1/tokens"),
        ("GET", "/v1/tokens/"),
        ("POST", "/v1/tokens/tok_visa"),
        ("DELETE", "/v1/tokens/tok_visa"),
        ("GET", "/v1/tokens/a/b"),
        ("GET", "/v1/tokens/%2e%2e"),
        ("POST", "/v1/tokens/"),
    ],
)
def test_another_path_or_method_is_an_error(client: Client, method: str, target: str) -> None:
    answer = client.send(method, target)
    assert answer.status == 404
    message = document(answer)["error"]["message"]
    assert message.startswith(f"Unrecognized request URL ({method}: {target}).")
    contact = " Please see https://stripe.com/docs or we can help at https://support.stripe.com/."
    assert message.endswith(contact)
    assert ("remove the trailing slash" in message) is target.endswith("/")


@pytest.mark.parametrize("target", ["/v1/tokens", "/v1/tokens?", "/v1/tokens?guid=1"])
def test_a_query_does_not_change_the_path(client: Client, target: str) -> None:
    assert client.send("POST", target, body=urlencode(VISA).encode()).status == 200


def test_a_request_is_read_in_every_encoding_of_clients(client: Client) -> None:
    nested = {"card": {"number": "4242424242424242", "exp_month": 6, "exp_year": 2050}}
    answer = client.send(
        "POST",
        "/v1/tokens",
        headers=(("Content-Type", "application/json"),),
        body=json.dumps(nested).encode(),
    )
    assert document(answer)["card"]["last4"] == "4242"


def test_a_body_that_cannot_be_read_is_stripes_error(client: Client) -> None:
    headers = (("Content-Type", "text/plain"),)
    answer = client.send("POST", "/v1/tokens", headers=headers, body=b"x")
    assert answer.status == 400
    assert document(answer)["error"]["type"] == "invalid_request_error"
    assert answer.header("Request-Id") is not None


def test_a_request_id_has_stripes_form_and_is_new_each_time(client: Client) -> None:
    ids = {client.get("tok_nope").header("Request-Id") or "" for _ in range(3)}
    assert len(ids) == 3
    assert {len(value) for value in ids} == {len("req_") + 14}


def test_no_card_or_account_number_stays_in_memory(client: Client) -> None:
    card, account = numbered("411111111111111"), "000987654321"
    for name, fields in {
        "card": VISA | {"card[number]": card},
        "bank": US_BANK | {"bank_account[account_number]": account},
    }.items():
        assert client.post(fields, headers=(("Idempotency-Key", name),)).status == 200
    texts_in_state = reachable_texts(client.stripe)
    assert any(card[-4:] == text for text in texts_in_state)
    assert not any(card in text or account in text for text in texts_in_state)


def reachable_texts(root: object) -> set[str]:
    """Return every text that can be reached from the state of `root`."""
    texts: set[str] = set()
    seen: set[int] = set()
    waiting: list[object] = list(vars(root).values())
    while waiting:
        value = waiting.pop()
        if id(value) in seen or isinstance(value, type) or callable(value):
            continue
        seen.add(id(value))
        if isinstance(value, (str, bytes)):
            texts.add(value if isinstance(value, str) else value.decode("utf-8", "replace"))
        waiting.extend(gc.get_referents(value))
    return texts


NAMES = ["card[number]", "card[exp_month]", "card[exp_year]", "card[cvc]", "expand[]", "customer"]
NAMES += ["card", "bank_account", "bank_account[country]", "bank_account[account_number]", "key"]
NAMES += ["bank_account[routing_number]", "cvc_update[cvc]", "person[metadata][a]", "a[", "", "[]"]
FORM = st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=5), st.text(max_size=20))
BODY = st.binary(max_size=60) | FORM.map(
    lambda fields: urlencode(VISA | fields, errors="surrogatepass").encode()
)
HEADERS = st.lists(
    st.tuples(
        st.sampled_from(
            [
                "Authorization",
                "Content-Type",
                "Content-Encoding",
                "Idempotency-Key",
                "Stripe-Version",
            ]
        ),
        st.sampled_from(
            [
                f"Bearer {SECRET}",
                f"Bearer {PUBLISHABLE}",
                f"Bearer {LIVE}",
                "Basic Og==",
                "application/json",
                "multipart/form-data; boundary=x",
                "gzip",
            ]
        )
        | st.text(max_size=10),
    ),
    max_size=4,
).map(tuple)
TARGETS = st.sampled_from(["/v1/tokens", "/v1/tokens/tok_visa", "/v1/tokens?expand[]=card"])


@settings(max_examples=150, deadline=None)
@given(
    method=st.sampled_from(["GET", "POST"]),
    target=TARGETS | st.text(max_size=20),
    headers=HEADERS,
    body=BODY,
)
def test_every_request_gets_a_json_response(
    method: str, target: str, headers: tuple[tuple[str, str], ...], body: bytes
) -> None:
    shared = Client()
    authorized = (("Authorization", f"Bearer {SECRET}"), *headers)
    for sent in (headers, authorized):
        answer = shared.stripe.answer(Request(method, target, sent, body))
        assert is_stripe_response(answer)


def is_stripe_response(answer: Response) -> bool:
    content = document(answer)
    if answer.status == 200:
        return bool(content["object"] == "token")
    return answer.status in (400, 401, 402, 404) and bool(content["error"]["message"])
