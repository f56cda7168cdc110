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
from tokentape.pure.cassette.yaml_nodes import (
    MAX_DEPTH,
    Mapping,
    Node,
    Scalar,
    Sequence,
    items_of,
    mapping,
    read_yaml,
    scalar_text,
    sequence,
)
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
    top = mapping(_document(text), "a cassette")
    items = sequence(top.value("interactions"), "interactions")
    tokens = []
    for item in items:
        interaction = mapping(item, "an interaction")
        request = mapping(interaction.value("request"), "request")
        target = _target(request)
        if is_tokens(target):
            response = mapping(interaction.value("response"), "response")
            tokens.append((_request(request, target), _response(response)))
    return Exchanges(tuple(tokens), len(items) - len(tokens))


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


def _target(request: Mapping) -> str:
    """Return path and query of the request, without its host."""
    uri = request.items.get("uri") or request.value("url")
    try:
        parts = urlsplit(scalar_text(uri))
    except ValueError:
        raise CassetteError("the uri of a request is invalid", line=uri.line) from None
    return parts.path + (f"?{parts.query}" if parts.query else "")


def _request(request: Mapping, target: str) -> Request:
    method = scalar_text(request.value("method")).upper()
    return Request(method, target, _headers(request), _body(request.items.get("body")))


def _response(response: Mapping) -> Response:
    body = _body(response.items.get("body") or response.items.get("content"))
    return Response(_status(response), tuple(without_encoding(_headers(response), body)), body)


def _status(response: Mapping) -> int:
    """Return the status; old versions of vcrpy wrote `status_code` for httpx."""
    node = response.items.get("status_code")
    node = node or mapping(response.value("status"), "status").value("code")
    code = scalar_text(node)
    if not re.fullmatch(r"[0-9]{3}", code):
        raise CassetteError("the status code is a number of three digits", line=node.line)
    return int(code)


def _headers(message: Mapping) -> Headers:
    node = message.items.get("headers")
    if node is None or (isinstance(node, Scalar) and node.is_null):
        return ()
    return tuple(
        (name, _bytes(value).decode("latin-1"))
        for name, values in mapping(node, "headers").items.items()
        for value in items_of(values)
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
            return _decoded(scalar_text(encoded), encoded.line)
        node = node.items.get("string")
    return b"" if node is None else _bytes(node)


def _bytes(node: Node) -> bytes:
    text = scalar_text(node)
    if isinstance(node, Scalar) and node.is_null:
        return b""
    binary = isinstance(node, Scalar) and node.binary
    return _decoded(text, node.line) if binary else text.encode("utf-8", "surrogatepass")


def _decoded(text: str, line: int) -> bytes:
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        raise CassetteError("this is no base64", line=line) from None
