"""One request in all the ways to write it, each answered from one cassette."""

from __future__ import annotations

import gzip
import json
import random
import re
from collections.abc import Callable, Iterator
from urllib.parse import quote, quote_plus

import pytest

from tests.processes import Session, Workplace
from tests.wire import Client, card

FIELDS = card(
    name="Grete Ohnesorg", address_line1="7 Rue de l'Eglise & Co", address_country="France"
)
PERSON = {
    "person[first_name]": "Grete",
    "person[relationship][owner]": "true",
    "person[full_name_aliases][0]": "Gretel",
    "person[full_name_aliases][1]": "Margarete",
    "person[metadata][shoe size]": "38 1/2",
    "expand[0]": "card",
}


Write = Callable[[str], str]


def raw(fields: dict[str, str]) -> str:
    return "&".join(f"{name}={quote_plus(value)}" for name, value in fields.items())


@pytest.fixture(scope="module")
def replay(shared: Workplace) -> Iterator[Session]:
    with shared.recorded("forms") as url:
        client = Client(url)
        assert client.post(raw(FIELDS)).result == "recorded"
        assert client.post(raw(PERSON)).result == "recorded"
    with shared.serving("replay", "forms", "--strict") as session:
        yield session
        assert session.end() == 0, session.said


@pytest.fixture
def client(replay: Session) -> Client:
    return Client(replay.url)


def shuffled(fields: dict[str, str], seed: int) -> dict[str, str]:
    names = list(fields)
    random.Random(seed).shuffle(names)
    return {name: fields[name] for name in names}


@pytest.mark.parametrize("seed", range(5))
def test_fields_come_in_any_order(client: Client, seed: int) -> None:
    for fields in (FIELDS, PERSON):
        answer = client.post(raw(shuffled(fields, seed)))
        assert (answer.status, answer.result) == (200, "replayed")


@pytest.mark.parametrize(
    "name", [str, quote, lambda name: name.replace("[", "%5b"), lambda name: quote(name).lower()]
)
@pytest.mark.parametrize("value", [quote_plus, quote, lambda value: quote(value, safe="'")])
def test_brackets_and_spaces_are_written_in_any_way(
    client: Client, name: Write, value: Write
) -> None:
    for fields in (FIELDS, PERSON):
        body = "&".join(f"{name(key)}={value(text)}" for key, text in fields.items())
        answer = client.post(body)
        assert (answer.status, answer.result) == (200, "replayed")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("exp_month]=5", "exp_month]=05"),
        ("number]=4242424242424242", "number]=4242+4242+4242+4242"),
        ("number]=4242424242424242", "number]=4242-4242-4242-4242"),
        ("card[cvc]=314", "card[cvc]=987"),
        ("card[cvc]=314", "card[cvc]=314&card[address_line2]="),
    ],
)
def test_values_that_mean_the_same_are_the_same(client: Client, one: str, other: str) -> None:
    body = raw(FIELDS)
    assert one in body
    assert client.post(body.replace(one, other)).result == "replayed"


@pytest.mark.parametrize(("one", "other"), [("=true", "=True"), (r"\[[0-9]\]", "[]")])
def test_arrays_and_booleans_are_written_in_any_way(client: Client, one: str, other: str) -> None:
    body, times = re.subn(one, other, raw(PERSON))
    assert times > 0
    assert client.post(body).result == "replayed"


def test_the_body_is_sent_in_any_content_type(client: Client) -> None:
    multipart = "".join(
        f'--edge\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in FIELDS.items()
    )
    members = {name[5:-1]: value for name, value in FIELDS.items()}
    bodies = [
        (f"{multipart}--edge--\r\n".encode(), "multipart/form-data; boundary=edge"),
        (json.dumps({"card": members}).encode(), "application/json"),
        (gzip.compress(raw(FIELDS).encode()), "application/x-www-form-urlencoded; charset=utf-8"),
    ]
    for body, content_type in bodies:
        answer = client.send("POST", "/v1/tokens", body, Content_Type=content_type)
        assert (answer.status, answer.result) == (200, "replayed"), content_type


def test_fields_may_stand_in_the_query_of_a_get(shared: Workplace) -> None:
    with shared.recorded("query") as url:
        client = Client(url)
        token = client.post(card()).id
        for query in ("?expand[]=card.customer", ""):
            assert client.get(token + query).result == "recorded"
    with shared.replayed("query", "--strict") as url:
        client = Client(url)
        token = client.post(card()).id
        for query in ("?expand%5B0%5D=card.customer", "?"):
            answer = client.get(token + query)
            assert (answer.id, answer.result) == (token, "replayed")
