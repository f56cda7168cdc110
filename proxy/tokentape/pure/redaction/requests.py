"""A request through redaction: its target, its headers by allowlist, its fields in one form."""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from dataclasses import field as field_
from functools import lru_cache
from operator import itemgetter
from urllib.parse import quote_plus

from tokentape.pure.http.forms import Pairs, Path, query_pairs, request_pairs
from tokentape.pure.http.messages import Request
from tokentape.pure.notation.placeholders import Placeholder, escape
from tokentape.pure.notation.redacted import Redacted, RedactedRequest, UnknownName, joined
from tokentape.pure.redaction.values import MOST_REMEMBERED, RequestField, Values, sent_time
from tokentape.pure.stripe.fields import KEEP, Field
from tokentape.pure.stripe.kinds import CLASS_ONLY, Secret, key_class, secret
from tokentape.pure.stripe.normalise import normalised
from tokentape.pure.stripe.routes import RouteMatch

FORM = "application/x-www-form-urlencoded"
"""The form that every body is stored in, whatever it came in."""

_FORM = Redacted(FORM)
_CREDENTIALS = {"authorization": "key", "idempotency-key": "idempotency_key"}
"""Headers whose values are given back at replay, with their kinds."""
_SLOTS = ("year", "month", "day")
_CLOCK = re.compile(r"[0-9]{1,13}")


@dataclass(frozen=True, slots=True)
class RequestHeader:
    """A header that is stored, or whose value is given back at replay."""

    name: str
    """In canonical spelling; blank where it is not stored."""
    definition: Field
    credential: str = ""
    """Its kind where the value is given back."""
    remembered: dict[str, Redacted] = field_(default_factory=dict, repr=False, compare=False)
    """By value: those of a closed vocabulary, no secrets."""


def request_headers(values: Values, match_headers: tuple[str, ...]) -> Mapping[str, RequestHeader]:
    """Return the headers that count in requests, by their names in lower case."""
    definitions = values.catalog.request_headers
    names = {name.lower(): name for name in (*match_headers, *definitions)}
    headers = {
        lower: RequestHeader(
            name, definitions.get(name, Field("text")), _CREDENTIALS.get(lower, "")
        )
        for lower, name in names.items()
    }
    return headers | {
        lower: RequestHeader("", Field(kind), kind)
        for lower, kind in _CREDENTIALS.items()
        if lower not in headers
    }


class _Beside:
    """What a request has beside its entries."""

    def __init__(self) -> None:
        self.live: dict[str, Secret] = {}
        """What is given back at replay."""
        self.unknown: list[UnknownName] = []
        """Names that the API does not know."""


def redacted_request(
    raw: Request,
    match: RouteMatch,
    values: Values,
    headers: Mapping[str, RequestHeader],
    *,
    keep_blank: bool,
) -> RedactedRequest:
    """Redact a request to the operation that it matches. Raises UnreadableBody."""
    beside = _Beside()
    operation = match.route.operation
    listed = query_pairs(raw.target), request_pairs(raw, values.catalog.names(operation))
    query, body = [
        _entries(pairs, operation, values, beside, keep_blank=keep_blank) if pairs else ()
        for pairs in listed
    ]
    lines = _headers(raw, headers, values, beside.live)
    path, unknown = _path(match, values), tuple(beside.unknown)
    return RedactedRequest(raw.method, path, query, lines, body, beside.live, unknown, match.route)


def redacted_path(text: str, values: Values) -> Redacted | None:
    """Redact the path of a list, as answers have it; None where it is none.

    It may name the object that the list belongs to: `/v1/subscription_items?subscription=sub_1`.
    """
    path, mark, _ = text.partition("?")
    match = values.operation_at("GET", path)
    if match is None:
        return None
    operation = match.route.operation
    query = _entries(query_pairs(text), operation, values, _Beside(), keep_blank=True)
    return joined((_path(match, values), Redacted(mark), joined(query, "&")))


def _path(match: RouteMatch, values: Values) -> Redacted:
    """Return the path of the operation with its ids redacted."""
    if not match.ids:
        return Redacted(match.route.literal)
    ids = [_id(*pair, values) for pair in zip(match.route.ids, match.ids, strict=True)]
    secrets = tuple(secret for redacted in ids for secret in redacted.secrets)
    return Redacted(match.route.path(redacted.text for redacted in ids), secrets)


def _id(field: Field, text: str, values: Values) -> Redacted:
    normal = values.catalog.normal_form(field, text)
    if normal is not None:
        return Redacted(normal)
    return values.redacted("text" if field.kind == KEEP else field.kind, text, "path")


def _entries(
    pairs: Pairs, operation: str, values: Values, beside: _Beside, *, keep_blank: bool
) -> tuple[Redacted, ...]:
    """Return `name=value` texts, sorted by what is shown of them: their order does not count."""
    sent = normalised(pairs, values.catalog, operation, keep_blank=keep_blank)
    dates: dict[Path, str] = {}
    entries = []
    fields = values.fields[operation]
    for path, value in sent:
        field = fields[path]
        if field.unknown:
            beside.unknown.append(field.unknown)
        entry = field.remembered.get(value)
        if entry is None and field.uniform:
            entry = Redacted(field.uniform, (Secret(field.kind, field.key + value, value),))
        elif entry is None:
            if field.slot and not dates:
                dates = _dates(sent, fields)
            if field.kind in CLASS_ONLY:
                beside.live[field.kind] = secret(field.kind, value)
            entry = _entry(field, value, dates.get(path[:-1], ""), values)
        entries.append(entry)
    entries.sort(key=itemgetter(0))
    return tuple(entries)


def _entry(field: RequestField, value: str, date: str, values: Values) -> Redacted:
    """Redact a field, which may be a part of a date of birth."""
    vocabulary = field.vocabulary
    normal = values.catalog.normal_form(vocabulary, value) if vocabulary and value else None
    if value == "" or normal is not None:
        entry = field.entry(Redacted(quote_plus(normal or "", errors="surrogateescape")))
    elif field.slot:
        return field.entry(values.redacted("dob", date, field.field, field.slot))
    elif field.kind == "time" and _CLOCK.fullmatch(value):
        return field.entry(sent_time(value, field.field))
    elif field.kind == "client_secret":
        return field.entry(values.client_secret(value, field.field))
    else:
        kind = "text" if field.kind == "time" else field.kind
        entry = field.entry(values.redacted(kind, value, field.field))
    public = not entry.secrets and field.kind not in CLASS_ONLY
    if public and len(field.remembered) < MOST_REMEMBERED:
        field.remembered[value] = entry
    return entry


def _dates(sent: Pairs, fields: Mapping[Path, RequestField]) -> dict[Path, str]:
    """Return each date of birth as one value, by its path: it is sent in three fields."""
    dates: dict[Path, dict[str, str]] = {}
    for path, value in sent:
        slot = fields[path].slot
        if slot:
            dates.setdefault(path[:-1], {})[slot] = _part_of_date(value)
    return {path: "-".join(date.get(slot, "") for slot in _SLOTS) for path, date in dates.items()}


def _part_of_date(value: str) -> str:
    """Return a part of a date without leading zeros, or whatever else came, without dashes."""
    if re.fullmatch(r"[0-9]{1,9}", value):
        return str(int(value))
    return value.encode("unicode_escape").decode().replace("-", r"\x2d")


def _headers(
    raw: Request, headers: Mapping[str, RequestHeader], values: Values, live: dict[str, Secret]
) -> tuple[tuple[str, Redacted], ...]:
    """Return the header lines that are stored; put credentials into `live`, over all others."""
    lines: list[tuple[str, Redacted]] = []
    credentials: dict[str, Secret] = {}
    for name, value in raw.headers:
        header = headers.get(name.lower())
        if header is None:
            continue
        line, kind = None, header.credential
        if kind:
            text = api_key(value) if kind == "key" else value
            credentials.setdefault(kind, secret(kind, text))
            line = _bearer(key_class(text)) if kind == "key" else None
        if header.name:
            line = line or header.remembered.get(value) or _header(header, value, values)
            lines.append((header.name, line))
    live.update(credentials)
    if not raw.body:  # some clients name a type of no body, others none: it says nothing
        lines = [line for line in lines if line[0] != "Content-Type"]
    lines.sort(key=itemgetter(0))
    return tuple(lines)


def _header(header: RequestHeader, value: str, values: Values) -> Redacted:
    definition = header.definition
    if FORM in definition.values:
        return _FORM
    if values.catalog.normal_form(definition, value) is None:
        return values.redacted(
            "text" if definition.kind == KEEP else definition.kind, value, header.name
        )
    line = Redacted(escape(value))
    if len(header.remembered) < MOST_REMEMBERED:
        header.remembered[value] = line
    return line


@lru_cache
def _bearer(key: str) -> Redacted:
    """Return one scheme for both: which one a client used is no part of its request."""
    return Redacted(f"Bearer {Placeholder('key', name=key)}")


def api_key(authorization: str) -> str:
    """Return the API key of an Authorization value: Bearer, or Basic's user name (RFC 7617)."""
    scheme, *credentials = authorization.split(None, 1)[:2] or [""]
    if scheme.lower() == "bearer":
        return "".join(credentials).strip()
    basic = next(basic_credentials(authorization), None)
    return authorization if basic is None else basic.partition(":")[0]


_BASIC = re.compile(r"\s*basic\b", re.IGNORECASE)
_NOT_BASE64 = re.compile(r"[^A-Za-z0-9+/=]+")
_STANDARD = str.maketrans("-_", "+/")


def basic_credentials(authorization: str) -> Iterator[str]:
    """Yield what servers may read as Basic's `user:password`; nothing for another scheme.

    Lenient ones take any white space, either alphabet of base64, no padding, and skip characters
    that are in neither. An equals sign inside may be such a character, or end a part.
    """
    scheme = _BASIC.match(authorization)
    if scheme is None:
        return
    encoded = _NOT_BASE64.sub("", authorization[scheme.end() :].translate(_STANDARD)).rstrip("=")
    yield _decoded(encoded.replace("=", ""))
    if "=" in encoded:
        yield "".join(map(_decoded, encoded.split("=")))


def _decoded(encoded: str) -> str:
    whole = encoded if len(encoded) % 4 != 1 else encoded[:-1]  # its last character is no octet
    plain = binascii.a2b_base64(whole + "=" * (-len(whole) % 4))
    return plain.decode("utf-8", "surrogateescape")
