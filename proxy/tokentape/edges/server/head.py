"""Reads the head of a request and refuses what is not in order, for both lanes; no I/O.

A head is plain, as nearly all are, if it is in ASCII, names no header twice, and has no header that
changes how it is read or what follows it.
"""

from __future__ import annotations

import re
import sys
from typing import NamedTuple

from tokentape.pure.http.messages import Headers, Response
from tokentape.pure.stripe.refusals import refusal

MALFORMED = refusal(400, "malformed_request", "The request is not well-formed HTTP/1.1.")
TIMEOUT = refusal(408, "request_timeout", "The request did not arrive in time.")
CROWDED = refusal(503, "too_many_connections", "This server has too many connections open.")
FAULT = refusal(
    500,
    "internal_error",
    "tokentape failed at this request, and says why on its standard error.",
    type="api_error",
)
VERSION = refusal(400, "http_version_unsupported", "The request must be HTTP/1.1 or HTTP/1.0.")
METHOD = refusal(400, "method_unsupported", "The request's method is not supported.")
TARGET = refusal(
    400,
    "request_target_unsupported",
    "The request target must be a path that begins with a slash (RFC 9112 section 3.2.1). Set this"
    " address as the base URL of the API client, not as its HTTP proxy.",
)
CODING = refusal(
    400, "transfer_coding_unsupported", "The only transfer coding is chunked, in HTTP/1.1."
)
EXPECTATION = refusal(417, "expectation_unsupported", "The only expectation is 100-continue.")

# The repetitions are possessive: none is tried with less than it can take.
_HEAD = re.compile(
    r"(?!PRI )"  # how HTTP/2 begins
    r"([A-Z-]++) (/[!-~]*+|\*|[!-9;-~]++:[!-~]*+) ([A-Z]++/[0-9]\.[0-9])\r\n"
    r"((?:[A-Za-z0-9!#$%&'*+.^_`|~-]++:[^\x00-\x08\n-\x1f\x7f]*+\r\n)*+)\r\n"
)
_PLAIN_METHODS = frozenset({"GET", "POST", "DELETE"})
_METHODS = _PLAIN_METHODS | {"HEAD", "PUT", "PATCH", "OPTIONS"}
_NOT_PLAIN = frozenset({"expect", "te", "trailer", "upgrade"})
_MOST_DIGITS = 15


class Refused(Exception):
    """A request that is answered at once with `response`, after which the connection closes."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status)
        self.response = response


class Head(NamedTuple):
    """A request's head."""

    method: str
    target: str
    headers: Headers
    length: int | None  # of the body, in bytes; None if it is chunked
    plain: bool
    is_1_0: bool  # it is HTTP/1.0
    expects_continue: bool

    def __repr__(self) -> str:
        return "<Head>"


def read_head(data: bytes | bytearray) -> Head:
    """Return the head that these bytes are. Raises Refused."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        raise Refused(MALFORMED) from None
    match = _HEAD.fullmatch(text)
    if match is None:
        raise Refused(MALFORMED)
    method, target, version, field_lines = match.groups()
    lines = [line.partition(":") for line in field_lines.split("\r\n")[:-1]]
    headers = tuple([(name, value.strip(" \t")) for name, _, value in lines])
    fields = {name.lower(): value for name, value in headers}
    plain = (
        method in _PLAIN_METHODS
        and target[0] == "/"
        and "#" not in target
        and version == "HTTP/1.1"
        and text.isascii()
        and len(fields) == len(headers)
        and "host" in fields
        and _NOT_PLAIN.isdisjoint(fields)
        and fields.get("connection", "keep-alive").lower() == "keep-alive"
    )
    if not plain:
        _check(method, target, version, headers)
    is_1_0 = version == "HTTP/1.0"
    length = _length(fields, is_1_0=is_1_0)
    return Head(method, target, headers, length, plain, is_1_0, "expect" in fields and not is_1_0)


def _check(method: str, target: str, version: str, headers: Headers) -> None:
    """Refuse what is not supported, and two values where there may be one."""
    if method == "CONNECT":
        raise Refused(TARGET)
    if method not in _METHODS:
        raise Refused(METHOD)
    if version not in ("HTTP/1.0", "HTTP/1.1"):
        raise Refused(VERSION)
    if target[0] != "/" or "#" in target:
        raise Refused(TARGET)
    names = [name.lower() for name, _ in headers]
    if any(name.lower() == "expect" and value.lower() != "100-continue" for name, value in headers):
        raise Refused(EXPECTATION)
    hosts, *framing = map(names.count, ("host", "content-length", "transfer-encoding"))
    if hosts > 1 or max(framing) > 1 or (hosts == 0 and version == "HTTP/1.1"):
        raise Refused(MALFORMED)


def _length(fields: dict[str, str], *, is_1_0: bool) -> int | None:
    """Return the length of the body; RFC 9112 §6.3, without what it lets a server repair."""
    coding = fields.get("transfer-encoding")
    if coding is None:
        digits = fields.get("content-length", "0")
        if not (digits.isascii() and digits.isdigit()):
            raise Refused(MALFORMED)
        return int(digits) if len(digits) <= _MOST_DIGITS else sys.maxsize
    coding = coding.lower()
    if "content-length" in fields or not coding.endswith("chunked"):
        raise Refused(MALFORMED)
    if is_1_0 or coding != "chunked":
        raise Refused(CODING)
    return None
