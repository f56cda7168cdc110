"""The largest messages: whatever they hold, nobody else waits for them for long.

What is measured is the processor time that the event loop's thread takes between two turns of the
loop, so that a busy machine changes nothing.
"""

from __future__ import annotations

import asyncio
import gc
import gzip
import json
import time
from collections.abc import Iterator
from urllib.parse import urlencode

import pytest
from tokentape.pure.cassette.model import MAX_ANSWER_VARIABLES
from tokentape.pure.http.forms import MAX_ANSWER, MAX_PAIRS, MAX_REQUEST
from tokentape.pure.http.messages import Headers, Request, Response
from tokentape.pure.redaction.responses import MAX_NODES
from tokentape.pure.replay.decide import Mode

from tests.laws.pipeline import Stage, loaded, stripe

LONGEST = 0.2
"""Seconds; on a machine of its own it is half: a core that is shared takes as long again."""
KEY = ("Authorization", "Bearer sk_test_" + "a" * 24)
FORM = (KEY, ("Content-Type", "application/x-www-form-urlencoded"))
JSON = (KEY, ("Content-Type", "application/json"))
SMALL = Request("POST", "/v1/tokens", FORM, b"card[name]=Ada")


@pytest.fixture(autouse=True)
def tests_are_no_garbage() -> Iterator[None]:
    """Garbage is not looked for in what other tests left in memory: a session does the same."""
    gc.freeze()
    yield
    gc.unfreeze()


def answered(stage: Stage, request: Request) -> tuple[Response, float]:
    """Send a request; return the answer, and for how long the loop was held up."""

    async def run() -> tuple[Response, float]:
        sending = asyncio.create_task(send())
        longest, before = 0.0, time.thread_time()
        while not sending.done():
            await asyncio.sleep(0)
            now = time.thread_time()
            longest, before = max(longest, now - before), now
        return sending.result(), longest

    async def send() -> Response:
        outcome = stage.service.handle(request)
        answer, done = outcome if isinstance(outcome, tuple) else await outcome
        done(True)
        return answer

    return asyncio.run(run())


def answering(document: object, *, zipped: bool = False) -> Stage:
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    headers: Headers = (("Content-Type", "application/json"),)
    if zipped:
        body, headers = gzip.compress(body), (*headers, ("Content-Encoding", "gzip"))
    return Stage(answer=lambda _: Response(200, headers, body))


RECORDED = {
    "unknown fields": {f"field {n}": f"value {n}" for n in range(MAX_ANSWER_VARIABLES // 2)},
    "metadata": {"card": {"metadata": {f"key {n}": "" for n in range(MAX_ANSWER_VARIABLES)}}},
    "a list": ["value"] * MAX_ANSWER_VARIABLES,
    "a list in a field": {"unknown": [1] * (MAX_NODES - 10)},
    "a text": {"card": {"name": "x" * (MAX_ANSWER - 100)}},
    "commas": {"card": {"name": "," * (MAX_ANSWER - 100)}},
    "a message": {"error": {"message": "Invalid string: " + "'" * (MAX_ANSWER - 100)}},
    "a name": {"error": {"param": "card." * (MAX_ANSWER // 5 - 100)}},
    "an id": {"id": "a" * (MAX_ANSWER - 100)},
    "nothing": b'{"id":' + b" " * (MAX_ANSWER - 100) + b"null}",
}


@pytest.mark.parametrize("zipped", [False, True], ids=["plain", "gzip"])
@pytest.mark.parametrize("document", RECORDED.values(), ids=RECORDED)
def test_the_largest_answer_is_recorded_and_replayed(document: object, zipped: bool) -> None:
    stage = answering(document, zipped=zipped)
    answer, held_up = answered(stage, SMALL)
    assert (answer.header("tokentape-result"), stage.notices) == ("recorded", [])
    assert held_up < LONGEST
    replay = Stage(Mode.REPLAY, recorded=loaded(stage.cassette))
    answer, held_up = answered(replay, SMALL)
    assert answer.header("tokentape-result") == "replayed"
    assert held_up < LONGEST


EXPANDED = b'{"object":"charge","customer":{"object":"customer","default_source":'
"""Each object expanded in another."""
TOO_LARGE = {
    "a list of 400,000": ([1] * 400_000, "more than 50,000 values"),
    "a list of 400,000 in a field": ({"data": [1] * 400_000}, "more than 50,000 values"),
    "variables": ([1] * (MAX_ANSWER_VARIABLES + 1), "more than 5,000 values that vary"),
    "a text": ({"id": "x" * MAX_ANSWER}, "larger than 8192 KiB"),
    "depth": (b"[" * 500_000 + b"]" * 500_000, "more than 50,000 values"),
    "expansions without end": (EXPANDED * 400 + b"1" + b"}}" * 400, "nested too deeply"),
    "wide expansions": (
        EXPANDED * 160 + b"[" + b'{"object":"card"},' * 10_000 + b"1]" + b"}}" * 160,
        "nested too deeply",
    ),
    "lists in lists": (b'{"object":"list","data":[' * 400 + b"]}" * 400, "nested too deeply"),
    "a little depth": (b"[" * 1_000 + b"]" * 1_000, "nested too deeply"),
}


@pytest.mark.parametrize("zipped", [False, True], ids=["plain", "gzip"])
@pytest.mark.parametrize(("document", "reason"), TOO_LARGE.values(), ids=TOO_LARGE)
def test_a_larger_answer_is_passed_on_and_not_recorded(
    document: object, reason: str, zipped: bool
) -> None:
    stage = answering(document, zipped=zipped)
    answer, held_up = answered(stage, SMALL)
    assert answer.header("tokentape-result") == "forwarded"
    assert answer.body == stage.answer(SMALL).body
    assert stage.cassette == ""
    assert reason in "".join(stage.notices)
    assert held_up < LONGEST


def form(name: str, value: str = "{n}", count: int = MAX_PAIRS) -> bytes:
    return urlencode([(name.format(n=n), value.format(n=n)) for n in range(count)]).encode()


REQUESTS = {
    "unknown fields": (FORM, form("field {n}")),
    "metadata": (FORM, form("person[metadata][key {n}]")),
    "one field": (FORM, form("card[name]")),
    "a date of birth": (FORM, form("person[dob][day]")),
    "a text": (FORM, b"card[name]=" + b"x" * (MAX_REQUEST - 100)),
    "a card number": (FORM, b"card[number]=" + b"4+" * (MAX_REQUEST // 2 - 100)),
    "a name": (FORM, b"a" + b"[" * (MAX_REQUEST - 100)),
    "many names": (FORM, (b"a" + b"[" * 60 + b"]" * 60 + b"=&") * (MAX_REQUEST // 130)),
    "percents": (FORM, b"card[name]=" + b"%61" * (MAX_REQUEST // 3 - 100)),
    "no JSON object": (JSON, b'{"a":' + b"[" * (MAX_REQUEST - 100)),
    "JSON objects": (JSON, b'{"a":[' + b"{}," * (MAX_REQUEST // 3 - 100) + b"{}]}"),
    "a JSON number": (JSON, b'{"a":1.' + b"1" * (MAX_REQUEST - 100) + b"}"),
}


@pytest.mark.parametrize("zipped", [False, True], ids=["plain", "gzip"])
@pytest.mark.parametrize(("headers", "body"), REQUESTS.values(), ids=REQUESTS)
def test_the_largest_request_holds_nobody_up(headers: Headers, body: bytes, zipped: bool) -> None:
    if zipped:
        headers, body = (*headers, ("Content-Encoding", "gzip")), gzip.compress(body)
    request = Request("POST", "/v1/tokens", headers, body)
    small = Stage(answer=stripe(1))
    small.send(SMALL)
    for stage in (Stage(answer=stripe(1)), Stage(Mode.REPLAY, recorded=loaded(small.cassette))):
        answer, held_up = answered(stage, request)
        assert answer.header("tokentape-result") in {"recorded", "forwarded", "replayed", "miss"}
        assert held_up < LONGEST


def test_a_body_compressed_again_and_again_is_passed_on_and_not_recorded() -> None:
    body = b"card[name]=Ada" * 10_000
    for _ in range(1_000):
        body = gzip.compress(body, 0)
    stage = Stage(answer=stripe(1))
    encodings = ("Content-Encoding", ",".join(["gzip"] * 1_000))
    answer, held_up = answered(stage, Request("POST", "/v1/tokens", (*FORM, encodings), body))
    assert (answer.header("tokentape-result"), stage.cassette) == ("forwarded", "")
    assert "more than 4 content encodings" in stage.notices[0]
    assert held_up < LONGEST / 4


def test_a_larger_request_is_passed_on_and_not_recorded() -> None:
    stage = Stage(answer=stripe(1))
    larger = Request("POST", "/v1/tokens", FORM, b"card[name]=" + b"x" * MAX_REQUEST)
    answer, held_up = answered(stage, larger)
    assert (answer.header("tokentape-result"), stage.cassette) == ("forwarded", "")
    assert "larger than 256 KiB" in stage.notices[0]
    assert held_up < LONGEST
