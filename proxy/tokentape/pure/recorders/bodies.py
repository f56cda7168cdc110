"""Bodies and headers, in all the ways that recorders write them."""

from __future__ import annotations

import base64
import binascii
import importlib
import re
from collections.abc import Iterator
from typing import Any

from tokentape.pure.cassette.yaml_nodes import Scalar
from tokentape.pure.http.forms import MAX_ANSWER
from tokentape.pure.http.messages import Headers
from tokentape.pure.recorders.fields import RawField

_SINGLE_BYTE = re.compile(r"iso-8859-[0-9]{1,2}|windows-125[0-9]", re.IGNORECASE)
"""Character sets of one byte a character: the recorded text is to be encoded again."""
_STATUS = re.compile(r"([2-5][0-9]{2})(?: .*)?")
_ENCODING = "content-encoding"
_BROTLI_MODULES = ("brotli", "brotlicffi")
_FED_AT_ONCE = 16
"""Bytes of compressed data between two looks at how much it has become."""


def data(field: RawField | None) -> bytes:
    """Return the bytes of a single value: text in UTF-8, or what YAML's !binary decodes to.

    Raises CassetteError.
    """
    if field is None or field.is_null:
        return b""
    text = field.text()
    is_binary = isinstance(field.node, Scalar) and field.node.binary
    return from_base64(field, text) if is_binary else text.encode("utf-8", "surrogateescape")


def from_base64(field: RawField, text: str) -> bytes:
    """Decode base64, in lines or not, that stands in a field. Raises CassetteError."""
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        raise field.error("is not base64") from None


def from_hex(field: RawField, text: str) -> bytes:
    """Decode hexadecimal digits that stand in a field. Raises CassetteError."""
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise field.error("is not hexadecimal") from None


def body(field: RawField | None) -> bytes:
    """Return a body: a single value, or a mapping with the body as text or in base64.

    Raises CassetteError.
    """
    if field is None or not field.is_mapping:
        return data(field)
    encoded = field.get("base64_string")
    if encoded is not None:
        return from_base64(encoded, encoded.text())
    string = field.get("string", "str")
    charset = field.get("encoding")
    if string is not None and charset and _SINGLE_BYTE.fullmatch(charset.text()):
        return _encoded(string, charset.text())
    return data(string)


def _encoded(string: RawField, charset: str) -> bytes:
    try:
        return data(string).decode().encode(charset)
    except (UnicodeError, LookupError):
        return data(string)


def headers(field: RawField | None) -> Headers:
    """Return header lines: a mapping to texts or lists, or a list of pairs or of names and values.

    The pseudo-headers of HTTP/2 (`:path`) are left out. Raises CassetteError.
    """
    if field is None:
        return ()
    lines = _members(field) if field.is_mapping else _listed(field)
    return tuple((name, value) for name, value in lines if not name.startswith(":"))


def _members(field: RawField) -> Iterator[tuple[str, str]]:
    for name, values in field.members():
        for value in values.elements() if values.is_list else (values,):
            yield name, _line(value)


def _listed(field: RawField) -> Iterator[tuple[str, str]]:
    for line in field.elements():
        if line.is_mapping:
            yield line.need("name").text(), _line(line.get("value"))
        else:
            words = [word.text() for word in line.elements()]
            yield ("".join(words[:1]), ", ".join(words[1:]))


def _line(value: RawField | None) -> str:
    return data(value).decode("utf-8", "surrogateescape")


def status(field: RawField) -> int:
    """Return the status of an answer, which may have its phrase behind it. Raises CassetteError."""
    match = _STATUS.fullmatch(field.text())
    if match is None:
        raise field.error("is not the HTTP status of an answer, from 200 to 599")
    return int(match[1])


def has_header(lines: Headers, name: str) -> bool:
    """Tell whether a header, whose name is in lower case, is among header lines."""
    return any(line[0].lower() == name for line in lines)


def stored(field: RawField, lines: Headers, body: bytes) -> tuple[Headers, bytes]:
    """Return the headers and body of a message, as another server would send them.

    Recorders leave Content-Encoding where they stored the decompressed body; and brotli, which no
    Stripe client asks for on its own, is decompressed here if a library for it is installed.
    Raises CassetteError.
    """
    encodings = ",".join(value for name, value in lines if name.lower() == _ENCODING)
    if encodings.strip().lower() == "br" and not _is_plain(body):
        plain = _from_brotli(field, body)
        return tuple(line for line in lines if line[0].lower() != _ENCODING), plain
    return tuple(without_encoding(lines, body)), body


def without_encoding(lines: Headers, body: bytes) -> Iterator[tuple[str, str]]:
    """Yield header lines, without Content-Encoding if the body is not encoded after all."""
    plain = _is_plain(body)
    return (line for line in lines if not (plain and line[0].lower() == _ENCODING))


def _is_plain(body: bytes) -> bool:
    return body.lstrip()[:1] in (b"{", b"[", b"")


def _from_brotli(field: RawField, compressed: bytes) -> bytes:
    for name in _BROTLI_MODULES:
        try:
            module = importlib.import_module(name)
        except ImportError:
            continue
        return _inflated(field, compressed, module.Decompressor(), module.error)
    raise field.error("is compressed with brotli: `pip install brotli`, then import it again")


def _inflated(
    field: RawField,
    compressed: bytes,
    inflater: Any,  # noqa: ANN401  a library that is not always there
    damage: type[Exception],
) -> bytes:
    plain = bytearray()
    try:
        for start in range(0, len(compressed), _FED_AT_ONCE):
            plain += inflater.process(compressed[start : start + _FED_AT_ONCE])
            if len(plain) > MAX_ANSWER:
                raise field.error(f"grows to more than {MAX_ANSWER >> 20} MiB when decompressed")
    except damage:
        raise field.error("cannot be decompressed: it is damaged") from None
    return bytes(plain)
