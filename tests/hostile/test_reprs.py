"""What Python shows of an object, in a traceback, a log or a failed assertion, holds no secret."""

from __future__ import annotations

import json
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

import aiohttp
import pytest
from tokentape.errors import UnreadableBody
from tokentape.pure.cassette.model import Numbering, Texts, outlined
from tokentape.pure.cassette.rewriting import Renaming
from tokentape.pure.http.forms import query_pairs, request_pairs
from tokentape.pure.http.messages import Request, Response
from tokentape.pure.replay.resending import Refilling, request
from tokentape.pure.stripe.times import Times

from tests.bad_days.inside import Recording
from tests.laws.pipeline import PUBLISHED

SECRET = "Zq7Ohnesorg"
JSON = (("Content-Type", "application/json"),)


class Watch:
    """Looks at every object of ours that our functions are given, hold and return."""

    def __init__(self) -> None:
        self.types: set[str] = set()
        self.telling: set[str] = set()

    def __call__(self, frame: FrameType, event: str, returned: object) -> None:
        if frame.f_globals.get("__name__", "").startswith("tokentape.") and event == "return":
            for one in (*frame.f_locals.values(), returned):
                module = str(type(one).__module__)
                if module.startswith("tokentape."):
                    self._look(one, f"{module}.{type(one).__qualname__}")

    def _look(self, one: object, name: str) -> None:
        self.types.add(name)
        try:
            if SECRET in f"{one!r} {one}":
                self.telling.add(name)
        except AttributeError:  # it is only being made
            pass


@contextmanager
def watching() -> Iterator[Watch]:
    watch = Watch()
    sys.setprofile(watch)
    try:
        yield watch
    finally:
        sys.setprofile(None)


async def test_no_object_of_ours_shows_what_it_holds() -> None:
    async def answer(request: Request) -> Response:
        card = {"name": SECRET, SECRET: SECRET, "metadata": {SECRET: SECRET}, "last4": "1486"}
        message = f"No such token: '{SECRET}'"
        document = {"id": SECRET, "card": card, "error": {"message": message, "param": SECRET}}
        return Response(200, (*JSON, ("Request-Id", SECRET)), json.dumps(document).encode())

    inside = Recording(answer)
    headers = {"Authorization": f"Bearer {SECRET}", "Idempotency-Key": SECRET, "X-Mine": SECRET}
    fields = {"card[name]": SECRET, f"card[{SECRET}]": SECRET, SECRET: SECRET, "card[cvc]": SECRET}
    with watching() as watch:
        async with inside.serving(), aiohttp.ClientSession(inside.url, headers=headers) as session:
            for target in ("/v1/tokens", f"/v1/tokens/{SECRET}?{SECRET}={SECRET}"):
                async with session.post(target, data=fields) as answered:
                    await answered.read()
    assert inside.faults == []
    assert {
        "tokentape.edges.server.framing.ReceivedRequest",
        "tokentape.pure.http.messages.Request",
        "tokentape.pure.http.messages.Response",
        "tokentape.pure.stripe.kinds.Secret",
        "tokentape.pure.notation.redacted.RedactedRequest",
        "tokentape.pure.stripe.phrases.Reading",
        "tokentape.session.retries.Try",
    } <= watch.types
    assert watch.telling == set()


def test_nor_does_json_on_its_way() -> None:
    with watching() as watch:
        request_pairs(Request("POST", "/", JSON, json.dumps({SECRET: [SECRET]}).encode()))
    assert watch.types
    assert watch.telling == set()


def test_nor_does_a_request_that_is_sent_again() -> None:
    fill = Refilling(Renaming(), Numbering(), PUBLISHED, "tape", Times(0))
    line = ("Authorization", "Bearer {{key:sk_test}}")
    recorded = outlined(Texts("GET", "/v1/tokens", (), (line,), (), 200, (), ""))
    sent = request(recorded, fill, {"sk_test": SECRET})
    assert sent.headers == (("Authorization", f"Bearer {SECRET}"),)
    assert SECRET not in repr((fill, sent))


def test_what_is_raised_shows_nothing() -> None:
    for made in (
        lambda: request_pairs(Request("POST", "/", JSON, f'{{"a": {SECRET}'.encode())),
        lambda: request_pairs(Request("POST", "/", JSON, f'["{SECRET}"]'.encode())),
        lambda: request_pairs(Request("POST", "/", (("Content-Encoding", SECRET),), b"a")),
        lambda: request_pairs(Request("POST", "/", (("Content-Type", SECRET),), b"a")),
        lambda: query_pairs("/?" + f"{SECRET}&" * 3_000),
    ):
        assert SECRET not in _traceback(made)


def _traceback(made: Callable[[], object]) -> str:
    with pytest.raises(UnreadableBody) as raised:
        made()
    return "".join(traceback.format_exception(raised.value)) + repr(raised.value)
