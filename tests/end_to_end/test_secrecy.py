"""Nothing that was sent or answered is kept or said, and other secrets leave the same traces."""

from __future__ import annotations

import base64
import json
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote, quote_plus

import pytest

from tests.end_to_end.traffic import Person, act
from tests.processes import Workplace, awaited
from tests.upstreams import CLIENT_IP, Upstream, stripe
from tests.wire import Answer, Client


@dataclass
class Traces:
    """What is left of a person's traffic: the cassette, and all that was said on the way."""

    secrets: set[str]
    cassette: str
    said: str


def volatile(answers: list[Answer]) -> Iterator[str]:
    """Yield what the upstream made up: ids, fingerprints, times, addresses."""
    for answer in answers:
        text = answer.body.decode() + json.dumps(dict(answer.headers))
        yield from re.findall(r"\b[a-z]+_[A-Za-z0-9]{14,}", text)
        yield from re.findall(r'"fingerprint": "(\w+)"', text)
        yield from re.findall(r'"created": (\d+)', text)


def traces(workplace: Workplace, name: str, who: Person) -> Traces:
    """Record a person's traffic, replay it, ask in vain, and gather what there is to read."""
    with (
        Upstream(stripe()) as upstream,
        workplace.serving("record", name, "--upstream", upstream.url) as record,
    ):
        recorded = act(record.url, who)
        assert record.end() == 0, record.said
    assert {one.result for one in recorded} == {"recorded"}
    assert CLIENT_IP in recorded[0].json["client_ip"]
    with workplace.serving("replay", name) as replay:
        replayed = act(replay.url, who)
        assert {one.result for one in replayed} == {"replayed"}
        missed = [
            Client(replay.url, who.key).post({"person[email]": who.email, who.word(): who.first}),
            Client(replay.url, who.key).post({"card[number]": who.visa, "card[name]": who.street}),
            Client(replay.url, who.key).get(f"{who.missing}?{who.word()}={who.id_number}"),
            Client(replay.url, who.key).send(
                "POST", "/v1/tokens", who.last.encode(), Content_Type="text/plain"
            ),
            Client(replay.url, who.key).get(f"{who.missing}/{who.account}"),
        ]
        assert [one.status for one in missed] == [424, 424, 424, 424, 404]
        assert replay.end() == 1
    texts = [record.printed, record.said, replay.printed, replay.said]
    varies = re.compile(r"http://127.0.0.1:\d+|(?<= )[\d,]+ ms$", re.MULTILINE)
    told = "\n".join(varies.sub("…", text) for text in texts)
    told += "\n".join(one.body.decode() for one in missed)
    secrets = {*who.secrets, *volatile(recorded), CLIENT_IP}
    return Traces(secrets, workplace.text(name), told)


@pytest.fixture(scope="module")
def left(shared: Workplace) -> Traces:
    return traces(shared, "secrets", Person(1))


def written(value: str) -> Iterator[str]:
    """Yield the ways to write a value that someone might think of."""
    raw = value.encode()
    yield from (value, quote(value), quote_plus(value), json.dumps(value)[1:-1], raw.hex())
    yield from (value.lower(), value.replace(" ", ""), value.replace("-", ""))
    for pad in (b"", b"x", b"xx"):  # base64 of it within something longer
        yield base64.b64encode(pad + raw).decode().rstrip("=")[len(pad) + 1 : -2] or value


def stands(value: str, text: str) -> bool:
    if len(value) < 6:
        return re.search(rf"(?<!\w){re.escape(value)}(?!\w)", text) is not None
    return any(form in text for form in written(value))


def test_the_traffic_is_full_of_secrets(left: Traces) -> None:
    assert len(left.secrets) > 90
    everything = " ".join(left.secrets)
    assert all(stands(value, everything) for value in left.secrets)


def test_nothing_sent_or_answered_is_in_the_cassette(left: Traces) -> None:
    assert [value for value in left.secrets if stands(value, left.cassette)] == []


def test_scan_finds_nothing_in_it(shared: Workplace, left: Traces) -> None:
    done = shared.run("scan", "cassettes")
    assert done.returncode == 0, done.stdout + done.stderr


def test_nothing_sent_or_answered_is_said(left: Traces) -> None:
    assert "cassette_miss" in left.said
    assert "never asked for" not in left.said
    assert [value for value in left.secrets if stands(value, left.said)] == []


def test_the_secrets_of_others_leave_the_same_traces(shared: Workplace, left: Traces) -> None:
    first = shared.path("secrets").rename(shared.path("first"))
    now = int(time.time())  # what is made within one second was created at the same time
    awaited(lambda: time.time() >= now + 1 or None, "the next second")
    other = traces(shared, "secrets", Person(2))
    assert other.secrets & left.secrets == {CLIENT_IP}
    assert other.cassette == first.read_text("ascii")
    assert other.said == left.said
