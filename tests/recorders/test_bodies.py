"""Bodies and headers in all their spellings."""

from __future__ import annotations

import json
import sys
import types

import pytest
from tokentape.errors import CassetteError
from tokentape.pure.recorders import bodies
from tokentape.pure.recorders.documents import read_document
from tokentape.pure.recorders.fields import RawField

ENCODED = (("content-encoding", "br"),)


def field(value: object) -> RawField:
    return read_document(json.dumps({"a": value})).need("a")


@pytest.mark.parametrize(
    ("value", "body"),
    [
        ("text", b"text"),
        ("", b""),
        ("é", "é".encode()),
        ({}, b""),
        ({"string": ""}, b""),
        ({"string": None}, b""),
        ({"encoding": "UTF-8", "string": "é"}, "é".encode()),
        ({"encoding": "ISO-8859-1", "string": "é"}, b"\xe9"),
        ({"encoding": "iso-8859-1", "string": "€"}, "€".encode()),
        ({"encoding": "ISO-8859-99", "string": "é"}, "é".encode()),
        ({"encoding": "punycode", "string": "é"}, "é".encode()),
        ({"encoding": None, "base64_string": "dGV4\ndA==\n"}, b"text"),
    ],
)
def test_a_body(value: object, body: bytes) -> None:
    assert bodies.body(field(value)) == body


@pytest.mark.parametrize(
    "value", [{"base64_string": "secret!"}, {"string": ["secret"]}, ["secret"]]
)
def test_a_body_that_cannot_be_read(value: object) -> None:
    with pytest.raises(CassetteError, match=r"^a") as error:
        bodies.body(field(value))
    assert "secret" not in str(error.value)


@pytest.mark.parametrize(
    "value",
    [
        {"A": ["1", "2"], "B": "3"},
        {"A": [1, 2], "B": 3},
        [["A", "1"], ["A", "2"], ["B", "3"]],
        [{"name": n, "value": v} for n, v in (("A", "1"), (":p", "x"), ("A", "2"), ("B", 3))],
    ],
)
def test_headers(value: object) -> None:
    assert bodies.headers(field(value)) == (("A", "1"), ("A", "2"), ("B", "3"))


def test_no_headers() -> None:
    assert bodies.headers(None) == bodies.headers(field({})) == bodies.headers(field([])) == ()
    assert bodies.headers(field({"A": None})) == (("A", ""),)


def test_content_encoding_is_left_out_where_the_body_is_plain() -> None:
    assert bodies.stored(field(1), ENCODED, b' {"a": 1}') == ((), b' {"a": 1}')
    assert bodies.stored(field(1), (("Content-Encoding", "gzip"),), b"\x1f\x8b") == (
        (("Content-Encoding", "gzip"),),
        b"\x1f\x8b",
    )


class Inflater:
    """A stand-in for a brotli library: each byte becomes a million."""

    def process(self, data: bytes) -> bytes:
        if b"!" in data:
            raise OSError
        return data * 1_000_000


@pytest.fixture
def brotli(monkeypatch: pytest.MonkeyPatch) -> None:
    library = types.SimpleNamespace(Decompressor=Inflater, error=OSError)
    monkeypatch.setitem(sys.modules, "brotli", library)


@pytest.mark.usefixtures("brotli")
def test_brotli_is_decompressed_to_a_bounded_size() -> None:
    assert bodies.stored(field(1), (*ENCODED, ("a", "b")), b"x") == ((("a", "b"),), b"x" * 10**6)
    with pytest.raises(CassetteError, match="grows to more than 8 MiB"):
        bodies.stored(field(1), ENCODED, b"x" * 100)
    with pytest.raises(CassetteError, match="damaged"):
        bodies.stored(field(1), ENCODED, b"x!")


def test_brotli_of_the_real_library() -> None:
    brotli = pytest.importorskip("brotli")
    assert bodies.stored(field(1), ENCODED, brotli.compress(b"{}" * 99)) == ((), b"{}" * 99)


def test_without_a_library_brotli_is_an_error_that_names_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("brotli", "brotlicffi"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(CassetteError, match="pip install brotli"):
        bodies.stored(field(1), ENCODED, b"x")
