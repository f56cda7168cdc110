"""HAR 1.2, of browsers and proxies, and Polly.js, which writes HAR in a way of its own.

    {"log": {"entries": [
      {"request": {"method": "POST", "url": "https://api.stripe.com/v1/tokens",
                   "headers": [{"name": "accept", "value": "x"}],
                   "postData": {"mimeType": "application/x-www-form-urlencoded", "text": "a=b"}},
       "response": {"status": 200, "headers": [], "content": {"mimeType": "x", "text": "{}"}}}]}}

Bodies are decompressed, and in base64 where `content.encoding` says so. Polly.js keeps compressed
ones: `text` is then a JSON list of chunks, in base64, or before version 6 in hexadecimal. A browser
writes status 0 for a request without an answer, and no `text` for a body that it has thrown away.

Sources: w3c.github.io/web-performance/specs/HAR; Polly.js `packages/@pollyjs/persister/src/har`,
`adapter-node-http`.
"""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlencode

import orjson

from tokentape.pure.http.messages import Headers, Request, Response
from tokentape.pure.recorders import bodies
from tokentape.pure.recorders.calls import Exchange, RawCall, raw_call
from tokentape.pure.recorders.fields import RawField


def call(number: int, entry: RawField) -> RawCall:
    """Return the call in an entry. Raises CassetteError."""
    request = entry.need("request")

    def exchange(method: str, target: str, credentials: Headers) -> Exchange | None:
        response = _response(entry.need("response"))
        if response is None:
            return None
        return _request(request, method, target, credentials), response

    url = request.need("url")
    return raw_call(number, request.need("method"), url, url.text(), exchange)


def _request(request: RawField, method: str, target: str, credentials: Headers) -> Request:
    lines = (*bodies.headers(request.get("headers")), *credentials)
    posted = request.get("postData")
    body = _posted(posted) if posted else b""
    media = posted and posted.get("mimeType")
    if media and not bodies.has_header(lines, "content-type"):
        lines = (*lines, ("Content-Type", media.text()))
    return Request(method, target, lines, body)


def _posted(posted: RawField) -> bytes:
    if posted.get("text") is not None:
        return _content(posted, ())
    fields = posted.get("params")
    named = (
        (param.need("name").text(), bodies.data(param.get("value")))
        for param in (fields.elements() if fields else ())
    )
    return urlencode(list(named)).encode()


def _response(response: RawField) -> Response | None:
    """Return the answer, None if there was none or its body was not kept."""
    status = response.need("status")
    content = response.get("content")
    if status.text() in ("0", "-1") or (content and _is_lost(content)):
        return None
    lines = bodies.headers(response.get("headers"))
    body = _content(content, lines) if content else b""
    return Response(bodies.status(status), *bodies.stored(response, lines, body))


def _is_lost(content: RawField) -> bool:
    size = content.get("size")
    return content.get("text") is None and size is not None and size.text() not in ("0", "-1")


def _content(content: RawField, lines: Headers) -> bytes:
    field = content.get("text")
    if field is None:
        return b""
    encoding, binary = content.get("encoding"), content.get("_isBinary")
    if encoding is not None and encoding.text() == "base64":
        return _decoded(field, bodies.from_base64)
    is_list = field.begins("[") and bodies.has_header(lines, "content-encoding")
    is_hex = encoding.text() == "hex" if encoding else binary and binary.text() == "true"
    return _decoded(field, bodies.from_hex) if is_hex or is_list else bodies.data(field)


def _decoded(field: RawField, decode: Callable[[RawField, str], bytes]) -> bytes:
    text = field.text()
    if not text.startswith("["):
        return decode(field, text)
    try:
        chunks = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise field.error("is not a JSON list of chunks") from None
    return b"".join(decode(field, str(chunk)) for chunk in chunks)
