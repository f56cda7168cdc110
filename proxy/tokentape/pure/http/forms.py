"""From body bytes to (path, value) pairs: forms, JSON and multipart, optionally compressed.

A *path* is a bracketed name in parts: `card[number]` is `("card", "number")`. The values are raw:
they must not be stored or logged before redaction.

The official clients encode the same fields differently (percent-encoding, order, brackets); here
the result is the same. Bytes that are not UTF-8 become surrogate escapes, so that different values
stay different.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any
from urllib.parse import unquote_to_bytes

from multipart import MultipartError, PushMultipartParser, parse_options_header

from tokentape.errors import UnreadableBody
from tokentape.pure.http.compression import FRAMED, RAW, inflate
from tokentape.pure.http.messages import Request, Response

Path = tuple[str, ...]
Pair = tuple[Path, str]
Pairs = tuple[Pair, ...]

Names = Mapping[str, Path]
_NO_NAMES: Names = {}

# Limits of what is read, so that no message holds others up: what Stripe's clients send has a few
# kilobytes and fields. Anything larger is forwarded and not recorded, or a miss.
MAX_REQUEST = 256 * 1024
"""Bytes of the largest body of a request, decompressed."""
MAX_ANSWER = 8 * 1024 * 1024
"""Bytes of the largest body of a response, decompressed: a hundred objects have a megabyte."""
MAX_PAIRS = 2_000
_MAX_QUERY_PAIRS = 200
MAX_DEPTH = 16
MAX_ANSWER_DEPTH = 64
"""Hashes and lists in one another. Stripe expands four levels of objects,
docs.stripe.com/api/expanding_objects."""
_MOST_ENCODINGS = 4
"""One in another: each may be as large as a body."""
_MAX_JSON_NODES = 8 * MAX_PAIRS

_SIMPLE_NAME = re.compile(r"[^\[\]]++(?:\[[^\[\]]*+\])++")
"""Names without nested brackets. The repetitions are possessive: a long name is read once."""

_GZIP_MAGIC = b"\x1f\x8b"
_TOO_MANY = "there are too many fields"


def request_pairs(request: Request, names: Names = _NO_NAMES) -> Pairs:
    """Return the fields of a request's body in wire order, or () for an empty body.

    `names` maps usual spellings of names to their paths, which saves parsing them. Raises
    UnreadableBody for a body that is not a form, JSON object or multipart form.
    """
    body = plain_body(request, MAX_REQUEST)
    if not body:
        return ()
    content_type = request.header("content-type") or ""
    media = media_type(content_type)
    if media == "multipart/form-data":
        pairs = _multipart_pairs(body, content_type)
    elif media == "application/json" or media.endswith("+json"):
        pairs = _json_pairs(body)
    elif media in ("application/x-www-form-urlencoded", ""):
        return form_pairs(body, MAX_PAIRS, names)
    else:
        raise UnreadableBody("the content type is no form, JSON or multipart form")
    return _bounded(pairs, MAX_PAIRS)


def query_pairs(target: str) -> Pairs:
    """Return the query fields of a request target (origin form) in wire order.

    >>> query_pairs("/v1/tokens?expand[]=card")
    ((('expand', ''), 'card'),)
    """
    _, _, query = target.partition("?")
    if not query:
        return ()
    return form_pairs(query.encode("utf-8", "surrogateescape"), _MAX_QUERY_PAIRS)


def form_pairs(text: bytes, most: int, names: Names = _NO_NAMES) -> Pairs:
    """Parse `application/x-www-form-urlencoded` text (WHATWG URL §5.1), including blank values.

    Raises UnreadableBody for more than `most` pairs.

    >>> form_pairs(b"card[name]=Ada+L&card%5Bcvc%5D=", 2)
    ((('card', 'name'), 'Ada L'), (('card', 'cvc'), ''))
    """
    spaced = text.decode("utf-8", "surrogateescape").replace("+", " ")
    parts = [part.partition("=") for part in spaced.split("&") if part]
    if len(parts) > most:
        raise UnreadableBody(_TOO_MANY)
    return tuple(
        [
            (
                names.get(name) or split_name(_decoded(name)),
                _decoded(value) if "%" in value else value,
            )
            for name, _, value in parts
        ]
    )


def _decoded(text: str) -> str:
    plain = unquote_to_bytes(text.encode("utf-8", "surrogateescape"))
    return plain.decode("utf-8", "surrogateescape")


def split_name(name: str) -> Path:
    """Split a bracketed name into its segments.

    A name with unbalanced brackets is one segment. Nested brackets belong to their segment.

    >>> split_name("a[b][]")
    ('a', 'b', '')
    >>> split_name("metadata[k[1]]")
    ('metadata', 'k[1]')
    >>> split_name("a[b")
    ('a[b',)
    """
    if _SIMPLE_NAME.fullmatch(name):
        plain = tuple(name[:-1].replace("][", "[").split("["))
        return plain if len(plain) <= MAX_DEPTH else (name,)
    head, bracket, rest = name.partition("[")
    segments, depth, start = [head], len(bracket), 0
    for index, char in enumerate(rest):
        depth += {"[": 1, "]": -1}.get(char, 0)
        if char == "[" and depth == 1:
            start = index + 1
        elif char == "]" and depth == 0:
            segments.append(rest[start:index])
        elif depth < 1:
            return (name,)
    return tuple(segments) if head and depth == 0 and len(segments) <= MAX_DEPTH else (name,)


def join_name(path: Iterable[str]) -> str:
    """Join a path to a name: the reverse of `split_name` for well-formed names.

    >>> join_name(("a", "b", ""))
    'a[b][]'
    """
    head, *rest = path
    return head + "".join(f"[{segment}]" for segment in rest)


def media_type(content_type: str) -> str:
    """Return the media type in lower case, without parameters.

    >>> media_type("Application/JSON; charset=utf-8")
    'application/json'
    """
    return content_type.partition(";")[0].strip().lower()


def plain_body(message: Request | Response, most: int) -> bytes:
    """Return the decompressed body; gzip is recognised also where no header declares it.

    Raises UnreadableBody for an encoding other than gzip or deflate, for too many, for damaged
    data, and for more than `most` bytes.
    """
    body = message.body
    lines = [value for name, value in message.headers if name.lower() == "content-encoding"]
    encodings = [token.strip().lower() for line in lines for token in line.split(",")]
    if len(encodings) > _MOST_ENCODINGS:
        raise UnreadableBody(f"the body has more than {_MOST_ENCODINGS} content encodings")
    for encoding in reversed(encodings):
        if body and encoding in ("gzip", "x-gzip", "deflate"):
            body = _inflated(body, most)
        elif body and encoding not in ("", "identity"):
            raise UnreadableBody("the content encoding is neither gzip nor deflate")
    if body.startswith(_GZIP_MAGIC):
        body = _inflated(body, most)
    if len(body) > most:
        raise UnreadableBody(f"the body is larger than {most // 1024} KiB")
    return body


def unpacked(response: Response) -> Response:
    """Return a response with its body decompressed. Raises UnreadableBody, also for a large one."""
    lines = [line for line in response.headers if line[0].lower() != "content-encoding"]
    return Response(response.status, tuple(lines), plain_body(response, MAX_ANSWER))


def _inflated(body: bytes, most: int) -> bytes:
    # "deflate" is also sent without a header (RFC 9110 §8.4.1.2, note).
    for window_bits in (FRAMED, RAW):
        inflated = inflate(body, most, window_bits)
        if inflated and inflated.too_large:
            raise UnreadableBody(f"the body is larger than {most // 1024} KiB when decompressed")
        if inflated and inflated.complete:
            return inflated.data
    raise UnreadableBody("the compressed body is damaged")


def _json_pairs(body: bytes) -> Iterator[Pair]:
    if has_more_nodes(body, _MAX_JSON_NODES):
        raise UnreadableBody(_TOO_MANY)
    try:
        document = json.loads(body, object_pairs_hook=_Members)
    except (ValueError, RecursionError):
        raise UnreadableBody("the body is not valid JSON") from None
    if not isinstance(document, _Members):
        raise UnreadableBody("the JSON is no object")
    return _json_leaves(document, ())


_JSON_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)


def has_more_nodes(body: bytes, most: int) -> bool:
    """Tell whether JSON has more than `most` values, without reading it.

    What a text holds does not count: whether a name is full of commas decides nothing.

    >>> has_more_nodes(b'{"a": [1, 2]}', 3), has_more_nodes(b'{"a": ",,,{"}', 3)
    (True, False)
    """
    if json_nodes(body) <= most:
        return False
    # Each value has two texts at most. More quotes than these may be in texts; to read them takes
    # too long.
    if body.count(b'"') > 8 * most:
        return True
    return json_nodes(_JSON_STRING.sub(b"", body)) > most


def json_nodes(body: bytes) -> int:
    """Return how many values JSON has at most, without reading it.

    >>> json_nodes(b'{"a": [1, 2], "b": "c, d"}')
    6
    """
    return sum(map(body.count, (b",", b"{", b"["))) + 1


class _Members(tuple[tuple[str, Any], ...]):
    """The members of a JSON object in order, including repeated keys."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"<{len(self)} members>"


def _json_leaves(node: Any, path: Path) -> Iterator[Pair]:  # noqa: ANN401 - any JSON value
    if len(path) > MAX_DEPTH:
        raise UnreadableBody("the JSON is nested too deeply")
    if isinstance(node, _Members):
        for key, value in node:
            yield from _json_leaves(value, (*path, key))
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from _json_leaves(value, (*path, str(index)))
    elif isinstance(node, str):
        yield path, node
    else:
        yield path, "" if node is None else json.dumps(node)


def _multipart_pairs(body: bytes, content_type: str) -> Iterator[Pair]:
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
        raise UnreadableBody("the multipart form is damaged") from None


def _bounded(pairs: Iterable[Pair], most: int) -> Pairs:
    bounded = tuple(islice(pairs, most + 1))
    if len(bounded) > most:
        raise UnreadableBody(_TOO_MANY)
    return bounded
