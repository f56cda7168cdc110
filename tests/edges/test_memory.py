"""What the port's memory goes by, how much it holds, and when it asks."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from tokentape.edges.server.memory import NO_DIGEST, Memory, RequestDigest
from tokentape.edges.server.writer import framed
from tokentape.pure.http.messages import Headers, Request, Response

from tests.laws.pipeline import REDACTOR

PORT = Memory(1 << 20, lambda *_: True, REDACTOR.relevant_headers)
"""Tells what a port remembers requests by."""

CARD = (("Authorization", "Bearer sk_test_" + "a" * 24),)
ECHO = (("Idempotency-Key", "first"),)


def answer(body: bytes = b"", echo: Headers = (), final: object = "final") -> Response:
    return Response(200, (), body, echo, final=final)


def keyed(key: str, name: str = "Idempotency-Key") -> RequestDigest:
    return PORT.digest(Request("POST", "/v1/tokens", (*CARD, (name, key)), b"a=1"))


@given(st.integers(0, 4), st.lists(st.integers(0, 20), min_size=30))
def test_a_memory_is_bounded_and_keeps_what_came_last(limit: int, numbers: list[int]) -> None:
    memory = Memory(limit * 1_500, lambda *_: True, frozenset())
    for number in numbers:
        request_digest = memory.digest(Request("GET", f"/{number}"))
        if memory.answer(*request_digest) is None:
            memory.keep(b"", request_digest, framed(answer(b"x" * 400)))
        held = [memory.answer(*memory.digest(Request("GET", f"/{n}"))) for n in set(numbers)]
        assert len([raw for raw in held if raw]) <= limit
        assert (memory.answer(*request_digest) is not None) == (limit > 0)


def test_what_is_put_again_outlives_what_it_replaces() -> None:
    memory = Memory(3_300, lambda *_: True, frozenset())
    first, second, third = (memory.digest(Request("GET", f"/{n}")) for n in range(3))
    for request_digest, body in ((first, b"1"), (second, b"2"), (first, b"3"), (third, b"4")):
        memory.keep(b"", request_digest, framed(answer(body)))

    assert (memory.answer(*first) or b"")[-1:] == b"3"
    assert (memory.answer(*third) or b"")[-1:] == b"4"


def test_what_a_request_is_remembered_by_is_what_an_answer_can_depend_on() -> None:
    request = Request("POST", "/v1/tokens", (*CARD, ("User-Agent", "one")), b"card[name]=Ada")
    digest = PORT.digest(request).digest

    def marked(*headers: tuple[str, str], **changes: object) -> bool:
        changed = request._replace(headers=headers or request.headers, **changes)
        return PORT.digest(changed).digest == digest

    assert marked(*CARD, ("User-Agent", "other"), ("X-Stripe-Client-Telemetry", "{}"))
    assert not marked(("Authorization", "Bearer sk_test_" + "b" * 24))
    assert not marked(*CARD, ("Stripe-Account", "acct_1"))
    assert not marked(*CARD, ("Content-Type", "application/json"))
    assert not marked(*CARD, ("Idempotency-Key", "a"))
    assert not marked(method="GET")
    assert not marked(target="/v1/tokens?a=1")
    assert not marked(body=b"card[name]=Eve")


def test_the_digest_of_a_request_does_not_cover_its_idempotency_key() -> None:
    first, second = keyed("a"), keyed("b", "idempotency-key")

    assert first.digest == second.digest != b""
    assert (first.key, second.key) == ("a", "b")


def test_an_idempotency_key_counts_where_requests_are_matched_by_it() -> None:
    port = Memory(1 << 20, lambda *_: True, REDACTOR.relevant_headers | {"idempotency-key"})
    digests = {
        port.digest(Request("POST", "/v1/tokens", (("Idempotency-Key", key),), b"a=1")).digest
        for key in ("a", "b")
    }
    assert len(digests) == 2


def test_requests_with_two_idempotency_keys_are_not_remembered() -> None:
    keys = (("Idempotency-Key", "a"), ("idempotency-key", "b"))

    assert PORT.digest(Request("POST", "/v1/tokens", keys)) is NO_DIGEST


def test_requests_that_are_too_long_to_be_replayed_are_not_remembered() -> None:
    for length, remembered in ((3, True), (200_000, True), (300_000, False)):
        request = Request("POST", "/v1/tokens", CARD, b"card[name]=" + b"a" * length)
        assert (PORT.digest(request).digest != b"") == remembered


def test_the_handler_is_called_for_each_answer_that_is_given_again() -> None:
    calls: list[tuple[object, str | None]] = []
    memory = Memory(10_000, lambda *seen: calls.append(seen) or True, frozenset())
    with_key = memory.digest(Request("POST", "/", ECHO))
    without = memory.digest(Request("POST", "/"))
    memory.keep(b"", with_key, framed(answer(b"a", ECHO, "one")))
    memory.keep(b"digest", without, framed(answer(b"b", (), "two")))

    raw = memory.answer(with_key.digest, "second")
    assert raw is not None
    assert b"\r\nIdempotency-Key: second\r\n" in raw
    assert b"first" not in raw
    assert memory.answer(b"digest") == memory.answer(*without) is not None
    assert calls == [("one", "second"), ("two", None), ("two", None)]


def test_the_handler_may_answer_itself() -> None:
    memory = Memory(10_000, lambda *_: False, frozenset())
    request_digest = memory.digest(Request("POST", "/"))
    memory.keep(b"digest", request_digest, framed(answer()))

    assert memory.answer(*request_digest) is None
    assert memory.answer(b"digest") is None


def test_only_a_final_answer_that_echoes_a_key_where_there_is_one_is_kept() -> None:
    memory = Memory(10_000, lambda *_: True, frozenset())
    for headers, response in (
        ((), answer(final=None)),
        ((), answer(echo=ECHO)),
        (ECHO, answer()),
    ):
        request_digest = memory.digest(Request("POST", "/", headers))
        memory.keep(b"digest", request_digest, framed(response))
        assert memory.answer(*request_digest) is None
        assert memory.answer(b"digest") is None
