"""tokentape's own routes, all under /_tokentape/: health, and those of the admin port.

    GET    /_tokentape/              a page for people that shows what a session does
    GET    /_tokentape/health        what a session did so far; the admin port and the mock: ok
    POST   /_tokentape/sessions      open a session
    GET    /_tokentape/sessions      list the open sessions
    GET    /_tokentape/sessions/ID   show a session
    DELETE /_tokentape/sessions/ID   close a session and return its receipt

Pages of other origins are refused before, as on every route (`web_pages`). Responses hold only
names of this program, names of cassettes, and redacted values.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import orjson

from tokentape.pure.http.forms import media_type
from tokentape.pure.http.messages import Headers, Request, Response, json_response
from tokentape.pure.replay.decide import Mode
from tokentape.pure.replay.faults import Fault, read_fault
from tokentape.pure.replay.receipt import Receipt
from tokentape.pure.stripe.refusals import refusal

PREFIX = "/_tokentape/"
SESSIONS = PREFIX + "sessions"
_SESSION = re.compile(re.escape(SESSIONS) + r"/([0-9a-f]{1,32})")
_EXAMPLE = '{"cassette": "checkout/declined"}'


def is_own(target: str) -> bool:
    """Tell whether a target is one of tokentape's own."""
    return target.startswith(PREFIX)


def is_health(target: str) -> bool:
    """Tell whether a target is the health route."""
    return target.partition("?")[0] == PREFIX + "health"


Route = Callable[[str], Response]
"""Answers a GET, given the query of its target."""


def answer_health(request: Request, health: Mapping[str, object]) -> Response:
    """Answer a request to an own route where health is the only one."""
    return answer(request, {"health": lambda _: uncached(health)})


def answer(request: Request, routes: Mapping[str, Route]) -> Response:
    """Answer a request to an own route; `routes` are by the path after the prefix."""
    path, _, query = request.target.removeprefix(PREFIX).partition("?")
    if path not in routes:
        return UNKNOWN_ROUTE
    if request.method not in ("GET", "HEAD"):
        return refusal(405, "method_not_allowed", "This route takes GET.")
    return routes[path](query)


def uncached(content: Mapping[str, object], status: int = 200, headers: Headers = ()) -> Response:
    """Return a response in JSON that must not be cached."""
    return json_response(content, status, (("Cache-Control", "no-store"), *headers))


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Token:
    """The bearer token of the admin port."""

    text: str

    def admits(self, request: Request) -> bool:
        """Tell whether a request has the token (RFC 6750 section 2.1), in constant time."""
        scheme, _, sent = (request.header("authorization") or "").partition(" ")
        same = hmac.compare_digest(sent.encode("utf-8", "surrogateescape"), self.text.encode())
        return same and scheme.lower() == "bearer"


@dataclass(frozen=True, slots=True)
class Open:
    """Open a session; for fields that are None the settings apply."""

    cassette: str
    mode: Mode | None = None
    strict: bool | None = None
    on_exhausted: str | None = None
    faults: tuple[Fault, ...] | None = None


@dataclass(frozen=True, slots=True)
class Close:
    """Close a session."""

    session: str


@dataclass(frozen=True, slots=True)
class Show:
    """Show the counts of a session."""

    session: str


@dataclass(frozen=True, slots=True)
class List:
    """List the open sessions."""


Command = Open | Close | Show | List | Response
"""A command, or the response to a request that has none."""


def read_command(request: Request, token: Token) -> Command:
    """Return the command of a request to the admin port, or its refusal."""
    if not token.admits(request):
        return UNAUTHORISED
    path = request.target.partition("?")[0]
    if path == SESSIONS:
        return _by_method(request, {"GET": List, "POST": lambda: _read_open(request)})
    match = _SESSION.fullmatch(path)
    if match is None:
        return NO_ROUTE
    session = match[1]
    return _by_method(request, {"GET": lambda: Show(session), "DELETE": lambda: Close(session)})


def _by_method(request: Request, commands: Mapping[str, Callable[[], Command]]) -> Command:
    method = "GET" if request.method == "HEAD" else request.method
    if method in commands:
        return commands[method]()
    allow = ", ".join(commands)
    message = f"This route takes {allow}."
    return refusal(405, "method_not_allowed", message, headers=(("Allow", allow),))


def _read_open(request: Request) -> Open | Response:
    if media_type(request.header("content-type") or "") != "application/json":
        return NOT_JSON
    try:
        document = orjson.loads(request.body)
    except orjson.JSONDecodeError:
        document = None
    if not isinstance(document, dict):
        return MALFORMED
    fields = {name: value for name, value in document.items() if value is not None}
    problems = tuple(_problems(fields))
    if problems:
        return refusal(422, "unusable_session", " ".join(problems))
    mode, faults = fields.pop("mode", None), fields.pop("faults", None)
    try:
        read = None if faults is None else tuple(map(read_fault, faults))
    except ValueError as error:
        return refusal(422, "unusable_session", f"faults: {error}.")
    return Open(**fields, mode=mode and Mode(mode), faults=read)


_FIELDS: Mapping[str, tuple[Callable[[Any], bool], str]] = {
    "cassette": (lambda value: isinstance(value, str), "the name of a cassette, such as a/b"),
    "mode": (lambda value: value in tuple(Mode), "record, replay or auto"),
    "strict": (lambda value: isinstance(value, bool), "true or false"),
    "on_exhausted": (lambda value: value in ("repeat", "miss"), "repeat or miss"),
    "faults": (lambda value: isinstance(value, list), "a list of faults"),
}


def _problems(fields: Mapping[str, object]) -> Iterable[str]:
    if "cassette" not in fields:
        yield f"cassette is missing: send such as {_EXAMPLE}."
    if fields.keys() - _FIELDS.keys():
        yield f"There is an unknown field; allowed: {', '.join(_FIELDS)}."
    for name, (is_valid, allowed) in _FIELDS.items():
        if name in fields and not is_valid(fields[name]):
            yield f"{name}: allowed: {allowed}."


def session_opened(content: Mapping[str, object], session_id: str) -> Response:
    """Return the response for a new session."""
    return uncached(content, 201, (("Location", f"{SESSIONS}/{session_id}"),))


def session_summary(
    receipt: Receipt, saved: str, trouble: str, notes: Iterable[str]
) -> dict[str, object]:
    """Return what a session did, for programs; `lines` is the text of a terminal, for people.

    `saved` is the path of the written cassette, `trouble` the reason why it could not be written.
    """
    return {
        "ok": not (trouble or receipt.exit_status),
        **asdict(receipt.counts),
        "upstream": receipt.upstream,
        "unused": receipt.unused,
        "order_dependent": [(pair.first, pair.second) for pair in receipt.order_dependent],
        "saved": saved,
        "trouble": trouble,
        "lines": [*filter(None, (*notes, trouble)), *receipt.lines()],
    }


UNKNOWN_ROUTE = refusal(
    404,
    "unknown_route",
    f"The own routes of tokentape are {PREFIX}, a page for browsers, and {PREFIX}health.",
)
UNAUTHORISED = refusal(
    401,
    "unauthorized",
    "Send the admin port's token, that of TOKENTAPE_ADMIN_TOKEN: Authorization: Bearer TOKEN.",
    headers=(("WWW-Authenticate", 'Bearer realm="tokentape"'),),
)
NO_ROUTE = refusal(
    404,
    "unknown_route",
    f"The routes of the admin port are {SESSIONS} and {SESSIONS}/ID; clients of Stripe talk to the"
    " URL of their session.",
)
NO_SESSION = refusal(
    404, "unknown_session", f"No such session, or it ended long ago. GET {SESSIONS} lists them."
)
NOT_JSON = refusal(415, "not_json", "Send JSON, with Content-Type: application/json.")
MALFORMED = refusal(400, "malformed_json", f"The body is no JSON object: send such as {_EXAMPLE}.")
BAD_NAME = refusal(
    422,
    "unusable_session",
    "cassette: a name has segments joined by `/`, each of 1 to 100 letters, digits, `.`, `_` and"
    " `-`, and begins with a letter, a digit or `_`; it does not end in `.yaml`.",
)
BUSY = refusal(
    409,
    "cassette_busy",
    "The cassette is being recorded by another session: close that one first, or record each test"
    " into its own cassette.",
)
FULL = refusal(
    503, "too_many_sessions", "Too many sessions are open: close those that are no longer used."
)
