"""From a cassette of plain vcrpy to the requests and answers that it holds, raw.

vcrpy's YAML and JSON, as pytest-recording writes them too. Read as any cassette is, without tags
but !!binary, anchors or depth; but its schema is open: versions of vcrpy differ. Errors quote
nothing.
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
    """What a cassette holds: exchanges with the tokens API, and how many there are with others."""

    tokens: tuple[tuple[Request, Response], ...]
    others: int


def read_vcr(text: str) -> Exchanges:
    """Return the exchanges of a cassette. Raises CassetteError with a line."""
    clean = next((one for one in _BRACES.finditer(text) if whole(one[0])), None)
    if clean:
        line = text.count("\n", 0, clean.start()) + 1
        message = "this is clean already, in part at least: nothing in it may be taken for raw"
        raise CassetteError(message, line=line)
    top = _mapping(_document(text))
    items = _sequence(_at(top, "interactions")).items
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
        raise CassetteError("this is nested too deeply for a cassette")
    if isinstance(value, dict):
        return Mapping(0, {key: _node(one, depth + 1) for key, one in value.items()})
    if isinstance(value, list):
        return Sequence(0, [_node(one, depth + 1) for one in value])
    return Scalar(0, "null" if value is None else str(value), plain=not isinstance(value, str))


def _exchange(item: Node) -> tuple[Request, Response]:
    asked = _mapping(_at(_mapping(item), "request"))
    answered = _mapping(_at(_mapping(item), "response"))
    method = _text(_at(asked, "method")).upper()
    request = Request(method, _target(item), _headers(asked), _body(asked.items.get("body")))
    body = _body(answered.items.get("body") or answered.items.get("content"))
    return request, Response(_status(answered), tuple(undone(_headers(answered), body)), body)


def _target(item: Node) -> str:
    """Return path and query of the request, whatever its host."""
    asked = _mapping(_at(_mapping(item), "request"))
    uri = asked.items.get("uri") or _at(asked, "url")
    try:
        parts = urlsplit(_text(uri))
    except ValueError:
        raise CassetteError("the uri of a request is none", line=uri.line) from None
    return parts.path + (f"?{parts.query}" if parts.query else "")


def _status(answered: Mapping) -> int:
    """Return the status; old versions wrote `status_code` for httpx."""
    node = answered.items.get("status_code") or _at(_mapping(_at(answered, "status")), "code")
    code = _text(node)
    if not (code.isascii() and code.isdigit() and len(code) == 3):
        raise CassetteError("the status code is a number of three digits", line=node.line)
    return int(code)


def _headers(message: Mapping) -> Headers:
    node = message.items.get("headers")
    lines = _mapping(node).items.items() if node and not _is_null(node) else ()
    return tuple(
        (name, _bytes(one).decode("latin-1")) for name, node in lines for one in _listed(node)
    )


def undone(headers: Headers, body: bytes) -> Iterator[tuple[str, str]]:
    """Leave out the encoding where vcrpy kept the body without it."""
    plain = body[:1] in (b"{", b"[", b"")
    return (line for line in headers if not (plain and line[0].lower() == "content-encoding"))


def _body(node: Node | None) -> bytes:
    """Return a body: a text, binary data, or either of them in a mapping."""
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


def _at(node: Mapping, key: str) -> Node:
    found = node.items.get(key)
    if found is None:
        raise CassetteError(f"missing here: {key}", line=node.line)
    return found


def _listed(node: Node) -> list[Node]:
    return node.items if isinstance(node, Sequence) else [node]


def _is_null(node: Node) -> bool:
    return isinstance(node, Scalar) and node.plain and node.text in ("null", "~", "")


def _text(node: Node) -> str:
    if not isinstance(node, Scalar):
        raise CassetteError("a single value is due here", line=node.line)
    return node.text


def _mapping(node: Node) -> Mapping:
    if not isinstance(node, Mapping):
        raise CassetteError("a mapping is due here", line=node.line)
    return node


def _sequence(node: Node) -> Sequence:
    if not isinstance(node, Sequence):
        raise CassetteError("a list is due here", line=node.line)
    return node
