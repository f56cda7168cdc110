"""Recordings of nock: `nock.recorder.rec({output_objects: true})`, and nock back's fixtures.

    {"scope": "https://api.stripe.com:443", "method": "POST", "path": "/v1/tokens?expand[]=card",
     "body": "a=b",                     or JSON, as it is
     "reqheaders": {"accept": "x"},     only with enable_reqheaders_recording
     "status": 200,
     "response": {"id": "x"},           or a text; in hexadecimal if it is binary; a list of chunks
                                        in hexadecimal if it has a Content-Encoding
     "rawHeaders": ["Date", "x"],       a mapping since version 14, `headers` before version 6
     "responseIsBinary": false}

Source: nock `lib/recorder.js`, versions 8 to 14.
"""

from __future__ import annotations

from tokentape.pure.http.messages import Headers, Request, Response
from tokentape.pure.recorders import bodies
from tokentape.pure.recorders.calls import Exchange, RawCall, raw_call
from tokentape.pure.recorders.fields import RawField

_JSON = ("Content-Type", "application/json")


def call(number: int, item: RawField) -> RawCall:
    """Return the call in an item of a recording. Raises CassetteError."""
    scope, path = item.need("scope"), item.need("path")

    def exchange(method: str, target: str, credentials: Headers) -> Exchange | None:
        return _request(item, method, target, credentials), _response(item)

    return raw_call(number, item.need("method"), path, scope.text() + path.text(), exchange)


def _request(item: RawField, method: str, target: str, credentials: Headers) -> Request:
    lines = bodies.headers(item.get("reqheaders"))
    field = item.get("body")
    is_json = field is not None and (field.is_mapping or field.is_list)
    if is_json and not bodies.has_header(lines, "content-type"):
        lines = (*lines, _JSON)
    return Request(method, target, (*lines, *credentials), _content(field))


def _response(item: RawField) -> Response:
    status = bodies.status(item.need("status"))
    lines = _response_headers(item)
    return Response(status, *bodies.stored(item, lines, _response_body(item, lines)))


def _response_headers(item: RawField) -> Headers:
    field = item.get("rawHeaders", "headers")
    if field is None or field.is_mapping:
        return bodies.headers(field)
    texts = [text.text() for text in field.elements()]
    return tuple(zip(texts[::2], texts[1::2], strict=False))


def _response_body(item: RawField, lines: Headers) -> bytes:
    field = item.get("response")
    if field is None:
        return b""
    if field.is_list and bodies.has_header(lines, "content-encoding"):
        return b"".join(bodies.from_hex(chunk, chunk.text()) for chunk in field.elements())
    binary = item.get("responseIsBinary")
    if binary is not None and binary.text() == "true":
        return bodies.from_hex(field, field.text())
    return _content(field)


def _content(field: RawField | None) -> bytes:
    """Return a body that nock has written as JSON, if it is JSON, or else as a text."""
    if field is not None and (field.is_mapping or field.is_list):
        return field.json().encode()
    return bodies.data(field)
