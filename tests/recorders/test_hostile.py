"""Whatever a file says, reading it fails with an error of its own, which quotes nothing."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from tokentape.commands.import_ import import_cassettes
from tokentape.edges.settings import Settings
from tokentape.errors import CassetteError
from tokentape.pure.recorders.forms import read_recording
from tokentape.pure.recorders.recognition import recording_of_stripe

from tests.recorders.conftest import API, is_served
from tests.recorders.forms import FORMS, Said

MARK = "Xanthippe"
ODD: tuple[Any, ...] = (
    *(None, True, -1, 10**30, 1.5, "", MARK, f"http://[{MARK}", f"https://{MARK}:x@y:z/", "\x00"),
    *([], {}, [[]], [{}], [MARK], {MARK: MARK}, [None], {"string": []}, {"base64_string": MARK}),
)


def places(node: Any) -> list[tuple[Any, Any]]:
    """Return all containers and keys below a node."""
    keys = node if isinstance(node, dict) else range(len(node)) if isinstance(node, list) else ()
    return [pair for key in keys for pair in ((node, key), *places(node[key]))]


def read(text: str) -> None:
    recording_of_stripe(text.encode(), is_served)
    problem = ""
    try:
        for call in read_recording(text).calls:
            call.goes_to_stripe(is_served)
            call.exchange()
    except CassetteError as error:
        problem = str(error)
    assert MARK not in problem
    assert len(problem) < 200


@pytest.mark.parametrize("form", FORMS)
def test_odd_values_anywhere(form: str, calls: list[Said]) -> None:
    text = FORMS[form][1](calls[:2])
    is_json = text[0] in "{["
    plain = text.replace(" !binary", " !!binary").replace("!ruby/struct:VCR::", "!!map #")
    chance = random.Random(form)
    for _ in range(300):
        document = json.loads(text) if is_json else yaml.safe_load(plain)
        container, key = chance.choice(places(document))
        container[key] = chance.choice(ODD)
        read(json.dumps(document) if is_json else yaml.safe_dump(document))


@given(st.data())
def test_damage_anywhere(data: st.DataObject) -> None:
    text = data.draw(st.sampled_from(SAMPLES))
    start = data.draw(st.integers(0, len(text)))
    length = data.draw(st.integers(0, 20))
    inserted = data.draw(st.text("{}[]:,-&*!|>'\"\\ \n\t%#a1", max_size=5))
    read(text[:start] + inserted + text[start + length :])


RUBY = f"""\
http_interactions:
- request: &1
    method: :get
    uri: {API}/v1/tokens
    body: !binary aGk=
  response:
    status: {{code: 200}}
    body: *1
"""
SAMPLES = (
    RUBY,
    json.dumps([{"scope": API, "method": "GET", "path": "/v1/tokens/x", "status": 200}]),
)


def test_an_alias_to_a_large_body_is_not_recorded_without_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file of one megabyte, whose calls have a thousand."""
    monkeypatch.chdir(tmp_path)
    body = f"&1 '{'a' * 1_000_000}'"
    request = f"request: {{method: get, uri: {API}/v1/tokens/tok_1}}"
    item = f"- {request}\n  response: {{status: 200, body: %s}}\n"
    Path("raw.yml").write_text(f"http_interactions:\n{item % body}{item % '*1' * 1000}")
    assert import_cassettes(Settings(), (Path("raw.yml"),), "pay", force=False) == 2
    assert "more than 64 MiB: split it" in capsys.readouterr().err
    assert not Path("cassettes").exists()
