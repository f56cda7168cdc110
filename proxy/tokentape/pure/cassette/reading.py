"""From the text of a cassette to interactions. As strict as writing: a closed schema.

There are two readers. The general one reads any YAML of the schema. Its errors name the line and
what is allowed there, and quote nothing: a cassette that does not load may hold anything.

The fast one reads canonical form only. It guesses where the parts of an interaction are, and
accepts them if they would be written as exactly this text: writing is the inverse of reading, so
the general reader reads the same. The general reader reads the frame around the bodies, which is
much the same in all interactions. Interactions that differ only in the numbers of their variables
are read once.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache

from tokentape.errors import CassetteError
from tokentape.pure.cassette.model import OUTLINES_CACHED, Interaction, Lines, Texts, outlined
from tokentape.pure.cassette.writing import HEADER, MARGIN, outline_text
from tokentape.pure.cassette.yaml_nodes import (
    Node,
    Scalar,
    Sequence,
    items_of,
    mapping,
    read_yaml,
    scalar_text,
    sequence,
)
from tokentape.pure.http.messages import reason_phrase
from tokentape.pure.notation.placeholders import UNNUMBERED, blanked, unnumbered
from tokentape.pure.stripe.routes import API, METHODS, VERSION
from tokentape.pure.stripe.upstreams import UpstreamKind

MAX_BODY = 4 * 1024 * 1024
"""Characters of the longest text."""
_METHOD = re.compile("|".join(METHODS))
_STATUS = re.compile(r"[2-5][0-9]{2}")
_RECORDED_WITH = re.compile(r"tokentape [0-9]{1,3}\.[0-9]{1,3}(?:\.[0-9]{1,3})?")
_RECORDED_FROM = re.compile("|".join(UpstreamKind))
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
"""A token of RFC 9110 §5.6.2."""
_HEADER_VALUE = re.compile(r"[ -~]*")
_FIELDS = re.compile(r"[!-~]*")
"""A uri or form."""
_RESPONSE_BODY = re.compile(r"\n*|[!-~][ -~]*(?:\n[ -~]*)*")


def read_cassette(text: str | bytes) -> tuple[tuple[Interaction, int], ...]:
    """Return the interactions of a cassette, each with the line where it begins.

    Raises CassetteError with a line.
    """
    located: list[tuple[Interaction, int]] = []

    def take(item: Node) -> None:
        located.append((_interaction(item), item.line))

    top = mapping(read_yaml(text, take), "a cassette")
    top.check_keys({"version", "interactions"}, {"recorded_with", "recorded_from"})
    if scalar_text(top.items["version"]) != "1":
        message = "the version is not 1, the only one that this tokentape reads"
        raise CassetteError(message, line=top.items["version"].line)
    writer = top.items.get("recorded_with")
    if writer is not None:
        _check(_RECORDED_WITH, writer, "recorded_with is `tokentape` and a version")
    if "recorded_from" in top.items:
        message = f"recorded_from is one of {', '.join(UpstreamKind)}"
        _check(_RECORDED_FROM, top.items["recorded_from"], message)
    sequence(top.items["interactions"], "interactions")
    return tuple(located)


def recorded_from(data: bytes) -> UpstreamKind | None:
    """Return what a cassette, which has been read, was recorded from; None if it does not say."""
    match = _BEGINNING.match(data)
    if match is not None or b"recorded_from" not in data:
        return UpstreamKind(match[1].decode()) if match and match[1] else None
    top = mapping(read_yaml(data, lambda _: None), "a cassette")
    line = top.items.get("recorded_from")
    return UpstreamKind(scalar_text(line)) if line else None


def statuses(data: bytes) -> tuple[int, ...] | None:
    """Return the status of each response: none for a damaged cassette, None for an empty one."""
    interactions = read_canonical(data)
    if interactions is None:
        try:
            interactions = tuple(interaction for interaction, _ in read_cassette(data))
        except CassetteError:
            return ()
    return tuple(interaction.outline.status for interaction in interactions) or None


def _interaction(node: Node) -> Interaction:
    top = _record(node, "an interaction", {"request", "response"})
    request = _record(top["request"], "request", {"method", "uri", "headers", "body"})
    response = _record(top["response"], "response", {"status", "headers", "body"})
    body = _record(response["body"], "the body of a response", {"string"})
    path, query = _uri(request["uri"])
    texts = Texts(
        method=_check(_METHOD, request["method"], "the method is GET, POST or DELETE"),
        path=path,
        query=query,
        request_headers=_headers(request["headers"]),
        body=_form(request["body"]),
        status=_status(response["status"]),
        response_headers=_headers(response["headers"]),
        text=_response_body(body["string"]),
    )
    try:
        return outlined(texts)
    except ValueError:
        raise CassetteError("a variable in a cassette has a number", line=node.line) from None


def _record(node: Node, what: str, keys: set[str]) -> dict[str, Node]:
    mapping(node, what).check_keys(keys)
    return mapping(node, what).items


def _check(pattern: re.Pattern[str], node: Node, message: str) -> str:
    """Return the text of a scalar that matches. Raises CassetteError for any other node."""
    text = scalar_text(node)
    if len(text) > MAX_BODY:
        raise CassetteError("this body is larger than any answer of the API", line=node.line)
    if not pattern.fullmatch(text):
        raise CassetteError(message, line=node.line)
    return text


def _uri(node: Node) -> tuple[str, tuple[str, ...]]:
    uri = _fields(node)
    if not uri.startswith(API + VERSION):
        raise CassetteError(f"the uri begins with {API}{VERSION}", line=node.line)
    path, mark, query = uri.removeprefix(API).partition("?")
    if mark and not query:
        raise CassetteError("a uri does not end in `?`", line=node.line)
    return path, tuple(query.split("&")) if query else ()


def _status(node: Node) -> int:
    status = _record(node, "status", {"code", "message"})
    message = "the status code is a number from 200 to 599"
    code = int(_check(_STATUS, status["code"], message))
    phrase = reason_phrase(code)
    if scalar_text(status["message"]) != phrase:
        message = f"the message of status {code} is `{phrase}`: write that"
        raise CassetteError(message, line=status["message"].line)
    return code


def _form(node: Node) -> tuple[str, ...]:
    text = "" if isinstance(node, Scalar) and node.is_null else _fields(node)
    return tuple(text.split("&")) if text else ()


def _fields(node: Node) -> str:
    return _check(_FIELDS, node, "a uri or form is printable ASCII without spaces")


def _response_body(node: Node) -> str:
    message = "the body of an answer is printable ASCII, its first line not indented"
    return _with_one_line_end(_check(_RESPONSE_BODY, node, message))


def _with_one_line_end(text: str) -> str:
    """Return the body of a response as it is written."""
    lines = text.rstrip("\n")
    return lines and f"{lines}\n"


def _headers(node: Node) -> Lines:
    return tuple(
        (name, _check(_HEADER_VALUE, value, "a header's value is printable ASCII"))
        for name, values in mapping(node, "headers").items.items()
        for value in _header_values(name, values)
    )


def _header_values(name: str, values: Node) -> list[Node]:
    message = ""
    if not _HEADER_NAME.fullmatch(name):
        message = (
            "a header's name is letters, digits, dashes and the like (RFC 9110, section 5.6.2)"
        )
    elif isinstance(values, Sequence) and not values.items:
        message = "a header has a value: give it one, or take the line out"
    if message:
        raise CassetteError(message, line=values.line)
    return items_of(values)


_BEGINNING = re.compile(
    f"(?:recorded_from: ({'|'.join(UpstreamKind)})\n)?{re.escape(HEADER)}(?=- request:\n)".encode(
        "ascii"
    )
)
_NEXT = b"\n- request:\n"
_UNNUMBERED = f".{UNNUMBERED}".encode("ascii")
_BODY = "    body: "
_STRING = "      string: "
_NOT_CANONICAL = "this is not in canonical form"


def read_canonical(data: bytes) -> tuple[Interaction, ...] | None:
    """Return the interactions of a cassette in canonical form; None for anything else."""
    beginning = _BEGINNING.match(data)
    if beginning is None or _UNNUMBERED in data or not data.isascii():
        return None
    read_outline = _outline_reader()
    interactions = []
    try:
        for chunk in _chunks(data, beginning.end()):
            blank, variables = blanked(chunk)
            outline, in_request = read_outline(blank)
            interactions.append(
                Interaction(outline, variables[:in_request], variables[in_request:])
            )
    except CassetteError:
        return None
    return tuple(interactions)


def _chunks(data: bytes, start: int) -> Iterator[str]:
    """Yield the text of each interaction: a large cassette is not in memory twice."""
    while start < len(data):
        end = data.find(_NEXT, start) + 1 or len(data)
        if end - start > MAX_BODY:
            raise CassetteError(_NOT_CANONICAL)
        yield data[start:end].decode("ascii")
        start = end


def _outline_reader() -> Callable[[str], tuple[Texts, int]]:
    """Return a reader of interactions with unnumbered variables; it counts the request's."""
    frame = lru_cache(OUTLINES_CACHED)(_frame)
    same = lru_cache(OUTLINES_CACHED)(str)  # equal fields of a cassette are in memory once

    @lru_cache(OUTLINES_CACHED)
    def outline(blank: str) -> tuple[Texts, int]:
        head, _, rest = blank.partition(_BODY)
        body, _, rest = rest.partition("\n")
        middle, _, string = rest.partition(_STRING)
        form = body[1:-1].replace("''", "'") if body.startswith("'") else body
        text = string[len("|" + MARGIN) :].replace(MARGIN, "\n")
        fields = tuple(map(same, form.split("&"))) if form else ()
        texts = frame(head, middle)._replace(body=fields, text=text)
        valid = _FIELDS.fullmatch(form) and _RESPONSE_BODY.fullmatch(text)
        if not valid or text != _with_one_line_end(text) or outline_text(texts) != blank:
            raise CassetteError(_NOT_CANONICAL)
        return texts, sum(map(unnumbered, texts.request()))

    return outline


def _frame(head: str, middle: str) -> Texts:
    """Read an interaction around empty bodies with the general reader."""
    chunk = f"{head}{_BODY}''\n{middle}{_STRING}''\n"
    (interaction, _), *_ = read_cassette(HEADER + chunk.replace(f".{UNNUMBERED}", ".1"))
    return interaction.outline
