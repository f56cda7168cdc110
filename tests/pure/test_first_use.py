"""What is read on first use is whole for every thread: sessions are opened side by side."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

import pytest
from tokentape.edges import package_data
from tokentape.edges.settings import MatchSettings, RedactSettings
from tokentape.pure.http.messages import Request
from tokentape.pure.stripe.fields import Field
from tokentape.pure.stripe.outlines import Outlines
from tokentape.pure.stripe.routes import Routes
from tokentape.session import assembly

T = TypeVar("T")

THREADS = 4
FIRST_USES = 50
DEEP = "/v1/test_helpers/treasury/received_debits"


@pytest.fixture(autouse=True)
def _threads_take_turns_often() -> Iterator[None]:
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


def at_once(ask: Callable[[], T]) -> list[T]:
    """Return what each of several threads gets that ask at the same time."""
    barrier = threading.Barrier(THREADS)

    def one(_number: int) -> T:
        barrier.wait()
        return ask()

    with ThreadPoolExecutor(THREADS) as threads:
        return list(threads.map(one, range(THREADS)))


def test_every_thread_sees_all_routes_of_a_resource() -> None:
    text = package_data.read("routes.csv")
    for _ in range(FIRST_USES):
        routes = Routes(text)
        assert None not in at_once(partial(routes.at, "POST", DEEP))


def test_every_thread_sees_the_fields_that_a_user_adds() -> None:
    text = package_data.read("requests.txt")
    additions = {(f"x{number}",): Field("text") for number in range(100)}

    def has_the_last(outlines: Outlines) -> bool:
        tree = outlines.tree("POST /v1/customers")
        return tree is not None and "x99" in tree.members

    for _ in range(FIRST_USES):
        assert all(at_once(partial(has_the_last, Outlines(text).extended(additions))))


def test_every_thread_redacts_alike() -> None:
    body = b"email=ada%40example.com&address[city]=Paris&balance=5&metadata[a]=b&x=y"
    headers = (("Content-Type", "application/x-www-form-urlencoded"),)
    request = Request("POST", "/v1/customers/cus_1", headers, body)
    settings = RedactSettings(fields={"balance": "text"})
    texts = set()
    for _ in range(FIRST_USES):
        redactor = assembly.redactor(settings, MatchSettings())
        for redacted in at_once(partial(redactor.request, request)):
            texts.add((redacted.path.text, tuple(entry.text for entry in redacted.body)))
    assert len(texts) == 1
