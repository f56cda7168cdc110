"""Documents of other recorders: lenient in what they may have, strict in what they may do."""

from __future__ import annotations

import time

import pytest
from tokentape.errors import CassetteError
from tokentape.pure.recorders import documents
from tokentape.pure.recorders.bodies import data
from tokentape.pure.recorders.documents import read_document


def value(text: str) -> bytes:
    return data(read_document(text).need("a"))


@pytest.mark.parametrize(
    "text",
    [
        "a: plain",
        ":a: plain",
        "a: !str plain",
        "a: !ruby/string:My::Body plain",
        "a: !ruby/object:Class plain",
        "a: !!python/object/apply:os.system plain",
        "a: !binary cGxhaW4=",
        "a: !!binary |\n  cGxh\n  aW4=\n",
        '{"a": "plain"}',
        "b: &1 plain\na: *1\n",
        "--- !map\na: 'plain'\n",
    ],
)
def test_tags_and_symbols_say_nothing_but_for_binary_data(text: str) -> None:
    assert value(text) == b"plain"


def test_a_tag_makes_no_object() -> None:
    document = read_document("a: !!python/object/new:_io.BytesIO\n  state: [plain]\n")
    (state,) = document.need("a").need("state").elements()
    assert state.text() == "plain"


def test_json_is_read_with_its_escapes() -> None:
    assert value(r'{"a": "\ud83d\ude00\/\u00e9"}') == "😀/é".encode()


def test_json_is_written_again_as_it_was() -> None:
    text = '{"a": [1, 2.5, true, null, "\\u00e9", {"b": {}}]}'
    assert read_document(text).json() == text


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("a: [", 2, "not valid YAML"),
        ("a: 1\nb: <%= secret %>\nc: [", 4, "ERB"),
        ("a: \x01", 0, "not valid YAML"),
        ("a: 1\nb: *secret\n", 2, "names nothing above it"),
        ("a: &1 [*1]\n", 1, "names nothing above it"),
        ('{"a": 1,\n "secret" 2}', 2, "not valid JSON"),
        ("", 1, "empty"),
        ("# secret\n", 1, "empty"),
    ],
)
def test_a_document_that_cannot_be_read(text: str, line: int, message: str) -> None:
    with pytest.raises(CassetteError, match=message) as error:
        read_document(text)
    assert error.value.line == line
    assert "secret" not in str(error.value)


@pytest.mark.parametrize(
    "text",
    [
        "a: " + "[" * 300 + "]" * 300,
        "{" + '"a": {' * 300 + "}" * 301,
        "\n".join("  " * depth + "a:" for depth in range(300)),
        "[" * 100_000,
        "a: " + "[" * 100_000,
    ],
)
def test_deep_nesting_is_refused(text: str) -> None:
    with pytest.raises(CassetteError, match=r"nested|not valid"):
        read_document(text)


def test_aliases_do_not_multiply_what_is_read() -> None:
    """The billion laughs: each line ten times the one above it."""
    lines = [f"a{n}: &a{n} [{', '.join(f'*a{n - 1}' for _ in range(10))}]" for n in range(1, 40)]
    started = time.monotonic()
    document = read_document("\n".join(["a0: &a0 laugh", *lines]))
    assert len(list(document.need("a39").elements())) == 10
    assert time.monotonic() - started < 1


def test_a_recording_that_is_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "MAX_BYTES", 3)
    with pytest.raises(CassetteError, match="split it"):
        read_document("a: 1")
