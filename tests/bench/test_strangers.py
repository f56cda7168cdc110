"""Other people each time: the bytes of a request never come again, and its length is right."""

from __future__ import annotations

from itertools import islice

from bench.client import endless
from bench.traffic import keyed, raw, strangers


def test_no_request_comes_again_and_each_has_the_length_that_it_says() -> None:
    texts = [raw(request) for request in keyed(strangers(10))]
    sent = [*islice(endless(texts, 16 * "a"), 5 * len(texts))]
    assert len({*sent}) == len(sent)
    for text in sent:
        head, _, body = text.partition(b"\r\n\r\n")
        assert f"Content-Length: {len(body)}".encode() in head.split(b"\r\n")
        assert b"{new}" not in text
