"""Recordings with a request and a response side by side: VCR, and what was made after it.

    request:                                   response:
      method: post                               status: {code: 200, message: OK}     Ruby VCR
      uri: https://api.stripe.com/v1/tokens      status: 200 OK, code: 200            go-vcr
      headers: {Accept: [text/plain]}            status_code: 200                     ExVCR
      body: a=b                                  headers: {Date: x}
                                                 body: {encoding: UTF-8, string: x}   Ruby VCR

Ruby VCR, vcr for R, Betamax, vcrpy, go-vcr, ExVCR and php-vcr differ in what is below this, and
each differs from its own older versions in it; so this reads it however it is written:

    uri         or `url`; with the port, and with the user and password of Basic authentication
    headers     to texts or to lists of texts; null
    body        a text, `!binary`, or a mapping with `string` or `base64_string`; httpx bodies of
                older vcrpy are in `content`; ExVCR's own requests in `request_body`
    binary      ExVCR: the body is in base64, an Erlang term in older versions

Sources: vcrpy `serializers/compat.py`, `serialize.py`; vcr (Ruby) `structs.rb`, `migrator.rb`;
betamax `serializers`, `util.py`; go-vcr `cassette/cassette.go` of v1 to v4; exvcr `json.ex`.
"""

from __future__ import annotations

import re

from tokentape.pure.http.messages import Headers, Request, Response
from tokentape.pure.recorders import bodies
from tokentape.pure.recorders.calls import Exchange, RawCall, raw_call
from tokentape.pure.recorders.fields import RawField

_ERLANG_BINARY = re.compile(rb"\x83m(.{4})", re.DOTALL)
"""A binary in Erlang's external term format: 131, 109, its length in four bytes."""


def call(number: int, item: RawField) -> RawCall:
    """Return the call in an item of a recording. Raises CassetteError."""
    request = item.need("request")

    def exchange(method: str, target: str, credentials: Headers) -> Exchange | None:
        response = item.need("response")
        code = _status_field(response)
        if code is None:
            return None
        return _request(request, method, target, credentials), _response(response, code)

    url = request.need("uri", "url")
    return raw_call(number, request.need("method"), url, url.text(), exchange)


def _request(request: RawField, method: str, target: str, credentials: Headers) -> Request:
    lines = bodies.headers(request.get("headers"))
    if bodies.has_header(lines, "authorization"):
        credentials = ()
    body = bodies.body(request.get("body")) or bodies.body(request.get("request_body"))
    return Request(method, target, (*lines, *credentials), body)


def _response(response: RawField, code: RawField) -> Response:
    status = bodies.status(code)
    lines = bodies.headers(response.get("headers"))
    return Response(status, *bodies.stored(response, lines, _response_body(response)))


def _status_field(response: RawField) -> RawField | None:
    """Return the field of the status; None for a failure to connect, which ExVCR records too."""
    kind = response.get("type")
    if kind is not None and kind.text() == "error":
        return None
    code = response.get("status_code", "code") or response.need("status")
    return code.need("code", "status_code") if code.is_mapping else code


def _response_body(response: RawField) -> bytes:
    field = response.get("body", "content")
    binary = response.get("binary")
    if field is None or binary is None or binary.text() != "true":
        return bodies.body(field)
    plain = bodies.from_base64(field, field.text())
    term = _ERLANG_BINARY.match(plain)
    is_term = term and int.from_bytes(term[1], "big") == len(plain) - term.end()
    return plain[term.end() :] if term and is_term else plain
