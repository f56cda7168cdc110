"""From a raw cassette of vcrpy to its requests and responses.

The formats are vcrpy's YAML and JSON, which pytest-recording also writes. The YAML is as strict as
that of any cassette, except for the tag !!binary, but the schema is open, because versions of vcrpy
differ. Errors quote no values.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

import orjson

from tokentape.errors import CassetteError
from tokentape.pure.cassette.yaml_nodes import MAX_DEPTH, Mapping, Node, Scalar, Sequence, read_yaml
from tokentape.pure.http.messages import Headers, Request, Response
from tokentape.pure.notation.placeholders import whole
from tokentape.pure.stripe.routes import is_tokens

_BRACES = re.compile(r"\{\{[^{}]*\}\}")


@dataclass(frozen=True, slots=True)
class Exchanges:
    """The exchanges with the tokens API in a cassette, and the number of others."""

    tokens: tuple[tuple[Request, Response], ...]
    others: int


def read_vcr(text: str) -> Exchanges:
    """Return the exchanges of a cassette. Raises CassetteError with a line."""
    placeholder = next((match for match in _BRACES.finditer(text) if whole(match[0])), None)
    if placeholder:
        line = text.count("\n", 0, placeholder.start()) + 1
        message = (
            "this has placeholders, so at least a part of it is clean already: it is not imported"
        )
        raise CassetteError(message, line=line)
    top = _mapping(_document(text))
    items = _sequence(_value(top, "interactions")).items
    tokens = tuple(_exchange(item) for item in items if is_tokens(_target(item)))
    return Exchanges(tokens, len(items) - len(tokens))


def _document(text: str) -> Node:
    if not text.lstrip().startswith("{"):
        return read_yaml(text, binary=True)
    try:
        return _node(orjson.loads(text), 0)
    except orjson.JSONDecodeError:
        raise CassetteError("this is no JSON that can be read") from None


def _node(value: object, depth: int) -> Node:
    if depth > MAX_DEPTH:
        raise CassetteError("this is nested too deeply")
    if isinstance(value, dict):
        return Mapping(0, {key: _node(item, depth + 1) for key, item in value.items()})
    if isinstance(value, list):
        return Sequence(0, [_node(item, depth + 1) for item in value])
    return Scalar(0, "null" if value is None else str(value), plain=not isinstance(value, str))


def _exchange(item: Node) -> tuple[Request, Response]:
    request_node = _mapping(_value(_mapping(item), "request"))
    response_node = _mapping(_value(_mapping(item), "response"))
    method = _text(_value(request_node, "method")).upper()
    request = Request(
        method, _target(item), _headers(request_node), _body(request_node.items.get("body"))
    )
    body = _body(response_node.items.get("body") or response_node.items.get("content"))
    return request, Response(
        _status(response_node), tuple(without_encoding(_headers(response_node), body)), body
    )


def _target(item: Node) -> str:
    """Return path and query of the request, without its host."""
    request_node = _mapping(_value(_mapping(item), "request"))
    uri = request_node.items.get("uri") or _value(request_node, "url")
    try:
        parts = urlsplit(_text(uri))
    except ValueError:
        raise CassetteError("the uri of a request is invalid", line=uri.line) from None
    return parts.path + (f"?{parts.query}" if parts.query else "")


def _status(response_node: Mapping) -> int:
    """Return the status; old versions of vcrpy wrote `status_code` for httpx."""
    node = response_node.items.get("status_code") or _value(
        _mapping(_value(response_node, "status")), "code"
    )
    code = _text(node)
    if not (code.isascii() and code.isdigit() and len(code) == 3):
        raise CassetteError("the status code is a number of three digits", line=node.line)
    return int(code)


def _headers(message: Mapping) -> Headers:
    node = message.items.get("headers")
    lines = _mapping(node).items.items() if node and not _is_null(node) else ()
    return tuple(
        (name, _bytes(value).decode("latin-1"))
        for name, values in lines
        for value in _listed(values)
    )


def without_encoding(headers: Headers, body: bytes) -> Iterator[tuple[str, str]]:
    """Yield headers, without Content-Encoding if vcrpy stored the decompressed body."""
    plain = body[:1] in (b"{", b"[", b"")
    return (line for line in headers if not (plain and line[0].lower() == "content-encoding"))


def _body(node: Node | None) -> bytes:
    """Return a body: text or binary data, or a mapping with one of them."""
    if isinstance(node, Mapping):
        encoded = node.items.get("base64_string")
        if encoded is not None:
            return _decoded(_text(encoded), encoded.line)
        node = node.items.get("string")
    return b"" if node is None else _bytes(node)


def _bytes(node: Node) -> bytes:
    if _is_null(node):
        return b""
    text = _text(node)
    binary = isinstance(node, Scalar) and node.binary
    return _decoded(text, node.line) if binary else text.encode("utf-8", "surrogatepass")


def _decoded(text: str, line: int) -> bytes:
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        raise CassetteError("this is no base64", line=line) from None


def _value(node: Mapping, key: str) -> Node:
    value = node.items.get(key)
    if value is None:
        raise CassetteError(f"missing here: {key}", line=node.line)
    return value


def _listed(node: Node) -> list[Node]:
    return node.items if isinstance(node, Sequence) else [node]


def _is_null(node: Node) -> bool:
    return isinstance(node, Scalar) and node.plain and node.text in ("null", "~", "")


def _text(node: Node) -> str:
    if not isinstance(node, Scalar):
        raise CassetteError("a single value is expected here", line=node.line)
    return node.text


def _mapping(node: Node) -> Mapping:
    if not isinstance(node, Mapping):
        raise CassetteError("a mapping is expected here", line=node.line)
    return node


def _sequence(node: Node) -> Sequence:
    if not isinstance(node, Sequence):
        raise CassetteError("a list is expected here", line=node.line)
    return node
