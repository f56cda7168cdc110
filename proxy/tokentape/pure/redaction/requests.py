"""A request through redaction: its target, its headers by allowlist, its fields in one form."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from operator import itemgetter
from urllib.parse import quote_plus

from tokentape.errors import UnreadableBody
from tokentape.pure.http.forms import Pairs, Path, query_pairs, request_pairs
from tokentape.pure.http.messages import Request
from tokentape.pure.notation.placeholders import Placeholder, escape
from tokentape.pure.notation.redacted import Redacted, RedactedRequest
from tokentape.pure.redaction.values import Place, Values
from tokentape.pure.stripe.catalog import KEEP, Field
from tokentape.pure.stripe.kinds import CLASS_ONLY, Secret, key_class, secret
from tokentape.pure.stripe.normalise import normalised
from tokentape.pure.stripe.routes import METHODS, TOKENS, token_id

FORM = "application/x-www-form-urlencoded"
"""The form that every body is kept in, whatever it came in."""

_TOKENS = Redacted(TOKENS)
_FORM = Redacted(FORM)


Sent = tuple[Path, str, Place]
"""A field as it was sent, and where it belongs."""

Lines = Mapping[str, tuple[str, Field]]
"""The header lines that are kept, by their names in lower case: canonical name, what is known."""


def kept_lines(values: Values, match_headers: tuple[str, ...]) -> Lines:
    """Return the headers of requests that are kept: the catalog's own, and those to match by."""
    known = values.catalog.request_headers
    names = {name.lower(): name for name in (*match_headers, *known)}
    return {lower: (name, known.get(name, Field("text"))) for lower, name in names.items()}


def redacted_request(
    raw: Request, values: Values, lines: Lines, *, keep_blank: bool
) -> RedactedRequest:
    """Redact a request to /v1/tokens. Raises UnreadableBody."""
    if raw.method not in METHODS:
        raise UnreadableBody("the method is none of the API's")
    sent_query = _sent(query_pairs(raw.target), values, keep_blank=keep_blank)
    sent_body = _sent(request_pairs(raw, values.catalog.names), values, keep_blank=keep_blank)
    return RedactedRequest(
        method=raw.method,
        path=_path(raw.target, values),
        query=_entries(sent_query, values),
        headers=_headers(raw, values, lines),
        body=_entries(sent_body, values),
        live=_live(raw, (*sent_query, *sent_body)),
    )


def _sent(pairs: Pairs, values: Values, *, keep_blank: bool) -> list[Sent]:
    kept = normalised(pairs, values.catalog, keep_blank=keep_blank) if pairs else ()
    return [(path, value, values.place(path)) for path, value in kept]


def _path(target: str, values: Values) -> Redacted:
    token = token_id(target)
    if token is None:
        return _TOKENS
    made = values.redacted("object_id", token, "path")
    return Redacted(f"{TOKENS}/{made.text}", made.secrets)


def _entries(fields: Sequence[Sent], values: Values) -> tuple[Redacted, ...]:
    """Return `name=value` texts, sorted by what is shown of them: their order does not count."""
    if not fields:
        return ()
    dates = _dates(fields)
    entries = [
        place.kept.get(value) or _entry(path, value, place, dates, values)
        for path, value, place in fields
    ]
    entries.sort(key=itemgetter(0))
    return tuple(entries)


def _entry(
    path: Path, value: str, place: Place, dates: Mapping[Path, str], values: Values
) -> Redacted:
    kept = _kept(value, place.known, values)
    if kept is None and place.slot:
        return place.entry(values.redacted("dob", dates[path[:-1]], place.field, place.slot))
    if kept is None and place.kind == "time":
        return place.entry(_time(value, place, values))
    redacted = values.redacted(place.kind, value, place.field) if kept is None else kept
    entry = place.entry(redacted)
    if not entry.secrets and place.kind not in CLASS_ONLY:
        place.keep(value, entry)
    return entry


def _kept(value: str, known: Field | None, values: Values) -> Redacted | None:
    """Return a value that is kept as it is, or None."""
    if value == "":
        return Redacted("")
    kept = None if known is None else values.catalog.normal_form(known, value)
    return None if kept is None else Redacted(quote_plus(kept, errors="surrogateescape"))


def _time(value: str, place: Place, values: Values) -> Redacted:
    if re.fullmatch(r"[0-9]{1,13}", value):
        # The clock of the moment: at replay any other moment will do.
        return Redacted("{{time:sent}}")
    return values.redacted("text", value, place.field)


def _dates(fields: Iterable[Sent]) -> dict[Path, str]:
    """Put the parts of each date of birth together: it is one value, sent in three fields."""
    found: dict[Path, dict[str, str]] = {}
    for path, value, place in fields:
        if place.slot:
            found.setdefault(path[:-1], {})[place.slot] = _part_of_date(value)
    slots = ("year", "month", "day")
    return {path: "-".join(date.get(slot, "") for slot in slots) for path, date in found.items()}


def _part_of_date(value: str) -> str:
    """Return a part of a date without leading zeros, or whatever else came, without dashes."""
    if re.fullmatch(r"[0-9]{1,9}", value):
        return str(int(value))
    return value.encode("unicode_escape").decode().replace("-", r"\x2d")


def _live(raw: Request, fields: Iterable[Sent]) -> dict[str, Secret]:
    """Return what came in for kinds kept as a class alone; the Authorization header wins."""
    live = {
        place.kind: secret(place.kind, value)
        for _, value, place in fields
        if place.kind in CLASS_ONLY
    }
    authorization = raw.header("authorization")
    if authorization is not None:
        live["key"] = secret("key", api_key(authorization))
    retry_key = raw.header("idempotency-key")
    if retry_key is not None:
        live["idempotency_key"] = secret("idempotency_key", retry_key)
    return live


def _headers(raw: Request, values: Values, lines: Lines) -> tuple[tuple[str, Redacted], ...]:
    found = []
    for key, value in raw.headers:
        line = lines.get(lower := key.lower())
        # Some clients name a type of no body, others none: it says nothing.
        if line is not None and (raw.body or lower != "content-type"):
            found.append((line[0], _header(line, value, values)))
    found.sort(key=itemgetter(0))
    return tuple(found)


def _header(line: tuple[str, Field], value: str, values: Values) -> Redacted:
    name, known = line
    if known.kind == "key":
        # One scheme for both: which one a client used is no part of what it asked.
        return _bearer(key_class(api_key(value)))
    if FORM in known.values:
        return _FORM
    if values.catalog.normal_form(known, value) is not None:
        return Redacted(escape(value))
    return values.redacted("text" if known.kind == KEEP else known.kind, value, name)


@lru_cache
def _bearer(known_class: str) -> Redacted:
    return Redacted(f"Bearer {Placeholder('key', name=known_class)}")


def api_key(authorization: str) -> str:
    """Return the API key of an Authorization value: Bearer, or Basic's user name (RFC 7617)."""
    scheme, _, credentials = authorization.strip().partition(" ")
    if scheme.lower() == "bearer":
        return credentials.strip()
    basic = basic_credentials(authorization)
    return authorization if basic is None else basic.partition(":")[0]


def basic_credentials(authorization: str) -> str | None:
    """Return Basic's `user:password`, or None. Read as leniently as any server does."""
    scheme, _, credentials = authorization.strip().partition(" ")
    if scheme.lower() != "basic":
        return None
    encoded = credentials.strip().rstrip("=").replace("-", "+").replace("_", "/")
    try:
        plain = base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
    except ValueError:
        return None
    return plain.decode("utf-8", "surrogateescape")
