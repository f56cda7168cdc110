"""What a recording is to those who read it: calls, each with what was sent and answered."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from ipaddress import ip_address
from urllib.parse import SplitResult, unquote_to_bytes, urlsplit

from tokentape.pure.http.messages import Headers, Request, Response
from tokentape.pure.notation.placeholders import whole
from tokentape.pure.recorders.fields import RawField
from tokentape.pure.stripe.routes import HOST, is_tokens

Exchange = tuple[Request, Response]

_BRACES = re.compile(r"\{\{[^{}]*\}\}")


@dataclass(frozen=True, slots=True, repr=False)
class RawCall:
    """A recorded call: where it went, and what was sent and answered, read when it is wanted."""

    number: int
    """Its position in the recording, from 1."""
    line: int
    """Its line in the file, 0 if that is not known."""
    host: str
    """In lower case, without a port."""
    target: str
    """In origin form."""
    exchange: Callable[[], Exchange | None] = field(compare=False)
    """Returns what was sent and answered, None for a call without an answer.

    Raises CassetteError.
    """

    @property
    def is_served(self) -> bool:
        """Whether tokentape serves such a call."""
        return is_tokens(self.target)

    def goes_to_stripe(self, hosts: Iterable[str] = ()) -> bool:
        """Tell whether this went to Stripe's API, to one of `hosts`, or to a mock on loopback."""
        known_host = self.host == HOST or self.host in hosts
        return known_host or (self.is_served and _is_loopback(self.host))


@dataclass(frozen=True, slots=True)
class RawRecording:
    """What another recorder wrote: its name, and the calls in recorded order."""

    recorder: str
    calls: tuple[RawCall, ...]


def raw_call(
    number: int, field: RawField, url: str, exchange: Callable[[str, Headers], Exchange | None]
) -> RawCall:
    """Return the call to a URL, which stands in a field.

    `exchange` is called with the target and with header lines that the URL says: some recorders
    write the user and password of Basic authentication there. Raises CassetteError.
    """
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").rstrip(".")
    except ValueError:
        raise field.error("is not a URL") from None
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    lines = _credentials(parts)
    return RawCall(number, field.node.line, host, target, lambda: exchange(target, lines))


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
