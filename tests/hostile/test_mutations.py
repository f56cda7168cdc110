"""Cassettes changed at random: each is refused with a line, or served without a fault."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from random import Random
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tokentape.edges.server.writer import framed
from tokentape.edges.settings import MatchSettings, RedactSettings
from tokentape.errors import CassetteError
from tokentape.pure.http.messages import Request, Response
from tokentape.pure.replay.decide import Mode
from tokentape.pure.stripe.kinds import KINDS
from tokentape.session import assembly
from tokentape.session.service import Policy, Service

from tests.wire import SECRET, card, numbered, person

PLACEHOLDER = re.compile(r"\{\{[^{}]*\}\}")
VALUE = re.compile(r'"\w+"(?=,\n)|null|true|false|\b5\b')
SLOTS = ("", "", "", ".last4", ".iin", ".year", ".masked")
NAMES = ("3", "invalid", "sent", "future", "sk_test", "visa", "unknown")
CHARACTERS = ("{", "}", '"', "\n", " ", "%", "&", "=", "[", "]", ":", "0", "~", "{{open}}", "'")

REDACTOR = assembly.redactor(RedactSettings(), MatchSettings())
HEADERS = (
    ("Authorization", f"Bearer {SECRET}"),
    ("Content-Type", "application/x-www-form-urlencoded"),
)


def placeholder(random: Random) -> str:
    kind, slot = random.choice(sorted(KINDS)), random.choice(SLOTS)
    number = random.choice((1, 1, 1, 2, 9, 9_999_999))
    guard = random.choice(("", "", "", ":visa", ":amex_invalid"))
    name = random.choice(NAMES)
    variable = f"{kind}.{number}{guard}" if random.random() < 0.7 else f"{kind}:{name}"
    return f"{{{{{variable}{slot}}}}}"


def changed(text: str, random: Random) -> str:
    """Return a cassette with a placeholder, a value, a character, a line or an item changed."""
    what = random.random()
    pattern = PLACEHOLDER if what < 0.55 else VALUE
    matches = list(pattern.finditer(text))
    if what < 0.7 and matches:
        match = random.choice(matches)
        new = placeholder(random) if pattern is PLACEHOLDER else f'"{placeholder(random)}"'
        return text[: match.start()] + new + text[match.end() :]
    if what < 0.8 and text:
        at = random.randrange(len(text))
        return text[:at] + random.choice(CHARACTERS) + text[at + random.choice((0, 1)) :]
    between = "\n" if what < 0.9 else "\n- request:"
    pieces = text.split(between)
    piece = pieces.pop(random.randrange(len(pieces)))
    if random.random() < 0.7:
        pieces.insert(random.randrange(len(pieces) + 1), piece)
    return between.join(pieces)


def requests() -> Iterator[Request]:
    date_of_birth = {f"person[dob][{part}]": "11" for part in ("day", "month", "year")}
    for fields in (
        card(name="Ada Ohnesorg"),
        card(numbered("453957876362148")),
        card(exp_month="13"),
        {**person("Ada", "{{name.1}}"), **date_of_birth},
        {"pii[id_number]": "123456789"},
    ):
        yield Request("POST", "/v1/tokens", HEADERS, urlencode(fields).encode())
    for token in ("tok_visa", "tok_1abc", "x"):
        yield Request("GET", f"/v1/tokens/{token}", HEADERS[:1])


def served(service: Service) -> list[Response]:
    """Ask for everything twice, and for every token that comes back."""
    answers = []
    for request in (*requests(), *requests()):
        answer, done = service.handle(request)
        done(True)
        answers.append(answer)
        token_id = re.search(rb'"id": "(\w+)"', answer.body)
        if token_id:
            token = Request("GET", f"/v1/tokens/{token_id[1].decode()}", HEADERS[:1])
            answers.append(service.handle(token)[0])
    return answers


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("mutations")


@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(random=st.randoms(use_true_random=False), times=st.integers(1, 4))
def test_a_changed_cassette_that_loads_is_served_without_an_error(
    good: str, folder: Path, random: Random, times: int
) -> None:
    text = good
    for _ in range(times):
        text = changed(text, random)
    (folder / "changed.yaml").write_text(text)
    try:
        loaded = assembly.interactions(folder, "changed", REDACTOR)
    except CassetteError as error:
        if not error.line:
            raise
        return
    rules = assembly.match_rules(MatchSettings())
    service = Service(Mode.REPLAY, "changed", REDACTOR, Policy(), rules, str)
    service.load(loaded)
    for answer in served(service):
        assert framed(answer).raw()
        json.loads(answer.body or b"{}")
    assert list(service.receipt().lines())
