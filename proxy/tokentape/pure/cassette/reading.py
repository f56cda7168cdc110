"""From the text of a cassette to interactions. As strict as writing: a closed schema.

Errors name the line and what is allowed there, and quote nothing: what stands in a cassette that
does not load may be anything.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from tokentape.errors import CassetteError
from tokentape.pure.cassette.model import API, Interaction, Lines, Texts, outlined
from tokentape.pure.cassette.writing import phrase
from tokentape.pure.cassette.yaml_nodes import Mapping, Node, Scalar, Sequence, read_yaml
from tokentape.pure.stripe.routes import METHODS

MAX_BODY = 4 * 1024 * 1024
_RECORDED_WITH = re.compile(r"tokentape [0-9]{1,3}\.[0-9]{1,3}(?:\.[0-9]{1,3})?")
_HEADER_NAME = re.compile(r"[A-Za-z0-9-]{1,100}")
FIELDS = re.compile(r"[!-~]*")
"""What a uri or form is made of."""
ANSWER = re.compile(r"(?:[!-~][ -~]*\n)(?:[ -~]*\n)*")
"""What the body of an answer is made of, if it has one."""


@dataclass(frozen=True, slots=True)
class Placed:
    """An interaction and the line of the file where it begins."""

    interaction: Interaction
    line: int


def read_tape(text: str | bytes) -> tuple[Placed, ...]:
    """Return the interactions of a cassette. Raises CassetteError with a line."""
    placed: list[Placed] = []
    outlines: dict[Texts, Texts] = {}

    def take(item: Node) -> None:
        one = _interaction(item)
        outline = outlines.setdefault(one.outline, one.outline)
        placed.append(Placed(replace(one, outline=outline), item.line))

    top = _mapping(read_yaml(text, take), "a cassette")
    _heading(top)
    listed = top.items["interactions"]
    if not isinstance(listed, Sequence):
        raise CassetteError("interactions is a list", line=listed.line)
    for item in listed.items:  # what was taken is gone from here
        _mapping(item, "an interaction")
    return tuple(placed)


def _heading(top: Mapping) -> None:
    _keys(top, required={"version", "interactions"}, allowed={"recorded_with"})
    if _text(top.items["version"]) != "1":
        raise CassetteError("the version of a cassette is 1", line=top.items["version"].line)
    writer = top.items.get("recorded_with")
    if writer is not None and not _RECORDED_WITH.fullmatch(_text(writer)):
        raise CassetteError("recorded_with is `tokentape` and a version", line=writer.line)


def _interaction(node: Node) -> Interaction:
    top = _mapping(node, "an interaction")
    _keys(top, required={"request", "response"})
    request = _mapping(top.items["request"], "request")
    _keys(request, required={"method", "uri", "headers", "body"})
    response = _mapping(top.items["response"], "response")
    _keys(response, required={"status", "headers", "body"})
    body = _mapping(response.items["body"], "the body of a response")
    _keys(body, required={"string"})
    path, query = _uri(request.items["uri"])
    said = Texts(
        method=_method(request.items["method"]),
        path=path,
        query=query,
        request_headers=_headers(request.items["headers"]),
        body=_form(request.items["body"]),
        status=_status(response.items["status"]),
        response_headers=_headers(response.items["headers"]),
        text=_answer(body.items["string"]),
    )
    try:
        return outlined(said)
    except ValueError:
        raise CassetteError("a variable in a cassette has a number", line=node.line) from None


def _method(node: Node) -> str:
    method = _text(node)
    if method not in METHODS:
        raise CassetteError("the method is GET, POST or DELETE", line=node.line)
    return method


def _uri(node: Node) -> tuple[str, tuple[str, ...]]:
    uri = _fields(node)
    if not uri.startswith(API + "/v1/tokens"):
        raise CassetteError(f"the uri begins with {API}/v1/tokens", line=node.line)
    path, mark, query = uri.removeprefix(API).partition("?")
    if mark and not query:
        raise CassetteError("a uri does not end in `?`", line=node.line)
    return path, tuple(query.split("&")) if query else ()


def _status(node: Node) -> int:
    status = _mapping(node, "status")
    _keys(status, required={"code", "message"})
    code, message = _text(status.items["code"]), _text(status.items["message"])
    if not re.fullmatch(r"[2-5][0-9]{2}", code):
        raise CassetteError("the status code is a number from 200 to 599", line=node.line)
    if message != phrase(int(code)):
        raise CassetteError("the message of a status is its standard phrase", line=node.line)
    return int(code)


def _form(node: Node) -> tuple[str, ...]:
    null = isinstance(node, Scalar) and node.plain and node.text == "null"
    text = "" if null else _fields(node)
    return tuple(text.split("&")) if text else ()


def _fields(node: Node) -> str:
    text = _bounded(node)
    if not FIELDS.fullmatch(text):
        raise CassetteError("a uri or form is printable ASCII without spaces", line=node.line)
    return text


def _answer(node: Node) -> str:
    """Return the body of an answer with one line end at its end, as it is written."""
    text = _bounded(node).rstrip("\n")
    if text and not ANSWER.fullmatch(f"{text}\n"):
        message = "the body of an answer is printable ASCII, its first line not indented"
        raise CassetteError(message, line=node.line)
    return text and f"{text}\n"


def _headers(node: Node) -> Lines:
    return tuple(
        (_header_name(name, values), _header_value(value))
        for name, values in _mapping(node, "headers").items.items()
        for value in _listed(values)
    )


def _header_name(name: str, node: Node) -> str:
    if not _HEADER_NAME.fullmatch(name):
        raise CassetteError("a header's name is letters, digits and dashes", line=node.line)
    return name


def _header_value(node: Node) -> str:
    text = _text(node)
    if not (text.isascii() and text.isprintable()):
        raise CassetteError("a header's value is printable ASCII", line=node.line)
    return text


def _listed(node: Node) -> Iterable[Node]:
    if isinstance(node, Sequence) and not node.items:
        message = "a header has a value: give it one, or take the line out"
        raise CassetteError(message, line=node.line)
    return node.items if isinstance(node, Sequence) else [node]


def _mapping(node: Node, what: str) -> Mapping:
    if not isinstance(node, Mapping):
        raise CassetteError(f"{what} is a mapping", line=node.line)
    return node


def _keys(node: Mapping, required: set[str], allowed: Iterable[str] = ()) -> None:
    missing = required - node.items.keys()
    if missing:
        raise CassetteError(f"missing here: {', '.join(sorted(missing))}", line=node.line)
    unknown = [value for key, value in node.items.items() if key not in required | {*allowed}]
    if unknown:
        names = ", ".join(sorted(required | {*allowed}))
        raise CassetteError(f"an unknown key; known here are: {names}", line=unknown[0].line)


def _text(node: Node) -> str:
    if not isinstance(node, Scalar):
        raise CassetteError("a single value is due here", line=node.line)
    return node.text


def _bounded(node: Node) -> str:
    text = _text(node)
    if len(text) > MAX_BODY:
        raise CassetteError("this body is larger than any answer of the API", line=node.line)
    return text
