"""Nothing that was sent or answered survives where the API has no word for it."""

from __future__ import annotations

import base64
import gc
import json
from collections.abc import Iterator
from contextlib import suppress
from typing import Any
from urllib.parse import quote, quote_plus

from hypothesis import given
from hypothesis import strategies as st
from tokentape.edges.settings import MatchSettings, RedactSettings
from tokentape.errors import UnreadableBody
from tokentape.pure.cassette.model import (
    Numbering,
    interaction,
    request_secrets,
    response_secrets,
)
from tokentape.pure.cassette.writing import interaction_text
from tokentape.pure.http.messages import Request, Response
from tokentape.pure.notation.redacted import RedactedRequest
from tokentape.pure.redaction.echoes import Story
from tokentape.pure.replay.misses import Neighbours, report
from tokentape.pure.stripe.kinds import Secret
from tokentape.session import assembly
from tokentape.session.service import Policy

from tests.laws.parrot import parrot
from tests.laws.pipeline import REDACTOR, RULES, Stage
from tests.laws.play import play
from tests.laws.traffic import Trace, all_steps, odd_posts, traces
from tests.laws.worlds import World, telling

MARK, NUMBER = "Zq7xWvb", 735_577_355


def ways(value: str) -> Iterator[str]:
    """Yield the ways in which a value may be written."""
    raw = value.encode("utf-8", "surrogatepass")
    yield from (value, value.lower(), json.dumps(value)[1:-1], raw.hex())
    yield from (quote(raw, safe=""), quote_plus(raw), base64.b64encode(raw).decode().rstrip("="))


@given(traces(all_steps | odd_posts), st.lists(st.sampled_from((200, 402, 500)), min_size=1))
def test_no_secret_stands_in_what_is_let_out(trace: Trace, statuses: list[int]) -> None:
    world = World(1)
    stage = Stage(answer=parrot(1, statuses), policy=Policy(record_errors=True))
    play(trace, world, stage)
    missing = Stage(answer=stage.answer, recorded=stage.service.recorded)
    told = "\n".join(
        (stage.cassette, *stage.notices, *stage.receipt(), *stage.shown, *missing.shown)
    )

    for value in filter(telling, world.values.values()):
        assert not any(way in told for way in ways(value))


names = st.sampled_from(
    ("card", "number", "name", "metadata", "person", "dob", "year", "expand", "0", "12", "*", "")
)
marked = st.builds("{}{}{}".format, st.text(max_size=3), st.just(MARK), st.text(max_size=3)).filter(
    lambda text: not any("\ud800" <= one <= "\udfff" for one in text)
)
leaves = marked | st.just(NUMBER) | st.builds(lambda one: [one, {one: one}], marked)


def nested(inside: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.lists(inside, min_size=1, max_size=3) | st.dictionaries(
        names | marked, inside, min_size=1, max_size=3
    )


documents = st.recursive(leaves, nested, max_leaves=8).map(
    lambda inside: inside if isinstance(inside, dict) else {MARK: inside}
)


def shown(asked: RedactedRequest, answer: Response | None) -> str:
    """Return all that is ever shown of an exchange: what is written, reprs, a report of a miss."""
    answered = REDACTOR.response(answer or Response(200, (), b"{}"), asked, Story(), 0)
    secrets = (*request_secrets(asked), *response_secrets(answered))
    variables, count = Numbering().planned(secrets), len(request_secrets(asked))
    one = interaction(asked, answered, variables[:count], variables[count:])
    known = Neighbours(RULES)
    known.add(one)
    told = report(asked, "x", known.nearest(asked))
    return "\n".join((interaction_text(one), repr(asked), repr(answered), str(told), repr(told)))


def assert_nothing_survives(asked: RedactedRequest, answer: Response | None = None) -> None:
    text = shown(asked, answer)
    assert MARK not in text
    assert str(NUMBER) not in text


def form(document: Any, path: str = "") -> Iterator[tuple[str, str]]:
    members = (
        document.items()
        if isinstance(document, dict)
        else ((str(place), one) for place, one in enumerate(document))
        if isinstance(document, list)
        else ()
    )
    if not isinstance(document, dict | list):
        yield path, str(document)
    for name, inside in members:
        yield from form(inside, f"{path}[{name}]" if path else name)


@given(documents)
def test_nothing_unlisted_survives_in_json(document: dict[str, Any]) -> None:
    headers = (("Content-Type", "application/json"),)
    body = json.dumps(document).encode()
    with suppress(UnreadableBody):
        assert_nothing_survives(REDACTOR.request(Request("POST", "/v1/tokens", headers, body)))


@given(documents)
def test_nothing_unlisted_survives_in_forms_and_queries(document: dict[str, Any]) -> None:
    text = "&".join(f"{quote_plus(name)}={quote_plus(value)}" for name, value in form(document))
    assert_nothing_survives(REDACTOR.request(Request("POST", "/v1/tokens", (), text.encode())))
    assert_nothing_survives(REDACTOR.request(Request("GET", f"/v1/tokens/tok_visa?{text}")))
    assert_nothing_survives(
        REDACTOR.request(Request("GET", f"/v1/tokens/{quote(text, safe='')[:99]}"))
    )


@given(documents)
def test_nothing_unlisted_survives_in_multipart(document: dict[str, Any]) -> None:
    parts = "".join(
        f'--B\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in form(document)
    )
    headers = (("Content-Type", "multipart/form-data; boundary=B"),)
    body = f"{parts}--B--\r\n".encode()
    with suppress(UnreadableBody):
        assert_nothing_survives(REDACTOR.request(Request("POST", "/v1/tokens", headers, body)))


header_names = st.sampled_from(
    ("Authorization", "Stripe-Account", "Stripe-Version", "Content-Type", "Cookie", "User-Agent")
) | st.just(f"X-{MARK}")


@given(st.lists(st.tuples(header_names, marked)))
def test_nothing_unlisted_survives_in_headers(lines: list[tuple[str, str]]) -> None:
    asked = REDACTOR.request(Request("GET", "/v1/tokens/tok_visa", tuple(lines)))
    assert_nothing_survives(asked, Response(200, tuple(lines), b"{}"))


@given(documents)
def test_nothing_unlisted_survives_in_answers(document: dict[str, Any]) -> None:
    asked = REDACTOR.request(Request("GET", "/v1/tokens/tok_visa"))
    everywhere = {**document, "card": document, "error": document, "bank_account": document}
    body = json.dumps(everywhere).encode()
    assert_nothing_survives(asked, Response(200, (), body))


def test_a_secret_has_no_repr() -> None:
    assert MARK not in repr(Secret("card", MARK, MARK))


def held(root: object) -> Iterator[str]:
    """Yield every text in memory that an object of ours leads to."""
    met, left = {id(root)}, [root]
    while left:
        one = left.pop()
        if isinstance(one, str):
            yield one
        plain = isinstance(one, tuple | list | set | frozenset)
        inside = (
            gc.get_referents(one) if plain or type(one).__module__.startswith("tokentape") else ()
        )
        if isinstance(one, dict):
            inside = [*one.keys(), *one.values()]  # the collector knows of no key that is a text
        new = [other for other in inside if not isinstance(other, type) and id(other) not in met]
        met.update(map(id, new))
        left += new


def test_a_door_remembers_nothing_of_what_came_through_it() -> None:
    redactor = assembly.redactor(RedactSettings(), MatchSettings())
    numbers = ("card[number]", "card[cvc]", "card[exp_month]", "person[dob][day]", "number")
    acceptance = "person[additional_tos_acceptances][account]"
    names = ("card[name]", "card[currency]", f"{acceptance}[ip]", f"metadata[{MARK}]", MARK)
    fields = "&".join(
        [f"{name}={NUMBER}" for name in (*numbers, f"{acceptance}[date]")]
        + [f"{name}={MARK}" for name in names]
        + ["card[exp_year]=2031", "bank_account[country]=NZ"]
    )
    lines = (("Authorization", f"Bearer sk_test_{MARK}"), ("Idempotency-Key", MARK))
    asked = redactor.request(Request("POST", "/v1/tokens", lines, fields.encode()))
    assert any(MARK in text for text in held(asked)), "it is looked for in the right way"
    told = {"brand": "Visa", "name": MARK, "currency": MARK, "exp_month": NUMBER, MARK: MARK}
    card = {**told, "metadata": {MARK: MARK}, "networks": {"available": [MARK]}}
    answer = {"id": f"tok_{MARK}", "card": card, "created": NUMBER, "type": MARK, MARK: NUMBER}
    back = (
        ("Request-Id", f"req_{MARK}"),
        ("Stripe-Version", MARK),
        ("Vary", "Origin"),
        (MARK, MARK),
    )
    redactor.response(
        Response(200, back, json.dumps(answer).encode()), asked, Story(asked.numbers), 0
    )
    kept = list(held(redactor))
    assert {"card[exp_year]=2031", "Origin", '\n    "brand": "Visa"'}.issubset(kept)
    assert not [text for text in kept if MARK in text or str(NUMBER) in text]
