"""Text of a cassette outside its interactions, and harmless differences in spelling."""

from __future__ import annotations

import json

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from tokentape.pure.cassette.hidden_text import hidden_lines, is_plain_json

from tests.cassettes_by_hand import CASSETTE


def hidden(text: str) -> set[int]:
    return set(hidden_lines(text))


def with_change(old: str, new: str) -> str:
    assert old in CASSETTE
    return CASSETTE.replace(old, new, 1)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (f"# Ada\n{CASSETTE}", 1),
        (f"%YAML 1.1\n---\n{CASSETTE}", 1),
        (with_change("interactions:", "interactions: # Ada"), 3),
        (with_change("    method: POST", "    # Ada\n    method: POST"), 5),
        (with_change("string: |", "string: | # Ada"), 17),
        (with_change("string: |", "string: |2"), 17),
        (f"{CASSETTE}# Ada\n", 52),
        (f"{CASSETTE}...\n", 52),
        (with_change("method: POST", "method: POST "), 5),
        (with_change("method: POST", "method:\tPOST"), 5),
        (with_change("method: POST", "method:   POST"), 5),
        (with_change("method: POST\n", "method: POST\n\n\n"), 5),
        (with_change("  response:", "  ? response\n  :"), 11),
    ],
)
def test_text_outside_the_interactions_is_found(text: str, line: int) -> None:
    assert line in hidden(text)


@pytest.mark.parametrize(
    "text",
    [
        CASSETTE,
        f"---\n{CASSETTE}",
        with_change("recorded_with: tokentape 0.1", "recorded_with: tokentape 0.2"),
        with_change("[application/json]", "application/json"),
        with_change("method: POST", "method: 'POST'"),
        with_change("method: POST", 'method: "P\\x4fST"'),
        with_change("    body: ''", "    body: null"),
        with_change("- request:\n    method: GET", "\n- request:\n    method: GET"),
        yaml.safe_dump(yaml.safe_load(CASSETTE)),
        yaml.safe_dump(yaml.safe_load(CASSETTE), default_flow_style=True),
        json.dumps(yaml.safe_load(CASSETTE)),
    ],
)
def test_other_spellings_of_a_cassette_hide_nothing(text: str) -> None:
    assert hidden(text) == set()


documents = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda items: st.lists(items, max_size=3) | st.dictionaries(st.text(max_size=3), items),
    max_leaves=8,
)


@given(documents, st.sampled_from([None, 2]))
def test_json_as_programs_print_it_is_plain(document: object, indent: int | None) -> None:
    assert is_plain_json(json.dumps(document, indent=indent) + "\n")


@pytest.mark.parametrize(
    "text",
    ['{"a":1, "b":2}', '{ "a": 1}', '{"a": 1,\n\n"b": 2}', '{"a": 1, "a": 1}', '"\\u0041"', "1.50"],
)
def test_unusual_json_is_not_plain(text: str) -> None:
    assert not is_plain_json(text)


@pytest.mark.parametrize("depth", [300, 900, 100_000])
def test_json_that_is_nested_too_deeply_to_be_printed_is_not_plain(depth: int) -> None:
    try:
        assert not is_plain_json("[" * depth + "]" * depth)
    except (ValueError, RecursionError):
        assert depth > 300
