"""What a recording is to those who read it: calls, each with what was sent and answered."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from ipaddress import ip_address
from urllib.parse import SplitResult, unquote_to_bytes, urlsplit

from tokentape.pure.http.messages import Headers, Request, Response
from tokentape.pure.notation.placeholders import whole
from tokentape.pure.recorders.fields import RawField
from tokentape.pure.stripe.routes import HOST

Exchange = tuple[Request, Response]
IsServed = Callable[[str, str], object]
"""Is true of the method and path of what tokentape records and replays."""

_BRACES = re.compile(r"\{\{[^{}]*\}\}")


@dataclass(frozen=True, slots=True, repr=False)
class RawCall:
    """A recorded call: where it went, and what was sent and answered, read when it is wanted."""

    number: int
    """Its position in the recording, from 1."""
    line: int
    """Its line in the file, 0 if that is not known."""
    method: str
    """In upper case."""
    host: str
    """In lower case, without a port."""
    target: str
    """In origin form."""
    exchange: Callable[[], Exchange | None] = field(compare=False)
    """Returns what was sent and answered, None for a call without an answer.

    Raises CassetteError.
    """

    @property
    def path(self) -> str:
        """The target without its query."""
        return self.target.partition("?")[0]

    def goes_to_stripe(self, is_served: IsServed, hosts: Iterable[str] = ()) -> bool:
        """Tell whether this went to Stripe's API, to one of `hosts`, or to a mock on loopback."""
        if self.host == HOST or self.host in hosts:
            return True
        return _is_loopback(self.host) and bool(is_served(self.method, self.path))


@dataclass(frozen=True, slots=True)
class RawRecording:
    """What another recorder wrote: its name, and the calls in recorded order."""

    recorder: str
    calls: tuple[RawCall, ...]


def raw_call(
    number: int,
    method: RawField,
    field: RawField,
    url: str,
    exchange: Callable[[str, str, Headers], Exchange | None],
) -> RawCall:
    """Return the call to a URL, which stands in a field, with a method, or a symbol of Ruby.

    `exchange` is called with method, target and header lines that the URL says: some recorders
    write the user and password of Basic authentication there. Raises CassetteError.
    """
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").rstrip(".")
    except ValueError:
        raise field.error("is not a URL") from None
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    verb, lines = method.text().removeprefix(":").upper(), _credentials(parts)
    read = partial(exchange, verb, target, lines)
    return RawCall(number, field.node.line, verb, host, target, read)


def has_placeholder(exchange: Exchange) -> bool:
    """Tell whether a placeholder of tokentape stands in what was sent or answered."""
    request, response = exchange
    lines = "\n".join(value for _, value in (*request.headers, *response.headers))
    bodies = (request.body + response.body).decode("latin-1")
    matches = _BRACES.finditer(f"{request.target}\n{lines}\n{bodies}")
    return any(whole(match[0]) for match in matches)


def _credentials(parts: SplitResult) -> Headers:
    user, at, _ = parts.netloc.rpartition("@")
    if not at:
        return ()
    return (("Authorization", f"Basic {base64.b64encode(unquote_to_bytes(user)).decode()}"),)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
