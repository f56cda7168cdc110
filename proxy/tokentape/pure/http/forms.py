"""From body bytes to (path, value) pairs: forms, JSON and multipart, with gzip or deflate on top.

A *path* is a bracketed name taken apart: `card[number]` is `("card", "number")`. Nothing is
redacted here, so nothing from here may be kept: see `redact`.

The wire forms of the official clients differ (percent-encoding, order, brackets); what a server
makes of them does not. Bytes that are not UTF-8 survive as surrogate escapes, so that two
different values never become one.
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any
from urllib.parse import unquote_to_bytes

from multipart import MultipartError, PushMultipartParser, parse_options_header

from tokentape.errors import UnreadableBody
from tokentape.pure.http.messages import Headers, Request, Response

Path = tuple[str, ...]
Pair = tuple[Path, str]
Pairs = tuple[Pair, ...]

Names = Mapping[str, Path]
_NO_NAMES: Names = {}

MAX_DECODED = 4 * 1024 * 1024
"""Bytes a compressed body may grow to: a token request has a few kilobytes, a bomb gigabytes."""
MAX_PAIRS = 2_000
MAX_DEPTH = 16

FORM_METHODS = frozenset({"GET", "POST", "DELETE"})
"""The methods of the API."""

_PLAIN = re.compile(r"[^\[\]]+(?:\[[^\[\]]*\])+")
"""Names whose brackets hold no brackets."""

_GZIP_MAGIC = b"\x1f\x8b"
_ENCODINGS = {"gzip", "x-gzip", "deflate"}


def request_pairs(request: Request, names: Names = _NO_NAMES) -> Pairs:
    """Return the fields of a request's body in wire order; none for an empty body.

    `names` are ways in which names are often written, with what they come to: it saves work.
    Raises UnreadableBody for a body that is no form, JSON object or multipart form.
    """
    body = plain_body(request)
    if not body:
        return ()
    content_type = request.header("content-type") or ""
    media = media_type(content_type)
    if media == "multipart/form-data":
        pairs = _multipart(body, content_type)
    elif media == "application/json" or media.endswith("+json"):
        pairs = _json(body)
    elif media in ("application/x-www-form-urlencoded", ""):
        pairs = form_pairs(body, names)
    else:
        raise UnreadableBody("the content type is no form, JSON or multipart form")
    return _bounded(pairs)


def query_pairs(target: str) -> Pairs:
    """Return the query fields of a request target (origin form) in wire order."""
    _, _, query = target.partition("?")
    return _bounded(form_pairs(query.encode("utf-8", "surrogateescape"))) if query else ()


def form_pairs(text: bytes, names: Names = _NO_NAMES) -> Iterator[Pair]:
    """Take apart `application/x-www-form-urlencoded` text (WHATWG URL §5.1), blanks kept."""
    for part in text.decode("utf-8", "surrogateescape").split("&"):
        if part:
            name, _, value = part.partition("=")
            yield names.get(name) or split_name(_decode(name)), _decode(value)


def written(path: Path) -> tuple[str, str]:
    """Return the two ways in which clients write a name of the API, with brackets and encoded."""
    name = join_name(path)
    return name, name.replace("[", "%5B").replace("]", "%5D")


def _decode(text: str) -> str:
    if "+" in text:
        text = text.replace("+", " ")
    if "%" in text:
        plain = unquote_to_bytes(text.encode("utf-8", "surrogateescape"))
        text = plain.decode("utf-8", "surrogateescape")
    return text


def split_name(name: str) -> Path:
    """Take a bracketed name apart: `a[b][]` is `("a", "b", "")`.

    A name whose brackets do not close in order is one opaque segment. Brackets inside brackets
    stay with their segment: `metadata[k[1]]` is `("metadata", "k[1]")`.
    """
    if _PLAIN.fullmatch(name):
        plain = tuple(name[:-1].replace("][", "[").split("["))
        return plain if len(plain) <= MAX_DEPTH else (name,)
    head, bracket, rest = name.partition("[")
    if not bracket:
        return (name,)
    segments = [head]
    depth, start = 1, 0
    for index, char in enumerate(rest):
        if depth == 0 and char != "[":
            return (name,)
        if char == "[":
            depth += 1
            if depth == 1:
                start = index + 1
        elif char == "]":
            depth -= 1
            if depth == 0:
                segments.append(rest[start:index])
    if depth or not head or len(segments) > MAX_DEPTH:
        return (name,)
    return tuple(segments)


def join_name(path: Iterable[str]) -> str:
    """Put a path together again: the reverse of `split_name` for well-formed names."""
    head, *rest = path
    return head + "".join(f"[{segment}]" for segment in rest)


def media_type(content_type: str) -> str:
    """Return the media type alone, in lower case, without parameters."""
    return content_type.partition(";")[0].strip().lower()


def plain_body(message: Request | Response) -> bytes:
    """Return the body with its content-encoding taken off, declared or told by gzip's magic number.

    Raises UnreadableBody for an encoding other than gzip or deflate, for damaged data, and for
    data that grows beyond MAX_DECODED bytes.
    """
    body = message.body
    for encoding in reversed(_encodings(message.headers)):
        if body and encoding in _ENCODINGS:
            body = _inflated(body)
        elif body and encoding != "identity":
            raise UnreadableBody("the content encoding is neither gzip nor deflate")
    if body.startswith(_GZIP_MAGIC):
        body = _inflated(body)
    return body


def _encodings(headers: Headers) -> list[str]:
    lines = [value for key, value in headers if key.lower() == "content-encoding"]
    tokens = (token.strip().lower() for line in lines for token in line.split(","))
    return [token for token in tokens if token]


def _inflated(body: bytes) -> bytes:
    # 47 takes zlib's and gzip's framing; "deflate" is also sent raw (RFC 9110 §8.4.1.2, note).
    for window_bits in (47, -15):
        inflater = zlib.decompressobj(window_bits)
        try:
            plain = inflater.decompress(body, MAX_DECODED)
        except zlib.error:
            continue
        if inflater.unconsumed_tail:
            raise UnreadableBody("the body grows too large when it is decompressed")
        if inflater.eof and not inflater.unused_data:
            return plain
    raise UnreadableBody("the compressed body is damaged")


def _json(body: bytes) -> Iterator[Pair]:
    try:
        document = json.loads(body, object_pairs_hook=_Members)
    except (ValueError, RecursionError):
        raise UnreadableBody("the JSON cannot be read") from None
    if not isinstance(document, _Members):
        raise UnreadableBody("the JSON is no object")
    return _leaves(document, ())


class _Members(tuple[tuple[str, Any], ...]):
    """A JSON object as its members in order, so that a repeated key is not lost."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"<{len(self)} members>"


def _leaves(node: Any, path: Path) -> Iterator[Pair]:  # noqa: ANN401 - any JSON value
    if len(path) > MAX_DEPTH:
        raise UnreadableBody("the JSON is nested too deeply")
    if isinstance(node, _Members):
        for key, value in node:
            yield from _leaves(value, (*path, key))
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from _leaves(value, (*path, str(index)))
    elif isinstance(node, str):
        yield path, node
    else:
        yield path, "" if node is None else json.dumps(node)


def _multipart(body: bytes, content_type: str) -> Iterator[Pair]:
    _, options = parse_options_header(content_type)
    name, value = "", b""
    try:
        parser = PushMultipartParser(options.get("boundary", ""), max_segment_count=MAX_PAIRS)
        with parser:
            for event in parser.parse(body):
                if event is None:
                    yield split_name(name), value.decode("utf-8", "surrogateescape")
                elif isinstance(event, (bytes, bytearray)):
                    value += event
                else:
                    name, value = event.name, b""
    except (MultipartError, UnicodeError):
        raise UnreadableBody("the multipart form cannot be read") from None


def _bounded(pairs: Iterable[Pair]) -> Pairs:
    kept = tuple(islice(pairs, MAX_PAIRS + 1))
    if len(kept) > MAX_PAIRS:
        raise UnreadableBody("there are too many fields")
    return kept
