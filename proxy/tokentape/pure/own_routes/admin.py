"""The routes of the admin port: what a request asks for, and how it is answered.

    POST   /_tokentape/sessions      open a session
    GET    /_tokentape/sessions      list those that are open
    GET    /_tokentape/sessions/ID   look at one
    DELETE /_tokentape/sessions/ID   close one, and get its receipt

Every answer is made of names this program knows, names of cassettes, and redacted forms.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import orjson

from tokentape.pure.http.messages import Request, Response
from tokentape.pure.own_routes.health import PREFIX, barred, told
from tokentape.pure.replay.decide import Mode
from tokentape.pure.replay.receipt import Receipt
from tokentape.pure.stripe.refusals import refusal

SESSIONS = PREFIX + "sessions"

_ONE = re.compile(re.escape(SESSIONS) + r"/([0-9a-f]{1,32})")
_EXAMPLE = '{"cassette": "checkout/declined"}'


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Token:
    """The bearer token that opens the admin port."""

    text: str

    def admits(self, request: Request) -> bool:
        """Tell whether a request carries it (RFC 6750 section 2.1), in time that tells nothing."""
        scheme, _, sent = (request.header("authorization") or "").partition(" ")
        same = hmac.compare_digest(sent.encode("utf-8", "surrogateescape"), self.text.encode())
        return same and scheme.lower() == "bearer"


@dataclass(frozen=True, slots=True)
class Open:
    """Open a session; what is None is as the settings have it."""

    cassette: str
    mode: Mode | None = None
    strict: bool | None = None
    on_exhausted: str | None = None


@dataclass(frozen=True, slots=True)
class Close:
    """Close a session."""

    session: str


@dataclass(frozen=True, slots=True)
class Look:
    """Tell what a session did so far."""

    session: str


@dataclass(frozen=True, slots=True)
class List:
    """Tell which sessions are open."""


Wish = Open | Close | Look | List | Response
"""What to do; a Response is the answer already."""


def wish(request: Request, host: str, token: Token) -> Wish:
    """Return what a request to the admin port at `host` asks for, or its refusal."""
    refused = barred(request, host)
    if refused is not None:
        return refused
    if not token.admits(request):
        return UNAUTHORISED
    path = request.target.partition("?")[0]
    if path == SESSIONS:
        return _by_method(request, {"GET": List, "POST": lambda: _opening(request)})
    found = _ONE.fullmatch(path)
    if found is None:
        return NO_ROUTE
    one = found[1]
    return _by_method(request, {"GET": lambda: Look(one), "DELETE": lambda: Close(one)})


def _by_method(request: Request, wishes: Mapping[str, Callable[[], Wish]]) -> Wish:
    method = "GET" if request.method == "HEAD" else request.method
    if method in wishes:
        return wishes[method]()
    allow = ", ".join(wishes)
    message = f"This route takes {allow}."
    return refusal(405, "method_not_allowed", message, headers=(("Allow", allow),))


def _opening(request: Request) -> Open | Response:
    media = (request.header("content-type") or "").partition(";")[0].strip().lower()
    if media != "application/json":
        return NOT_JSON
    try:
        said = orjson.loads(request.body)
    except orjson.JSONDecodeError:
        return MALFORMED
    if not isinstance(said, dict):
        return MALFORMED
    given = {name: value for name, value in said.items() if value is not None}
    problems = tuple(_problems(given))
    if problems:
        return refusal(422, "unusable_session", " ".join(problems))
    mode = given.pop("mode", None)
    return Open(**given, mode=mode and Mode(mode))


_FIELDS: Mapping[str, tuple[Callable[[Any], bool], str]] = {
    "cassette": (lambda said: isinstance(said, str), "the name of a cassette, such as a/b"),
    "mode": (lambda said: said in tuple(Mode), "record, replay or auto"),
    "strict": (lambda said: isinstance(said, bool), "true or false"),
    "on_exhausted": (lambda said: said in ("repeat", "miss"), "repeat or miss"),
}


def _problems(given: Mapping[str, object]) -> Iterable[str]:
    if "cassette" not in given:
        yield f"cassette is missing: send such as {_EXAMPLE}."
    if given.keys() - _FIELDS.keys():
        yield f"There is a field that is not known; allowed: {', '.join(_FIELDS)}."
    for name, (fits, allowed) in _FIELDS.items():
        if name in given and not fits(given[name]):
            yield f"{name}: allowed: {allowed}."


def opened(one: Mapping[str, object], session: str) -> Response:
    """Answer that a session was opened."""
    return told(one, 201, (("Location", f"{SESSIONS}/{session}"),))


def account(receipt: Receipt, saved: str, trouble: str, said: Iterable[str]) -> dict[str, object]:
    """Return what a session did, for programs; `lines` is for people, as a terminal shows it.

    `saved` is the path of the cassette, if it was written, `trouble` why it could not be.
    """
    became = (saved and f"saved {saved}", trouble)
    return {
        "ok": not (trouble or receipt.exit_status),
        **asdict(receipt.counts),
        "unused": receipt.unused,
        "order_dependent": [(pair.first, pair.second) for pair in receipt.order_dependent],
        "saved": saved,
        "trouble": trouble,
        "lines": [*said, *filter(None, became), *receipt.lines()],
    }


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
NOT_JSON = refusal(415, "not_json", "Send JSON, and say so: Content-Type: application/json.")
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
    " into a cassette of its own.",
)
FULL = refusal(503, "too_many_sessions", "Too many sessions are open: close those that are done.")
